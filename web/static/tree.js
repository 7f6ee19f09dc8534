// The supervision tree, as it is now: asked for now and then, and whenever an event says that it changed.

import { ask } from "./access.js";
import { age, counted } from "./format.js";

const EVERY_MS = 3_000;
const SOON_MS = 150;
const NEWS = 6;

const $ = (id) => document.getElementById(id);

// For administrators; nobody else gets to see the panel.
export class Tree {
  constructor() {
    this.timer = null;
    $("tree-panel").open = matchMedia("(min-width: 78rem)").matches;
    $("tree-panel").addEventListener("toggle", () => this.again(0));
    document.addEventListener("visibilitychange", () => this.again(0));
    this.again(0);
    this.recent();
  }

  // What happened before this page was there.
  async recent() {
    try {
      const response = await ask(`/api/v1/supervision/events?pageSize=${NEWS}`);
      if (!response.ok) return;
      const { data } = await response.json();
      if ($("tree-news").children.length) return;
      for (const event of data.reverse()) this.event({ payload: event, timestamp: event.at });
    } catch {
      // The line at the top already says that the server is away.
    }
  }

  again(afterMs) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), afterMs);
  }

  async refresh() {
    if (document.hidden) return;
    try {
      const response = await ask("/api/v1/supervision");
      $("tree-panel").hidden = response.status === 403;
      if (response.status === 403) return;
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

  /** The server is away: what is shown is how it was. */
  fade() {
    $("tree").classList.add("is-past");
    $("tree-summary").textContent = "as last seen";
  }

  draw(status) {
    const counts = { all: 0, running: 0 };
    const list = document.createElement("ul");
    list.append(branch(status.root, counts));
    $("tree").replaceChildren(list);
    $("tree").classList.remove("is-past");
    const { all, running } = counts;
    $("tree-summary").textContent = running === all ? "all running" : `${running} of ${all} running`;
  }
}

function branch(node, counts) {
  const item = document.createElement("li");
  const line = document.createElement("div");
  line.className = "node";
  line.dataset.state = node.state;
  const [dot, name, facts] = [0, 1, 2].map(() => document.createElement("span"));
  dot.className = "dot";
  name.textContent = node.name;
  facts.className = "facts";
  facts.textContent = factsOf(node).join(" · ");
  line.title = [node.path, ...figuresOf(node)].join("\n");
  line.append(dot, name, facts, ...troublesOf(node).map(trouble));
  item.append(line);
  const children = node.children ?? [];
  if (children.length) {
    const list = document.createElement("ul");
    for (const child of children) list.append(branch(child, counts));
    item.append(list);
  } else {
    counts.all += 1;
    counts.running += node.state === "running";
  }
  return item;
}

function trouble(text) {
  const line = document.createElement("span");
  line.className = "trouble";
  line.textContent = text;
  return line;
}

// What stands at the right of a part.
function factsOf(node) {
  const facts = [];
  if (node.mailbox?.depth) facts.push(`${node.mailbox.depth} of ${node.mailbox.capacity} waiting`);
  if (node.restarts) facts.push(counted(node.restarts, "restart"));
  facts.push(node.state === "running" ? age(node.uptime) : node.state);
  return facts;
}

// What is wrong with it, a line each.
function troublesOf(node) {
  const lines = [];
  if (node.children && node.restartsInWindow) lines.push(node.escalatesAfter);
  if (node.lastError && node.state !== "running") lines.push(node.lastError);
  if (node.mailbox?.waitingSenders) lines.push(`full: ${counted(node.mailbox.waitingSenders, "sender")} waiting`);
  for (const breaker of node.breakers ?? []) {
    if (breaker.state !== "closed") lines.push(`breaker ${breaker.name} is ${breaker.state.replaceAll("_", " ")}`);
  }
  return lines;
}

// All the rest, for who points at it.
function figuresOf(node) {
  const lines = [`life ${node.incarnation}`, `${node.escalatesAfter}`];
  if (node.mailbox?.capacity) {
    lines.push(`${node.mailbox.depth} of ${node.mailbox.capacity} waiting, at most ${node.mailbox.highWater} so far`);
    lines.push(`${node.messages.handled} handled, ${node.messages.failed} failed, ${node.messages.dropped} dropped`);
    lines.push(`${node.messages.ratePerSecond.toFixed(1)} a second`);
  }
  if (node.latency) {
    const times = ["p50", "p95", "p99"].map((name) => `${name} ${(node.latency[name] * 1000).toPrecision(2)} ms`);
    lines.push(times.join(", "));
  }
  if (node.waitingFor?.length) lines.push(`waits for ${node.waitingFor.join(", ")}`);
  if (node.stack) lines.push(node.stack);
  return lines;
}
