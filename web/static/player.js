// Plays one track at a time and draws its waveform, which is also the slider.

import { length } from "./format.js";

const STEP_S = 5;
const BAR = 3;

const $ = (id) => document.getElementById(id);

export class Player {
  constructor({ onChange, onEnd }) {
    this.onChange = onChange;
    this.onEnd = onEnd;
    this.track = null;
    this.peaks = null;
    this.audio = $("audio");
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

  get length() {
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
    this.track = track;
    this.peaks = null;
    $("player").hidden = false;
    $("now-title").textContent = track.title;
    $("now-artist").textContent = track.artist ?? "";
    $("now-artist").classList.remove("is-bad");
    this.audio.src = `/api/v1/tracks/${track.id}/audio`;
    this.audio.play().catch(() => this.changed());
    this.changed();
    this.moved();
    this.loadPeaks(track);
  }

  toggle() {
    if (!this.track) return;
    if (this.isPlaying) this.audio.pause();
    else this.audio.play().catch(() => this.changed());
  }

  seek(seconds) {
    if (!this.track) return;
    this.audio.currentTime = Math.max(0, Math.min(seconds, this.length));
    this.moved();
  }

  key(event) {
    const steps = { ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S, ArrowUp: STEP_S, PageDown: -30, PageUp: 30 };
    if (event.key in steps) this.seek(this.audio.currentTime + steps[event.key]);
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
    const at = this.audio.currentTime;
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
    $("now-artist").textContent = "This recording cannot be played here.";
    $("now-artist").classList.add("is-bad");
    this.changed();
  }

  async loadPeaks(track) {
    try {
      const response = await fetch(`/api/v1/tracks/${track.id}/waveform.json?points=600`);
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
    const reached = this.length ? (this.audio.currentTime / this.length) * width : 0;
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
