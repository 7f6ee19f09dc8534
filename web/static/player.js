// Plays one track at a time and draws its waveform, which is also the slider.

import { ask } from "./access.js";
import { length } from "./format.js";
import { converted, isPlayable, original } from "./source.js";

const STEP_S = 5;
const DRAG_MS = 200;
const PROGRESS_S = 1;
const LEAST_S = 0.5;
const BAR = 3;

const $ = (id) => document.getElementById(id);

export class Player {
  constructor({ onChange, onEnd }) {
    this.onChange = onChange;
    this.onEnd = onEnd;
    this.track = null;
    this.peaks = null;
    this.audio = $("audio");
    this.isConverted = false;
    this.offset = 0;
    this.shown = 0;
    this.wire();
  }

  wire() {
    const { audio } = this;
    $("toggle").addEventListener("click", () => this.toggle());
    for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, () => this.changed());
    for (const name of ["timeupdate", "durationchange", "seeking"]) audio.addEventListener(name, () => this.moved());
    audio.addEventListener("ended", () => this.onEnd());
    audio.addEventListener("error", () => this.failed());
    const wave = $("wave");
    const seek = (event) => {
      const box = wave.getBoundingClientRect();
      this.seek(((event.clientX - box.left) / box.width) * this.length);
    };
    wave.addEventListener("pointerdown", (event) => {
      wave.setPointerCapture(event.pointerId);
      seek(event);
    });
    wave.addEventListener("pointermove", (event) => event.buttons && seek(event));
    wave.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(wave);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** Seconds into the track; a conversion counts from its own start. */
  get at() {
    return this.offset + this.audio.currentTime;
  }

  get length() {
    if (this.isConverted) return this.track?.duration ?? 0;
    return Number.isFinite(this.audio.duration) ? this.audio.duration : (this.track?.duration ?? 0);
  }

  get isPlaying() {
    return !this.audio.paused && !this.audio.ended;
  }

  play(track) {
    if (this.track?.id === track.id) {
      this.toggle();
      return;
    }
    this.begin(track);
  }

  /** Play a track from its beginning, also one that was playing. */
  begin(track) {
    this.track = track;
    this.peaks = null;
    $("player").hidden = false;
    $("now-title").textContent = track.title;
    $("now-artist").textContent = track.artist ?? "";
    $("now-artist").classList.remove("is-bad");
    this.load(!isPlayable(this.audio, track.sound), 0);
    this.changed();
    this.moved();
    this.loadPeaks(track);
  }

  load(isConverted, start, plays = true) {
    clearTimeout(this.dragging);
    this.dragging = undefined;
    this.isConverted = isConverted;
    this.isBroken = false;
    this.offset = isConverted ? start : 0;
    this.audio.src = isConverted ? converted(this.audio, this.track.id, start) : original(this.track.id);
    if (plays) this.audio.play().catch(() => this.changed());
  }

  toggle() {
    if (!this.track) return;
    if (this.isPlaying) this.audio.pause();
    else if (this.isBroken) this.load(true, this.at);
    else this.audio.play().catch(() => this.changed());
  }

  seek(seconds) {
    if (!this.track) return;
    const wanted = Math.max(0, Math.min(seconds, this.length));
    if (this.isConverted) {
      // A stream begins anew for every seek, so a drag asks once, where it ends; at the very end there is nothing to ask for.
      clearTimeout(this.dragging);
      const start = Math.min(wanted, Math.max(0, this.length - LEAST_S));
      const plays = this.isPlaying;
      this.dragging = setTimeout(() => this.load(true, start, plays), DRAG_MS);
      this.shown = wanted;
    } else {
      this.audio.currentTime = wanted;
    }
    this.moved();
  }

  key(event) {
    const steps = { ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S, ArrowUp: STEP_S, PageDown: -30, PageUp: 30 };
    if (event.key in steps) this.seek(this.shown + steps[event.key]);
    else if (event.key === "Home") this.seek(0);
    else if (event.key === "End") this.seek(this.length);
    else return;
    event.preventDefault();
  }

  changed() {
    $("toggle").classList.toggle("is-playing", this.isPlaying);
    $("toggle").setAttribute("aria-label", this.isPlaying ? "Pause" : "Play");
    this.onChange(this.track?.id ?? null, this.isPlaying);
  }

  moved() {
    if (!this.dragging) this.shown = this.at;
    const at = this.shown;
    $("at").textContent = length(at) || "0:00";
    $("of").textContent = length(this.length);
    const wave = $("wave");
    wave.setAttribute("aria-valuemax", String(Math.round(this.length)));
    wave.setAttribute("aria-valuenow", String(Math.round(at)));
    wave.setAttribute("aria-valuetext", `${length(at)} of ${length(this.length)}`);
    this.draw();
  }

  failed() {
    if (!this.track) return;
    const cannotDecode = this.audio.error && this.audio.error.code >= MediaError.MEDIA_ERR_DECODE;
    if (!this.isConverted && cannotDecode) {
      // What says that it may play a type need not be right.
      this.load(true, this.at);
      return;
    }
    if (this.isConverted && this.at > this.offset + PROGRESS_S) {
      // The server ends a stream of which nobody took anything for a while, as in a long pause.
      if (this.isPlaying) this.load(true, this.at);
      else this.isBroken = true;
      return;
    }
    $("now-artist").textContent = "This recording cannot be played here.";
    $("now-artist").classList.add("is-bad");
    this.changed();
  }

  async loadPeaks(track) {
    try {
      const response = await ask(`/api/v1/tracks/${track.id}/waveform.json?points=600`);
      if (!response.ok || this.track !== track) return;
      const { lowest, highest } = await response.json();
      const loudest = Math.max(0.05, ...highest, ...lowest.map((value) => -value));
      const fill = (values) => values.map((value) => (0.96 * value) / loudest);
      this.peaks = { lowest: fill(lowest), highest: fill(highest) };
      this.draw();
    } catch {
      // Without a waveform the slider is a plain line.
    }
  }

  draw() {
    const canvas = $("canvas");
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    const ratio = devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(document.documentElement);
    const [played, rest] = [style.getPropertyValue("--accent"), style.getPropertyValue("--wave")];
    const reached = this.length ? (this.shown / this.length) * width : 0;
    const bars = Math.floor(width / BAR);
    for (let bar = 0; bar < bars; bar += 1) {
      const [low, high] = this.extremes(bar, bars);
      const top = (height / 2) * (1 - high);
      const tall = Math.max(1.5, (height / 2) * (high - low));
      pen.fillStyle = bar * BAR < reached ? played : rest;
      pen.fillRect(bar * BAR, top, BAR - 1, tall);
    }
  }

  extremes(bar, bars) {
    const { lowest, highest } = this.peaks ?? { lowest: [], highest: [] };
    const count = highest.length;
    if (!count) return [-0.02, 0.02];
    const first = Math.floor((bar * count) / bars);
    const last = Math.max(first + 1, Math.floor(((bar + 1) * count) / bars));
    return [Math.min(...lowest.slice(first, last)), Math.max(...highest.slice(first, last))];
  }
}
