// The supervision tree, as it is now: asked for now and then, and whenever an event says that it changed.

import { age } from "./format.js";

const EVERY_MS = 3_000;
const SOON_MS = 150;
const NEWS = 6;

const $ = (id) => document.getElementById(id);

export class Tree {
  constructor() {
    this.timer = null;
    $("tree-panel").open = matchMedia("(min-width: 78rem)").matches;
    $("tree-panel").addEventListener("toggle", () => this.again(0));
    document.addEventListener("visibilitychange", () => this.again(0));
    this.again(0);
  }

  again(afterMs) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), afterMs);
  }

  async refresh() {
    if (document.hidden) return;
    try {
      const response = await fetch("/api/v1/supervision");
      if (response.ok) this.draw(await response.json());
    } catch {
      // The line at the top already says that the server is away.
    }
    this.again($("tree-panel").open ? EVERY_MS : 5 * EVERY_MS);
  }

  event({ payload, timestamp }) {
    const list = $("tree-news");
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.dateTime = timestamp;
    time.textContent = new Date(timestamp).toLocaleTimeString([], { hour12: false });
    item.append(time, `${payload.path.split("/").pop()} ${payload.kind.replaceAll("_", " ").toLowerCase()}`);
    item.title = [payload.path, payload.reason, payload.error].filter(Boolean).join("\n");
    list.prepend(item);
    while (list.children.length > NEWS) list.lastChild.remove();
    list.hidden = false;
    this.again(SOON_MS);
  }

  draw(status) {
    const root = status.root ?? status;
    const counts = { all: 0, running: 0 };
    const list = document.createElement("ul");
    list.append(branch(root, counts));
    $("tree").replaceChildren(list);
    const { all, running } = counts;
    $("tree-summary").textContent = running === all ? "all running" : `${running} of ${all} running`;
  }
}

function branch(node, counts) {
  const item = document.createElement("li");
  const line = document.createElement("div");
  const state = String(node.state ?? "").toLowerCase();
  line.className = "node";
  line.dataset.state = state;
  const [dot, name, facts] = [0, 1, 2].map(() => document.createElement("span"));
  dot.className = "dot";
  name.textContent = String(node.path ?? node.name ?? "").split("/").pop();
  name.title = node.path ?? "";
  facts.className = "facts";
  facts.textContent = factsOf(node, state).join(" · ");
  line.append(dot, name, facts);
  const error = node.lastError?.message ?? node.lastError?.error ?? node.lastError;
  if (error && state !== "running") {
    const trouble = document.createElement("span");
    trouble.className = "trouble";
    trouble.textContent = String(error).trim().split("\n").pop();
    line.append(trouble);
  }
  item.append(line);
  const children = node.children ?? [];
  if (children.length) {
    const list = document.createElement("ul");
    for (const child of children) list.append(branch(child, counts));
    item.append(list);
  } else {
    counts.all += 1;
    counts.running += state === "running";
  }
  return item;
}

function factsOf(node, state) {
  const facts = [];
  if (state !== "running") facts.push(state);
  if (node.mailboxDepth) facts.push(`${node.mailboxDepth} waiting`);
  const restarts = (node.incarnation ?? 1) - 1;
  if (restarts > 0) facts.push(restarts === 1 ? "1 restart" : `${restarts} restarts`);
  const uptime = node.uptime ?? node.uptimeS ?? node.uptimeSeconds;
  if (state === "running" && Number.isFinite(uptime)) facts.push(age(uptime));
  return facts;
}
