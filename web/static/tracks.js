// The table of tracks: one page of the library, kept up to date by the feed.

import { ask } from "./access.js";
import { counted, decimal, fileName, length, whole } from "./format.js";

const PAGE_SIZE = 50;
const TYPING_MS = 200;
const REFRESH_MS = 1_000;

const WORDS = {
  growing: ["growing", "is-warn"],
  empty: ["empty", "is-warn"],
  pending: ["waiting", ""],
  analyzed: ["", ""],
  failed: ["failed", "is-bad"],
  quarantined: ["set aside", "is-bad"],
};
const ICON =
  '<svg viewBox="0 0 24 24" aria-hidden="true"><path class="when-paused" d="M8 5.5v13l10.5-6.5z"/>' +
  '<path class="when-playing" d="M7 5.5h3.5v13H7zM13.5 5.5H17v13h-3.5z"/></svg>';
const DOTS = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 10.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6m7 0a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6m7 0a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6"/></svg>';

const $ = (id) => document.getElementById(id);

export class Tracks {
  constructor({ onPlay, onOpen }) {
    this.onPlay = onPlay;
    this.onOpen = onOpen;
    this.page = 1;
    this.sort = "addedAt";
    this.order = "desc";
    this.text = "";
    this.rows = new Map();
    this.progress = new Map();
    this.playing = null;
    this.asked = 0;
    this.wire();
  }

  wire() {
    let typing;
    $("tools").addEventListener("submit", (event) => event.preventDefault());
    $("filter").addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.find($("filter").value.trim()), TYPING_MS);
    });
    $("order").addEventListener("change", () => {
      const [sort, order] = $("order").value.split(" ");
      this.show({ sort, order, page: 1 });
    });
    for (const head of document.querySelectorAll("th[data-sort]")) {
      head.querySelector("button").addEventListener("click", () => {
        const { sort, first = "asc" } = head.dataset;
        const other = first === "asc" ? "desc" : "asc";
        this.show({ sort, order: this.sort === sort && this.order === first ? other : first, page: 1 });
      });
    }
    $("previous").addEventListener("click", () => this.show({ page: this.page - 1 }));
    $("next").addEventListener("click", () => this.show({ page: this.page + 1 }));
  }

  /** What is searched for comes best first, until it is cleared or another order is chosen. */
  find(text) {
    const change = { text, page: 1 };
    if (text && !this.text) {
      this.before = { sort: this.sort, order: this.order };
      Object.assign(change, { sort: "relevance", order: "desc" });
    } else if (!text && this.sort === "relevance") {
      Object.assign(change, this.before);
    }
    $("best").hidden = !text;
    return this.show(change);
  }

  show(change) {
    Object.assign(this, change);
    for (const head of document.querySelectorAll("th[data-sort]")) {
      if (head.dataset.sort === this.sort) {
        head.setAttribute("aria-sort", this.order === "asc" ? "ascending" : "descending");
      } else {
        head.removeAttribute("aria-sort");
      }
    }
    const wanted = `${this.sort} ${this.order}`;
    const known = [...$("order").options].some((option) => option.value === wanted);
    $("order").value = known ? wanted : "";
    return this.refresh();
  }

  /** Soon, and not more than once a second however many tracks arrive. */
  refreshSoon() {
    this.soon ??= setTimeout(() => this.refresh({ marksNew: true }), REFRESH_MS);
  }

  async refresh({ marksNew = false } = {}) {
    clearTimeout(this.soon);
    this.soon = undefined;
    const asked = ++this.asked;
    const query = new URLSearchParams({ page: this.page, pageSize: PAGE_SIZE, sort: this.sort, order: this.order });
    if (this.text) query.set("q", this.text);
    let answer;
    try {
      const response = await ask(`/api/v1/tracks?${query}`);
      if (!response.ok) throw new Error(response.statusText);
      answer = await response.json();
    } catch {
      if (asked === this.asked) this.soon ??= setTimeout(() => this.refresh({ marksNew }), 3 * REFRESH_MS);
      return;
    }
    if (asked !== this.asked) return;
    const pages = Math.max(1, answer.meta.totalPages ?? 1);
    if (this.page > pages) {
      this.show({ page: pages });
      return;
    }
    this.draw(answer, marksNew);
  }

  draw({ data, meta }, marksNew) {
    const before = this.rows;
    this.rows = new Map();
    for (const track of data) {
      const row = before.get(track.id)?.row ?? this.makeRow(track.id);
      row.classList.toggle("is-new", marksNew && !before.has(track.id));
      this.rows.set(track.id, { row, track });
      this.fill(row, track);
    }
    const wanted = [...this.rows.values()].map(({ row }) => row);
    const body = $("rows");
    if (wanted.length !== body.children.length || wanted.some((row, at) => body.children[at] !== row)) {
      const focused = document.activeElement;
      body.replaceChildren(...wanted);
      if (focused && body.contains(focused)) focused.focus();
    }
    $("tracks").hidden = data.length === 0;
    $("nothing").hidden = data.length > 0;
    $("nothing").textContent = this.text
      ? `Nothing in the library holds “${this.text}”.`
      : "No recordings yet. They appear here as soon as they are found.";
    const total = meta.total ?? data.length;
    $("count").textContent = this.text ? `${counted(total, "track")} found` : counted(total, "track");
    const first = (this.page - 1) * PAGE_SIZE;
    $("where").textContent = `${whole(first + 1)}–${whole(first + data.length)} of ${whole(total)}`;
    $("pages").hidden = total <= PAGE_SIZE;
    $("previous").disabled = !meta.hasPreviousPage;
    $("next").disabled = !meta.hasNextPage;
  }

  /** An event that tells of one track as it is now. */
  update(track) {
    const shown = this.rows.get(track.id);
    if (!shown) return false;
    if (track.version >= shown.track.version) {
      shown.track = track;
      this.fill(shown.row, track);
    }
    return true;
  }

  /** To its details, or to the search when it is not on this page. */
  focus(id) {
    (this.rows.get(id)?.row.cells[9].firstChild ?? $("filter")).focus();
  }

  setProgress(id, done) {
    if (done === null) this.progress.delete(id);
    else this.progress.set(id, done);
    const shown = this.rows.get(id);
    if (shown) this.fillState(shown.row, shown.track);
  }

  setPlaying(id, isPlaying) {
    this.playing = id;
    this.isPlaying = isPlaying;
    for (const { row, track } of this.rows.values()) this.fillPlay(row, track);
  }

  /** The track before or after the playing one on this page. */
  neighbor(step) {
    const ids = [...this.rows.keys()];
    const at = ids.indexOf(this.playing);
    return at < 0 ? null : (this.rows.get(ids[at + step])?.track ?? null);
  }

  makeRow(id) {
    const row = document.createElement("tr");
    for (const name of ["play", "title", "artist", "album", "length number", "bpm number", "key", "loudness number", "state", "more"]) {
      row.insertCell().className = name;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "round";
    button.innerHTML = ICON;
    button.addEventListener("click", () => this.onPlay(this.rows.get(id).track));
    row.cells[0].append(button);
    const more = document.createElement("button");
    more.type = "button";
    more.className = "round";
    more.innerHTML = DOTS;
    more.addEventListener("click", () => this.onOpen(id));
    row.cells[9].append(more);
    return row;
  }

  fill(row, track) {
    const { features } = track;
    const set = (at, text, hint = text) => {
      const cell = row.cells[at];
      if (cell.textContent !== text) cell.textContent = text;
      cell.title = hint;
    };
    set(1, track.title, track.path ?? track.title);
    set(2, track.artist ?? "");
    set(3, track.album ?? "");
    set(4, length(track.duration), "");
    set(5, features?.tempo ? String(Math.round(features.tempo.bpm)) : "", features?.tempo ? `${decimal(features.tempo.bpm)} beats per minute` : "");
    row.cells[6].replaceChildren();
    if (features?.key) {
      const camelot = document.createElement("span");
      camelot.className = "camelot";
      camelot.textContent = features.key.camelot;
      const name = features.key.name.replace(" major", "").replace(" minor", "m");
      row.cells[6].append(name, camelot);
      row.cells[6].title = features.key.name;
    }
    set(7, decimal(features?.loudness.integratedLufs), "");
    row.classList.toggle("is-away", track.presence !== "present");
    row.cells[9].firstChild.setAttribute("aria-label", `Details of ${track.title}`);
    this.fillPlay(row, track);
    this.fillState(row, track);
  }

  fillPlay(row, track) {
    const button = row.cells[0].firstChild;
    const isThis = track.id === this.playing;
    button.classList.toggle("is-playing", isThis && this.isPlaying);
    button.setAttribute("aria-label", `${isThis && this.isPlaying ? "Pause" : "Play"} ${track.title}`);
    button.disabled = track.presence === "missing" || !track.sound;
    row.setAttribute("aria-current", String(isThis));
  }

  fillState(row, track) {
    const cell = row.cells[8];
    const done = this.progress.get(track.id);
    if (done !== undefined && track.stage !== "analyzed") {
      let bar = cell.querySelector("progress");
      if (!bar) {
        bar = document.createElement("progress");
        bar.setAttribute("aria-label", `Analyzing ${track.title}`);
        cell.replaceChildren(bar);
      }
      bar.value = done;
      return;
    }
    let [word, look] = WORDS[track.stage] ?? [track.stage, ""];
    if (track.presence !== "present") [word, look] = [track.presence, "is-warn"];
    const span = document.createElement("span");
    span.className = `word ${look}`;
    span.textContent = word;
    span.title = track.failure?.message ?? "";
    cell.replaceChildren(span);
  }
}

/** How a track is called in a sentence. */
export function nameOf(track) {
  return track.title || fileName(track.path);
}
