/** One WebSocket to the session server, kept alive: logs in, reconnects, and says how it is. */

import { waitBefore } from "./backoff.js";

/**
 * @typedef {{phase: "connecting"|"live"|"waiting"|"refused"|"replaced", retryAt?: number, code?: number}} Status
 *   `waiting`: lost, the next attempt is at `retryAt` (ms since the epoch); `refused` and `replaced` end only by `retry()`
 * @typedef {{onState: (state: import("./types.js").State, first: boolean) => void,
 *            onComponent: (which: string, message: any) => void,
 *            onError: (error: import("./types.js").ServerError) => void,
 *            onStatus: (status: Status) => void}} Listener
 */

const ENDS = { 4401: "refused", 4409: "replaced" };

export class Connection {
  #socket = null;
  #timer = 0;
  #attempt = 0;
  #loggedIn = false;
  #waiting = false;
  #code = 0;

  /**
   * @param {import("./player.js").Player} player
   * @param {Listener} listener
   * @param {string} [url]
   */
  constructor(player, listener, url = sessionUrl()) {
    this.player = player;
    this.listener = listener;
    this.url = url;
    // Coming back to the page or to the network is a good moment; waiting on would only look broken.
    addEventListener("online", () => this.#waiting && this.retry());
    document.addEventListener("visibilitychange", () => !document.hidden && this.#waiting && this.#code !== 4429 && this.retry());
  }

  /** Connects now, whatever was planned. */
  retry() {
    clearTimeout(this.#timer);
    this.#waiting = false;
    this.#drop();
    this.#loggedIn = false;
    this.listener.onStatus({ phase: "connecting" });
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify(login(this.player)));
    socket.onmessage = (event) => this.#socket === socket && this.#receive(event.data);
    socket.onclose = (event) => this.#socket === socket && this.#closed(event.code);
  }

  /** @returns {boolean} whether it was sent; nothing is queued, for the state may be another after a reconnect */
  send(message) {
    if (!this.#loggedIn || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** For a server that does not answer: the connection is given up and made again. */
  renew() {
    this.#drop();
    this.#closed(0);
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #receive(frame) {
    let message;
    try {
      message = JSON.parse(frame);
    } catch {
      return;
    }
    if (message.t === "state") {
      const first = !this.#loggedIn;
      this.#loggedIn = true;
      this.#attempt = 0;
      if (first) this.listener.onStatus({ phase: "live" });
      this.listener.onState(message, first);
    } else if (message.t === "component") this.listener.onComponent(message.which, message.message);
    else if (message.t === "error") this.listener.onError(message);
  }

  #closed(code) {
    this.#loggedIn = false;
    this.#code = code;
    if (ENDS[code]) return this.listener.onStatus({ phase: ENDS[code], code });
    const wait = waitBefore(this.#attempt++, code);
    this.#waiting = true;
    this.#timer = setTimeout(() => this.retry(), wait);
    this.listener.onStatus({ phase: "waiting", retryAt: Date.now() + wait, code });
  }
}

function login({ uid, token, platform, site, session }) {
  return session ? { t: "auth", session } : { t: "auth", auth: { uid, token, userinfo: {} }, platform, site };
}

function sessionUrl() {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/session/ws`;
}
