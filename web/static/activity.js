// What is being done right now: scans of roots, and analyses. Shown only while there is something to show.

import { fileName, whole } from "./format.js";

const SHOWN = 3;
const STALE_MS = 60_000;

export class Activity {
  constructor(place) {
    this.place = place;
    this.scans = new Map();
    this.works = new Map();
    this.names = new Map();
    setInterval(() => this.forgetStale(), STALE_MS / 4);
  }

  scan({ root, path, state, found, done }) {
    if (state === "scanning") this.scans.set(root, { name: fileName(path) || path || "a folder", found, done });
    else this.scans.delete(root);
    this.draw();
  }

  work(subject, stage, done) {
    if (done >= 1) this.works.delete(subject);
    else this.works.set(subject, { stage, done, at: Date.now() });
    this.draw();
  }

  finish(subject) {
    if (this.works.delete(subject)) this.draw();
  }

  clear() {
    this.scans.clear();
    this.works.clear();
    this.draw();
  }

  forgetStale() {
    const before = Date.now() - STALE_MS;
    for (const [subject, work] of this.works) if (work.at < before) this.works.delete(subject);
    this.draw();
  }

  draw() {
    const lines = [];
    for (const { name, found, done } of this.scans.values()) {
      lines.push(line(`Looking through ${name}`, `${whole(done)} of ${whole(found)}`, found ? done / found : null));
    }
    const works = [...this.works];
    for (const [subject, { stage, done }] of works.slice(0, SHOWN)) {
      const name = this.names.get(subject) ?? fileName(subject.replace(/^track:/, ""));
      lines.push(line(`${stage.charAt(0).toUpperCase()}${stage.slice(1)} ${name}`, `${Math.round(done * 100)} %`, done));
    }
    if (works.length > SHOWN) lines.push(line(`and ${whole(works.length - SHOWN)} more`, "", null));
    this.place.replaceChildren(...lines);
    this.place.hidden = lines.length === 0;
  }
}

function line(text, amount, done) {
  const work = document.createElement("div");
  work.className = "work";
  const [what, how] = [document.createElement("span"), document.createElement("span")];
  what.textContent = text;
  how.textContent = amount;
  work.append(what, how);
  if (done !== null) {
    const bar = document.createElement("progress");
    bar.value = done;
    bar.setAttribute("aria-label", text);
    work.append(bar);
  }
  return work;
}
