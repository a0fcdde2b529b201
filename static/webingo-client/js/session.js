/** The player's session as the page knows it: the last state that was pushed, and whether an answer is awaited. */

import { Connection } from "./connection.js";

/** No answer for so long means a dead line: better to reconnect and see. */
const ANSWER_MS = 10_000;

/**
 * @typedef {import("./types.js").State} State
 * @typedef {{state: (state: State, first: boolean) => void, busy: (busy: boolean) => void,
 *            component: (which: string, message: any) => void,
 *            error: (error: import("./types.js").ServerError) => void,
 *            status: (status: import("./connection.js").Status) => void}} Watcher
 */

export class Session {
  /** @type {State|null} */
  state = null;
  /** @type {import("./types.js").GameInfo[]} sent only once after each login */
  games = [];
  /** @type {import("./types.js").Site|null} sent with them */
  site = null;
  /** @type {import("./connection.js").Status} */
  status = { phase: "connecting" };
  busy = false;
  #timer = 0;
  /** Numbers what is asked, so that its answer is told from a state that came by itself. */
  #asked = 0;

  /** @param {import("./player.js").Player} player @param {Watcher} watcher */
  constructor(player, watcher) {
    this.player = player;
    this.watcher = watcher;
    this.connection = new Connection(player, {
      onState: (state, first) => this.#pushed(state, first),
      onComponent: (which, message) => watcher.component(which, message),
      onError: (error) => {
        if (error.re === undefined || error.re === this.#asked) this.#setBusy(false);
        watcher.error(error);
      },
      onStatus: (status) => {
        this.status = status;
        if (status.phase !== "live") this.#setBusy(false);
        watcher.status(status);
      },
    });
  }

  start() {
    this.connection.retry();
  }

  /** @returns {boolean} */
  get live() {
    return this.status.phase === "live";
  }

  /** @param {string} action @returns {boolean} whether the game allows it now */
  can(action) {
    return this.live && !this.busy && Boolean(this.state?.gamestate?.actions.includes(action));
  }

  /** Acts on the state that is shown; does nothing while that is impossible. */
  act(action, params = {}) {
    if (this.can(action)) this.#ask({ t: "action", action, params, sid: this.state.gamestate.id });
  }

  load(gameid) {
    if (this.live && !this.busy) this.#ask({ t: "gameload", gameid });
  }

  leave() {
    if (this.live && !this.busy) this.#ask({ t: "gamefinish" });
  }

  /** Keeps fields of the player's own on the server. */
  remember(fields) {
    this.connection.send({ t: "userdata", set: fields });
  }

  #ask(message) {
    if (this.connection.send({ ...message, re: ++this.#asked })) this.#setBusy(true);
  }

  #pushed(state, first) {
    if (state.games) this.games = state.games;
    if (state.site) this.site = state.site;
    this.state = state;
    if (first || state.re === this.#asked) this.#setBusy(false);
    this.watcher.state(state, first);
  }

  #setBusy(busy) {
    clearTimeout(this.#timer);
    if (busy) this.#timer = setTimeout(() => this.connection.renew(), ANSWER_MS);
    if (busy === this.busy) return;
    this.busy = busy;
    this.watcher.busy(busy);
  }
}
