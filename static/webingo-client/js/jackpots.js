/** The site's jackpots: which there are, what they stand at, and who has won one. */

import { Ticker } from "./ticker.js";

/** Errors of these questions are for nobody: a site without jackpots goes on without them. */
export const ASKED = "jackpots";
/** So long a meter says that it was won. */
const TOLD_MS = 7000;

/**
 * @typedef {import("./types.js").JackpotInfo} JackpotInfo
 * @typedef {{about: JackpotInfo, ticker: Ticker, lastWin: {amount: number, at: number}|null}} Jackpot
 * @typedef {{jackpot: Jackpot, amount: number}} OwnWin
 */

export class Jackpots {
  /** @type {Jackpot[]} in the site's order */
  all = [];
  /** Values that fell while the player's own round was still being shown: they would tell its end. @type {Map<string, number>} */
  #held = new Map();
  /** @type {OwnWin[]} */
  #waiting = [];
  /** @type {Set<() => void>} */
  #watchers = new Set();

  /**
   * @param {import("./session.js").Session} session
   * @param {{hiding: () => boolean, mine: (win: OwnWin) => void, others: (win: OwnWin) => void}} house
   *   hiding: whether a round is still on its way to the eye; mine, others: what is to be done when one is won
   */
  constructor(session, { hiding, mine, others }) {
    this.session = session;
    this.hiding = hiding;
    this.mine = mine;
    this.others = others;
  }

  /** Asks for the list, after each login. */
  refresh() {
    this.#ask({ what: "list" });
  }

  /** @param {any} message of the component */
  receive(message) {
    if (message.what === "list") this.#list(message.jackpots ?? []);
    else if (message.what === "value") this.#value(message.id, message.value);
    else if (message.what === "won") this.#won(message);
  }

  /** Everything that was held back is seen now. */
  reveal() {
    for (const [id, value] of this.#held) this.find(id)?.ticker.push(value);
    this.#held.clear();
    for (const win of this.#waiting.splice(0)) this.#celebrate(win);
  }

  /** @param {string} id @returns {Jackpot|undefined} */
  find(id) {
    return this.all.find(({ about }) => about.id === id);
  }

  /** Those that a game feeds, the ones that it can win first. @param {string} gameid @returns {Jackpot[]} */
  of(gameid) {
    const fed = this.all.filter(({ about }) => about.games.includes(gameid));
    return fed.sort((a, b) => Number(a.about.trigger === "mystery") - Number(b.about.trigger === "mystery"));
  }

  /** Those that belong to a game, and not to all of the site. @param {string} gameid @returns {Jackpot[]} */
  own(gameid) {
    return this.of(gameid).filter(({ about }) => about.games.length < this.session.games.length);
  }

  /** @param {() => void} watcher is told when the list, or what was won, changes @returns {() => void} ends it */
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #ask(message) {
    this.session.connection.send({ t: "component", which: "jackpot", message, re: ASKED });
  }

  /** @param {JackpotInfo[]} listed */
  #list(listed) {
    this.all = listed.map((about) => {
      const known = this.find(about.id);
      return { about, ticker: known?.ticker ?? new Ticker(), lastWin: known?.lastWin ?? null };
    });
    for (const { about } of this.all) {
      this.#value(about.id, about.value);
      this.#ask({ what: "subscribe", to: about.id });
    }
    this.#tell();
  }

  #value(id, value) {
    const jackpot = this.find(id);
    if (!jackpot) return;
    const falls = jackpot.ticker.shown !== null && value < jackpot.ticker.shown;
    if (this.hiding() && (falls || this.#held.has(id))) this.#held.set(id, value);
    else jackpot.ticker.push(value);
  }

  #won({ id, amount, yours = false }) {
    const jackpot = this.find(id);
    if (!jackpot) return;
    if (yours && this.hiding()) this.#waiting.push({ jackpot, amount });
    else if (yours) this.#celebrate({ jackpot, amount });
    else {
      this.#note(jackpot, amount);
      this.others({ jackpot, amount });
    }
  }

  #celebrate(win) {
    this.#note(win.jackpot, win.amount);
    this.mine(win);
  }

  #note(jackpot, amount) {
    const win = { amount, at: Date.now() };
    jackpot.lastWin = win;
    this.#tell();
    setTimeout(() => {
      if (jackpot.lastWin !== win) return;
      jackpot.lastWin = null;
      this.#tell();
    }, TOLD_MS);
  }

  #tell() {
    for (const watcher of this.#watchers) watcher();
  }
}
