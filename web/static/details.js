// One track close at hand: your rating, what can be corrected, and its removal, which can be undone.

import { ask } from "./access.js";
import { nameOf } from "./tracks.js";

const UNDO_MS = 20_000;
const BETWEEN = "; ";
const FIELDS = { title: "title", artists: "artists", album: "album", genres: "genres", year: "year" };
const LISTS = new Set(["artists", "genres"]);

const $ = (id) => document.getElementById(id);
const place = (id) => `/api/v1/tracks/${encodeURIComponent(id)}`;

export class Details {
  constructor({ onChange, onGone, onBack, onQueue }) {
    this.onChange = onChange;
    this.onQueue = onQueue;
    this.onGone = onGone;
    this.onBack = onBack;
    $("details-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    $("details-close").addEventListener("click", () => $("details").close());
    $("details-queue").addEventListener("click", () => this.enqueue());
    $("details-remove").addEventListener("click", () => this.remove());
    $("stars").addEventListener("change", (event) => this.rate(Number(event.target.value)));
    $("unrate").addEventListener("click", () => this.rate(null));
    $("undo").addEventListener("click", () => this.restore());
  }

  /** Listeners rate; who edits is decided by the server, and the page does not offer what it would refuse. */
  setRole(role) {
    const mayEdit = role !== "listener";
    $("edits").disabled = !mayEdit;
    for (const id of ["details-remove", "details-save"]) $(id).hidden = !mayEdit;
  }

  async open(id) {
    const response = await ask(place(id)).catch(() => null);
    if (!response?.ok) {
      this.say(await reason(response));
      return;
    }
    this.take(await response.json(), response.headers.get("ETag"));
    this.complain("");
    $("details").showModal();
  }

  take(track, tag) {
    this.track = track;
    this.tag = tag;
    $("details-title").textContent = nameOf(track);
    $("details-path").textContent = track.path ?? "";
    $("edit-title").placeholder = track.tags.title ? "" : nameOf(track);
    for (const [field, id] of Object.entries(FIELDS)) {
      const value = track.tags[field];
      $(`edit-${id}`).value = LISTS.has(field) ? value.join(BETWEEN) : (value ?? "");
    }
    this.showRating(track.mine?.rating ?? null);
  }

  showRating(rating) {
    for (const star of document.querySelectorAll("#stars input")) star.checked = Number(star.value) === rating;
    $("unrate").hidden = rating === null;
  }

  async rate(rating) {
    const { track } = this;
    const options = rating === null ? { method: "DELETE" } : json("PUT", { rating });
    const response = await ask(`${place(track.id)}/rating`, options).catch(() => null);
    if (!response?.ok) {
      this.complain(await reason(response));
      this.showRating(track.mine?.rating ?? null);
      return;
    }
    track.mine = await response.json();
    this.showRating(track.mine.rating);
    // The one that was pressed is gone from sight by now.
    if (rating === null) document.querySelector("#stars input").focus();
  }

  /** Only what was changed is sent, and only over the version that was seen. */
  async save() {
    const edits = {};
    for (const [field, id] of Object.entries(FIELDS)) {
      const text = $(`edit-${id}`).value.trim();
      const before = this.track.tags[field];
      if (text === (LISTS.has(field) ? before.join(BETWEEN) : String(before ?? ""))) continue;
      if (LISTS.has(field)) edits[field] = text.split(";").map((name) => name.trim()).filter(Boolean);
      else if (field === "year") edits.year = text ? Number(text) : null;
      else edits[field] = text;
    }
    if (!Object.keys(edits).length) {
      $("details").close();
      return;
    }
    const response = await ask(place(this.track.id), json("PATCH", edits, this.tag)).catch(() => null);
    if (response?.status === 412) {
      const now = await ask(place(this.track.id)).catch(() => null);
      if (now?.ok) this.take(await now.json(), now.headers.get("ETag"));
      this.complain("Somebody changed it meanwhile. This is how it is now.");
      return;
    }
    if (!response?.ok) {
      this.complain(await reason(response));
      return;
    }
    this.onChange(await response.json());
    $("details").close();
  }

  async enqueue() {
    const { track } = this;
    $("details").close();
    if (await this.onQueue(track)) this.say(`“${nameOf(track)}” comes at the end of the queue.`);
  }

  async remove() {
    const { track } = this;
    const response = await ask(place(track.id), { method: "DELETE", headers: { "If-Match": "*" } }).catch(() => null);
    if (!response?.ok) {
      this.complain(await reason(response));
      return;
    }
    $("details").close();
    this.removed = track;
    this.onGone();
    this.say(`“${nameOf(track)}” was removed. Its file stays where it is.`, { undoes: true });
  }

  async restore() {
    const track = this.removed;
    const response = await ask(`/api/v1/trash/${encodeURIComponent(track.id)}/restore`, { method: "POST" }).catch(() => null);
    this.say(response?.ok ? `“${nameOf(track)}” is back.` : await reason(response));
    this.onBack(track.id);
  }

  complain(text) {
    $("details-problem").textContent = text;
    $("details-problem").hidden = !text;
  }

  /** A line at the bottom that goes by itself, but not from under the hand of who uses it. */
  say(text, { undoes = false } = {}) {
    clearTimeout(this.fading);
    $("said-text").textContent = text;
    $("undo").hidden = !undoes;
    $("said").hidden = false;
    if (undoes) $("undo").focus();
    const fade = () => {
      if (undoes && $("said").matches(":hover, :has(:focus-visible)")) this.fading = setTimeout(fade, UNDO_MS);
      else $("said").hidden = true;
    };
    this.fading = setTimeout(fade, undoes ? UNDO_MS : UNDO_MS / 4);
  }
}

function json(method, body, tag = null) {
  const headers = { "Content-Type": "application/json", ...(tag && { "If-Match": tag }) };
  return { method, headers, body: JSON.stringify(body) };
}

async function reason(response) {
  if (!response) return "The server does not answer.";
  const { message, errors } = await response.json().catch(() => ({}));
  return errors?.map((error) => error.message).join(" ") || message || `The server answers ${response.status}.`;
}
