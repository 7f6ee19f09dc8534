// What comes next: the queue that all devices of a user share, kept up to date by the feed. It sounds where it was started.

import { ask } from "./access.js";
import { counted } from "./format.js";
import { nameOf } from "./tracks.js";

const KEPT_NAMES = 2_000;
const MOST_AT_ONCE = 200;
const DEVICE = "rookery-device";
const ENDING_S = 5;
const REASONS = {
  missing: "file missing",
  unverified: "folder away",
  growing: "still being written",
  empty: "empty file",
  unreadable: "cannot be read",
  removed: "removed",
};

const $ = (id) => document.getElementById(id);

export class Queue {
  constructor({ onPlay, onPause, onProblem }) {
    this.onPlay = onPlay;
    this.onPause = onPause;
    this.onProblem = onProblem;
    this.queue = { version: -1, items: [] };
    this.tracks = new Map();
    /** The item that sounds here, or null. */
    this.current = null;
    this.isPlaying = false;
    this.checks = 0;
    $("queue-clear").addEventListener("click", () => this.edit("clear", {}));
    this.load();
  }

  async load() {
    const { checks } = this;
    const response = await ask("/api/v1/queue").catch(() => null);
    const queue = response?.ok ? await response.json() : null;
    // What was told meanwhile may be newer than the answer.
    if (checks !== this.checks) await this.load();
    else if (queue) await this.take(queue);
  }

  /** The queue as an answer or event tells it; an older picture changes nothing. */
  async take(queue) {
    if (queue.version < this.queue.version) return;
    this.queue = queue;
    await this.name();
    if (this.queue === queue) this.draw();
  }

  /** Which items of the same queue can be played now, or cannot. */
  async check({ version, items }) {
    this.checks += 1;
    if (version !== this.queue.version) return;
    const found = new Map(items.map((item) => [item.itemId, item]));
    await this.take({
      version,
      items: this.queue.items.map((item) => {
        const { isPlayable, reason } = found.get(item.id) ?? item;
        return { ...item, isPlayable, reason };
      }),
    });
  }

  async name() {
    if (this.tracks.size > KEPT_NAMES) this.tracks.clear();
    const wanted = [...new Set(this.queue.items.map(({ trackId }) => trackId))].filter((id) => !this.tracks.has(id));
    for (let at = 0; at < wanted.length; at += MOST_AT_ONCE) {
      const body = { trackIds: wanted.slice(at, at + MOST_AT_ONCE), includeMetadata: true };
      const response = await ask("/api/v1/tracks/batch-get", order(body)).catch(() => null);
      if (!response?.ok) return;
      for (const track of (await response.json()).successful) this.tracks.set(track.id, track);
    }
  }

  add(track) {
    this.tracks.set(track.id, track);
    return this.edit("add", { trackId: track.id });
  }

  /** An edit of the queue; one that another device was faster with shows how it is now. */
  async edit(what, body) {
    const response = await ask(`/api/v1/queue/${what}`, order(body)).catch(() => null);
    if (response?.ok) {
      await this.take(await response.json());
      return true;
    }
    if (response?.status === 409 || response?.status === 404) await this.load();
    const { message } = (await response?.json().catch(() => null)) ?? {};
    this.onProblem(message ?? "The server does not answer.");
    return false;
  }

  async play(item) {
    const player = await this.tell("PLAY", { itemId: item.id, device: device() });
    if (player?.item) this.sound(player.item);
  }

  /** What was done at this page's own controls; the other devices show it too. */
  heed(isPlaying) {
    if (this.current === null || isPlaying === this.isPlaying) return;
    this.isPlaying = isPlaying;
    if (isPlaying) this.tell("PLAY", { itemId: this.current, device: device() });
    else this.tell("PAUSE", {});
  }

  /** What another device told the player. Near its end a recording is left to end by itself. */
  follow(player, leftS) {
    if (this.current === null) return;
    if (player.item && player.device?.id !== device().id) {
      this.leave();
      this.onPause();
    } else if (player.item && player.item.id !== this.current && leftS > ENDING_S) {
      this.sound(player.item);
    } else if (player.state === "paused" && this.isPlaying && player.item?.id === this.current) {
      this.isPlaying = false;
      this.onPause();
    }
  }

  /** Something else sounds here from now on. */
  leave() {
    this.current = null;
    this.draw();
  }

  /** The recording of the queue that sounded here is over; whether another one of it goes on. */
  async next() {
    if (this.current === null) return false;
    const response = await ask("/api/v1/player").catch(() => null);
    let player = response?.ok ? await response.json() : null;
    // The player goes on by its own clock; where that is behind, it is told.
    if (player?.item?.id === this.current) player = await this.tell("NEXT_TRACK", {});
    if (!player?.item || player.state === "stopped") {
      this.leave();
      return false;
    }
    this.sound(player.item);
    return true;
  }

  async tell(type, payload) {
    const response = await ask("/api/v1/player", order({ type, payload })).catch(() => null);
    if (response?.ok) return response.json();
    if (type === "PLAY") this.onProblem("This cannot be played now.");
    return null;
  }

  sound(item) {
    const track = this.tracks.get(item.trackId);
    if (!track) return;
    this.current = item.id;
    this.isPlaying = true;
    this.draw();
    this.onPlay(track);
  }

  draw() {
    const { items } = this.queue;
    const focused = document.activeElement?.closest?.("#queue button")?.dataset.key;
    $("queue").replaceChildren(...items.map((item, at) => this.line(item, at)));
    if (focused) document.querySelector(`#queue button[data-key="${CSS.escape(focused)}"]`)?.focus();
    $("queue-summary").textContent = items.length ? counted(items.length, "track") : "empty";
    $("queue-nothing").hidden = items.length > 0;
    $("queue-clear").hidden = items.length === 0;
  }

  line(item, at) {
    const { version, items } = this.queue;
    const track = this.tracks.get(item.trackId);
    const name = track ? nameOf(track) : "A track that is gone";
    const reason = item.isPlayable ? "" : (REASONS[item.reason] ?? "cannot be played");
    const line = document.createElement("li");
    line.classList.toggle("is-away", !item.isPlayable);
    line.setAttribute("aria-current", String(item.id === this.current));
    const title = button(`play ${item.id}`, name, reason ? `${name}, ${reason}` : `Play ${name}`, () => this.play(item));
    title.className = "title";
    title.disabled = !item.isPlayable || !track?.sound;
    const why = document.createElement("span");
    why.className = "why";
    why.textContent = reason;
    const move = (to) => () => this.edit("reorder", { itemId: item.id, position: to, version });
    const up = button(`up ${item.id}`, "↑", `Move ${name} up`, move(at - 1));
    const down = button(`down ${item.id}`, "↓", `Move ${name} down`, move(at + 1));
    up.disabled = at === 0;
    down.disabled = at === items.length - 1;
    const away = button(`away ${item.id}`, "×", `Take ${name} out of the queue`, () => this.edit("remove", { itemId: item.id }));
    line.append(title, why, up, down, away);
    return line;
  }
}

function button(key, text, label, onClick) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.dataset.key = key;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", onClick);
  return made;
}

function order(body) {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

/** What this page calls itself, the same each time that it is opened in this browser. */
function device() {
  let id = localStorage.getItem(DEVICE);
  if (!id) {
    id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(DEVICE, id);
  }
  return { id, name: "Browser" };
}
