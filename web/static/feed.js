// The live feed: one WebSocket, kept up over every break. Gives each message once and in order.

const TOPICS = ["tracks", "progress", "player", "supervision"];
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const PING_MS = 15_000;
const SHUT = 4001;
const PATIENCE_MS = 10_000;

export class Feed {
  /**
   * onState("connecting" | "live" | "away" | "shut"), onShut() when the server does not know who asks, onMessage(message), and onFresh() whenever what the page shows may be
   * out of date: at the first connection, and when the server no longer knows what was missed.
   */
  constructor({ onState, onShut, onMessage, onFresh }) {
    this.onState = onState;
    this.onShut = onShut;
    this.onMessage = onMessage;
    this.onFresh = onFresh;
    this.seq = null;
    this.pause = FIRST_PAUSE_MS;
    this.retry = null;
    addEventListener("online", () => this.again(0));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.retry !== null) this.again(0);
    });
    this.open();
  }

  open() {
    this.retry = null;
    this.onState("connecting");
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    this.socket = socket;
    socket.onopen = () => {
      const payload = this.seq === null ? { topics: TOPICS } : { topics: TOPICS, since: this.seq };
      this.send("CONNECT", payload);
      this.listen();
    };
    socket.onmessage = (event) => {
      this.listen();
      this.take(JSON.parse(event.data));
    };
    socket.onclose = (event) => (event.code === SHUT ? this.shut() : this.lost(socket));
  }

  send(type, payload = {}) {
    this.socket.send(JSON.stringify({ type, payload, version: "1.0", timestamp: new Date().toISOString() }));
  }

  take(message) {
    if (message.type === "WELCOME") {
      this.pause = FIRST_PAUSE_MS;
      this.onState("live");
      if (this.seq === null) {
        this.seq = message.payload.seq;
        this.onFresh();
      }
    } else if (message.type === "RESYNC") {
      this.seq = message.payload.newest;
      this.onFresh();
    } else if (message.type === "GOODBYE") {
      this.pause = message.payload.retrySeconds * 1000;
    } else {
      if (message.seq) this.seq = message.seq;
      this.onMessage(message);
    }
  }

  // Browsers answer the server's pings by themselves but tell nobody: so this side asks, to notice a dead line.
  listen() {
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => {
      if (this.socket.readyState !== WebSocket.OPEN) return;
      this.send("PING");
      this.quiet = setTimeout(() => {
        const dead = this.socket;
        dead.onclose = dead.onmessage = null;
        dead.close();
        this.lost(dead);
      }, PATIENCE_MS);
    }, PING_MS);
  }

  shut() {
    clearTimeout(this.quiet);
    this.onState("shut");
    this.onShut();
  }

  lost(socket) {
    if (socket !== this.socket || this.retry !== null) return;
    clearTimeout(this.quiet);
    this.onState("away");
    this.again(this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
  }

  again(afterMs) {
    if (this.retry === null && afterMs === 0) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.open(), afterMs);
  }
}
