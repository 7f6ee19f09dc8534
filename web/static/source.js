// Where the sound of a track comes from: its own file where the browser plays it, a conversion where it does not.

const FORMS = [
  ["opus", "audio/ogg; codecs=opus"],
  ["mp3", "audio/mpeg"],
  ["aac", "audio/aac"],
];
const CODECS = { aac: "mp4a.40.2", alac: "alac", mp3: "mp3", opus: "opus", vorbis: "vorbis", flac: "flac" };
const TYPES = {
  mp3: "audio/mpeg",
  flac: "audio/flac",
  wav: "audio/wav",
  aac: "audio/aac",
  ogg: "audio/ogg",
  mp4: "audio/mp4",
  matroska: "audio/webm",
  aiff: "audio/aiff",
};
const NAMES_NO_CODEC = new Set(["mp3", "flac", "wav", "aac", "aiff"]);

/** The media type of a track as the browser wants it, or null where no browser has one. */
export function typeOf({ container, codec }) {
  const type = TYPES[container];
  if (!type || NAMES_NO_CODEC.has(container)) return type ?? null;
  return codec in CODECS ? `${type}; codecs="${CODECS[codec]}"` : null;
}

/** Whether an audio element says that it may play the file itself. */
export function isPlayable(audio, sound) {
  const type = sound && typeOf(sound);
  return Boolean(type && audio.canPlayType(type));
}

/** Where the file of a track is. */
export function original(id) {
  return `/api/v1/tracks/${id}/audio`;
}

/** The same as a stream that the audio element can play, from a moment on; it cannot seek by itself. */
export function converted(audio, id, start) {
  const [form] = FORMS.find(([, type]) => audio.canPlayType(type)) ?? ["mp3"];
  const at = start > 0 ? `&start=${start.toFixed(3)}` : "";
  return `${original(id)}?format=${form}${at}`;
}
