// Folders that want somebody's attention: unavailable ones, polled ones, and those held until a person confirms a loss.

import { ask } from "./access.js";

const WORDS = { held: "is held", unavailable: "is unavailable" };

export class Roots {
  constructor(place) {
    this.place = place;
    this.roots = new Map();
  }

  async load() {
    try {
      const answer = await ask("/api/v1/library/roots?pageSize=500");
      if (!answer.ok) return;
      this.roots.clear();
      for (const { id, path, state, reason } of (await answer.json()).data) this.roots.set(id, { path, state, reason });
      this.draw();
    } catch {
      // The feed says when the service is back, and then this is asked again.
    }
  }

  take({ root, path, state, reason }) {
    this.roots.set(root, { path, state, reason });
    this.draw();
  }

  draw() {
    const notices = [];
    for (const [id, { path, state, reason }] of this.roots) {
      if (state in WORDS || (reason && state === "watched")) notices.push(this.notice(id, path, state, reason));
    }
    this.place.replaceChildren(...notices);
    this.place.hidden = notices.length === 0;
  }

  notice(id, path, state, reason) {
    const notice = document.createElement("div");
    notice.className = "notice";
    const text = document.createElement("p");
    const name = document.createElement("strong");
    name.textContent = path;
    text.append(name, ` ${WORDS[state] ?? "is watched"}${reason ? `: ${reason}.` : "."}`);
    notice.append(text);
    if (state === "held") notice.append(this.confirmation(id));
    return notice;
  }

  confirmation(id) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "They are gone, mark them missing";
    button.addEventListener("click", async () => {
      button.disabled = true;
      const answer = await ask(`/api/v1/library/roots/${encodeURIComponent(id)}/confirm`, { method: "POST" }).catch(() => null);
      button.disabled = Boolean(answer?.ok);
      if (answer?.ok) button.textContent = "Looking again…";
    });
    return button;
  }
}
