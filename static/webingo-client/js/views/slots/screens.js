/** Which screen stands over the reels, as the state asks for it: intro, pick, wheel, total, gamble; or none. */

import { pause } from "./pace.js";
import { introScreen, totalScreen } from "./freespins.js";
import { gambleScreen } from "./gamble.js";
import { pickScreen } from "./pick.js";
import { wheelScreen } from "./wheel.js";

const FOUND_MS = 1300;
/** Autoplay reads the screens out, so to say, and goes on. */
const READ_MS = 3500;

/** @typedef {import("../../types.js").SlotsData} SlotsData */

export class Screens {
  /** @type {any} */
  open = null;
  /** Something on the screen moves: it takes no orders. */
  busy = false;

  /**
   * @param {HTMLElement} stage
   * @param {{money: (amount: number) => string, act: (action: string, params?: object) => void, start: () => void,
   *          picture: (data: SlotsData) => SVGElement|null, onward: () => boolean, changed: () => void}} table
   *   onward: whether autoplay goes on by itself; changed: another screen, or none, is open now
   */
  constructor(stage, table) {
    this.stage = stage;
    this.table = table;
  }

  get kind() {
    return this.open?.kind ?? "";
  }

  close() {
    const screen = this.open;
    this.open = null;
    this.busy = false;
    screen?.close();
    if (screen) this.table.changed();
  }

  /**
   * What the last step brought, on the screen that is open: an opened chest, a turned wheel or card.
   * @param {SlotsData} data @param {SlotsData|null} before @param {AbortSignal} signal
   */
  async result(data, before, signal) {
    const gambled = data.gamble && data.gamble.history.length > (before?.gamble?.history.length ?? 0) ? data.gamble.history.at(-1) : null;
    if (gambled) await this.#moving(this.#gamble(before?.gamble ?? data.gamble).turn(gambled.won, gambled.type, signal));
    const done = data.done?.type === "free_spins" ? null : data.done;
    if (!done) return;
    const screen = this.#chance(done);
    screen.update(done, { usable: false, over: true });
    await this.#moving(screen.turn ? screen.turn(done, signal) : pause(FOUND_MS, signal));
  }

  /**
   * The feature that has just ended, until the player goes on.
   * @param {SlotsData} data
   */
  async total(data) {
    const { done } = data;
    // A wheel has said what it brings; a chest of nothing but a key needs no total.
    if (!done || done.type === "wheel" || (done.type === "pick" && done.win === 0 && data.feature)) return;
    const { money } = this.table;
    this.#show(() => totalScreen(this.stage, done, { stake: data.stake, money, go: () => this.close() }));
    await this.#read();
  }

  /** The screen on which the state stands. @param {SlotsData} data @param {string} name of the state @param {boolean} news */
  stand(data, name, news) {
    const { feature, gamble } = data;
    if (feature?.type === "free_spins" && feature.played === 0) {
      const start = () => {
        this.close();
        this.table.start();
      };
      this.#show(() => introScreen(this.stage, feature, { symbol: this.table.picture(data), start, news }));
      if (news) this.#read();
    } else if (feature && feature.type !== "free_spins") this.#chance(feature).update(feature, { usable: true, over: false });
    else if (name === "won" && gamble && (gamble.history.length || this.kind === "gamble")) this.gamble(gamble);
    else this.close();
  }

  /** @param {import("../../types.js").SlotsGamble} gamble */
  gamble(gamble) {
    this.#gamble(gamble).update(gamble, true);
  }

  /** The buttons again, since the session is busy or not. @param {SlotsData} data @param {boolean} can */
  refresh({ feature, gamble }, can) {
    if (this.busy || !this.open) return;
    if (this.kind === "gamble" && gamble) this.open.update(gamble, can);
    if (feature && (this.kind === "pick" || this.kind === "wheel")) this.open.update(feature, { usable: can, over: false });
  }

  #chance(feature) {
    const key = `${feature.type} ${feature.name}`;
    if (this.open?.key !== key) {
      const { money, act } = this.table;
      const screen = feature.type === "wheel" ? wheelScreen(this.stage, feature, { money, act: () => act("pick") })
        : pickScreen(this.stage, feature, { money, act: (item) => act("pick", { item }) });
      this.#show(() => ({ ...screen, key }));
    }
    return this.open;
  }

  #gamble(gamble) {
    if (this.kind !== "gamble") {
      const { money, act } = this.table;
      this.#show(() => gambleScreen(this.stage, gamble, { money, act: (type, context) => act("gamble", { type, context }), collect: () => act("collect") }));
      this.open.update(gamble, true);
    }
    return this.open;
  }

  #show(make) {
    this.open?.close();
    this.open = make();
    this.table.changed();
  }

  async #moving(change) {
    this.busy = true;
    this.table.changed();
    await change;
    this.busy = false;
  }

  /** Until the screen is closed. */
  async #read() {
    const screen = this.open;
    if (this.table.onward()) setTimeout(() => this.open === screen && this.table.onward() && screen.main(), READ_MS);
    await screen.closed;
  }
}
