// Puts the page together: who tells whom.

import { openLogin, showWho } from "./access.js";
import { Activity } from "./activity.js";
import { Details } from "./details.js";
import { Feed } from "./feed.js";
import { Player } from "./player.js";
import { Queue } from "./queue.js";
import { Roots } from "./roots.js";
import { nameOf, Tracks } from "./tracks.js";
import { Tree } from "./tree.js";
import { Upload } from "./upload.js";

const $ = (id) => document.getElementById(id);
const LINK_TEXT = { connecting: "Connecting…", live: "Live", away: "Away, trying again", shut: "Not logged in" };

const activity = new Activity($("activity"));
const roots = new Roots($("roots"));
const tree = new Tree();
const player = new Player({
  onChange: (id, isPlaying) => {
    tracks.setPlaying(id, isPlaying);
    if (!player.audio.ended) queue.heed(isPlaying);
  },
  onEnd: async () => {
    const wasQueued = queue.current !== null;
    if (wasQueued) {
      await queue.next();
      return;
    }
    const next = tracks.neighbor(1);
    if (next) player.play(next);
  },
});
const queue = new Queue({
  onPlay: (track) => player.begin(track),
  onPause: () => player.audio.pause(),
  onProblem: (text) => details.say(text),
});
const tracks = new Tracks({ onPlay: playHere, onOpen: (id) => details.open(id) });
const details = new Details({ onChange: (track) => tracks.update(track), onGone: () => tracks.refresh(), onBack: (id) => tracks.refresh().then(() => tracks.focus(id)), onQueue: (track) => queue.add(track) });

/** A track of the table, beside the queue. */
function playHere(track) {
  if (player.track?.id !== track.id) queue.leave();
  player.play(track);
}

function takeTrack(track) {
  activity.names.set(`track:${track.id}`, nameOf(track));
  if (track.stage === "analyzed") {
    tracks.setProgress(track.id, null);
    activity.finish(`track:${track.id}`);
    activity.names.delete(`track:${track.id}`);
  }
  return tracks.update(track);
}

function takeProgress({ subject, stage, done }) {
  activity.work(subject, stage, done);
  const [kind, id] = subject.split(":", 2);
  if (kind === "track") {
    const shown = tracks.rows.get(id);
    if (shown) activity.names.set(subject, nameOf(shown.track));
    tracks.setProgress(id, done < 1 ? done : null);
  }
}

function takeFailure({ trackId }) {
  tracks.setProgress(trackId, null);
  activity.finish(`track:${trackId}`);
  tracks.refreshSoon();
}

const TAKE = {
  TRACK_ADDED: ({ track }) => takeTrack(track) || tracks.refreshSoon(),
  TRACK_UPDATED: ({ track }) => takeTrack(track),
  TRACK_ANALYZED: ({ track }) => takeTrack(track),
  TRACK_MOVED: ({ track }) => takeTrack(track),
  TRACK_MISSING: () => tracks.refreshSoon(),
  TRACK_REMOVED: () => tracks.refreshSoon(),
  ANALYSIS_FAILED: takeFailure,
  PROGRESS_UPDATE: takeProgress,
  SCAN_UPDATE: (payload) => {
    activity.scan(payload);
    roots.take(payload);
  },
  QUEUE_UPDATE: (payload) => queue.take(payload),
  VALIDATION_UPDATE: (payload) => queue.check(payload),
  PLAYER_STATE_UPDATE: (payload) => queue.follow(payload.player, player.length - player.at),
  SUPERVISION_EVENT: (_, message) => tree.event(message),
};

new Feed({
  onState: (state) => {
    $("link").dataset.state = state;
    $("link-text").textContent = LINK_TEXT[state];
    if (state === "away") tree.fade();
    if (state === "live") tree.again(0);
  },
  onShut: openLogin,
  onMessage: (message) => TAKE[message.type]?.(message.payload, message),
  onFresh: () => {
    activity.clear();
    roots.load();
    queue.load();
    tracks.show({});
  },
});

showWho().then((role) => details.setRole(role));
new Upload();

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target.closest("input, select, textarea");
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    $("filter").focus();
    $("filter").select();
  } else if (event.key === "Escape" && event.target === $("filter")) {
    $("filter").value = "";
    $("filter").dispatchEvent(new Event("input"));
  } else if (event.key === " " && !isTyping && !event.target.closest("button, summary, a")) {
    event.preventDefault();
    player.toggle();
  }
});
