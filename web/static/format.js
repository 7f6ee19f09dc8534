// Values as people read them. Nothing here touches the page.

const SIGNS = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat("en");

/** Seconds as 3:07 or 1:02:09. */
export function length(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** One decimal, with a real minus sign. */
export function decimal(number) {
  return number === null || number === undefined ? "" : SIGNS.format(number).replace("-", "\u2212");
}

export function whole(number) {
  return WHOLE.format(number);
}

/** "1 track", "2 tracks". */
export function counted(number, one, many = `${one}s`) {
  return `${whole(number)} ${number === 1 ? one : many}`;
}

/** Seconds as 12 s, 5 min, 3 h, 2 d. */
export function age(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** The last part of a path. */
export function fileName(path) {
  return path ? path.slice(path.lastIndexOf("/") + 1) : "";
}
