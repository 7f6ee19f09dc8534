// Files dropped anywhere on the page, or chosen, go into the library one after the other.

import { openLogin } from "./access.js";
import { counted } from "./format.js";

const $ = (id) => document.getElementById(id);
const REASONS = {
  PAYLOAD_TOO_LARGE: "too large",
  UNSUPPORTED_MEDIA_TYPE: "no recording",
  INSUFFICIENT_STORAGE: "no room left on the disk",
  FORBIDDEN: "only editors may upload",
};

export class Upload {
  constructor() {
    this.waiting = [];
    this.isBusy = false;
    this.inside = 0;
    $("choose-files").addEventListener("click", () => $("files").click());
    $("files").addEventListener("change", () => {
      this.add([...$("files").files]);
      $("files").value = "";
    });
    document.addEventListener("dragenter", (event) => this.over(event, 1));
    document.addEventListener("dragleave", (event) => this.over(event, -1));
    document.addEventListener("dragover", (event) => {
      if (holdsFiles(event)) event.preventDefault();
    });
    document.addEventListener("drop", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      this.over(event, -this.inside);
      this.add([...event.dataTransfer.files]);
    });
  }

  over(event, step) {
    if (!holdsFiles(event)) return;
    this.inside = Math.max(0, this.inside + step);
    document.body.classList.toggle("takes-files", this.inside > 0);
  }

  add(files) {
    this.waiting.push(...files);
    if (!this.isBusy && this.waiting.length > 0) this.work();
  }

  async work() {
    this.isBusy = true;
    const came = { 201: 0, 200: 0 };
    const refused = [];
    while (this.waiting.length > 0) {
      const file = this.waiting.shift();
      const answer = await send(file, (done) => this.tell(this.sentence(file), done));
      if (answer.status in came) came[answer.status] += 1;
      else refused.push(`${file.name}: ${answer.reason}`);
      if (answer.status === 401) {
        openLogin();
        this.waiting.length = 0;
      }
    }
    this.isBusy = false;
    const parts = [];
    if (came[201]) parts.push(`${counted(came[201], "recording")} added`);
    if (came[200]) parts.push(`${came[200]} already there`);
    this.tell([parts.join(", "), ...refused].filter(Boolean).join(". "), null);
  }

  sentence(file) {
    const rest = this.waiting.length ? `, ${this.waiting.length} to go` : "";
    return `Uploading ${file.name}${rest}`;
  }

  tell(text, done) {
    $("upload").hidden = false;
    if ($("upload-text").textContent !== text) $("upload-text").textContent = text;
    $("upload-done").hidden = done === null;
    if (done !== null) $("upload-done").value = done;
  }
}

function holdsFiles(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** Sends one file; gives the status, 0 where there was no answer, and the reason of a refusal. */
function send(file, onDone) {
  const body = new FormData();
  body.append("file", file);
  return new Promise((resolve) => {
    // Of the two ways to send, the older one tells how much has gone out.
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", ({ loaded, total }) => onDone(total ? loaded / total : 0));
    request.addEventListener("loadend", () => resolve({ status: request.status, reason: reason(request) }));
    request.open("POST", "/api/v1/tracks");
    onDone(0);
    request.send(body);
  });
}

function reason(request) {
  if (request.status === 0) return "the connection broke";
  try {
    const { code, message, errors } = JSON.parse(request.responseText);
    return REASONS[code] ?? errors?.[0]?.message ?? message;
  } catch {
    return request.statusText;
  }
}
