/** What the player has chosen: bet and lines, turbo, autoplay, a feature to buy. */

import { announce } from "../../announce.js";
import { askAutoplay, Autoplay } from "./autoplay.js";
import { askBuy } from "./buy.js";
import { sounds } from "./sounds.js";
import { chooseStake, stakeOf } from "./stake.js";

/** @typedef {import("../../types.js").SlotsData} SlotsData */

export class Choices {
  auto = new Autoplay();

  /**
   * @param {import("../../session.js").Session} session
   * @param {import("../../types.js").GameInfo} game
   * @param {{money: (amount: number) => string, changed: () => void}} table
   */
  constructor(session, game, { money, changed }) {
    this.session = session;
    this.game = game;
    this.money = money;
    this.changed = changed;
    this.flags = { autoplay: false, turbo: false, min_spin_ms: 0, ...session.site?.flags };
    this.turbo = this.flags.turbo && session.state?.userdata?.turbo === true;
  }

  get credits() {
    return this.session.state?.wallet.credits ?? 0;
  }

  /** @param {SlotsData} data */
  stake(data) {
    return stakeOf(this.game.id, data);
  }

  /** @param {SlotsData} data @param {"bet"|"lines"} part @param {number|null} value null: there is no further step */
  choose(data, part, value) {
    if (value === null) return;
    chooseStake(this.game.id, { [part]: value });
    sounds.click();
    this.changed();
    const { stake, lines, chooseLines } = this.stake(data);
    announce(`Bet ${this.money(stake)}${chooseLines ? `, ${lines} lines` : ""}`);
  }

  toggleTurbo() {
    this.turbo = !this.turbo;
    this.session.remember({ turbo: this.turbo });
    sounds.click();
    announce(this.turbo ? "Turbo on" : "Turbo off");
    this.changed();
  }

  /** @param {SlotsData} data @param {() => void} spin the first of them */
  askAutoplay(data, spin) {
    const start = (limits) => {
      this.auto.start(limits);
      spin();
    };
    askAutoplay({ stake: this.stake(data).stake, money: this.money, start });
  }

  /** @param {SlotsData} data @param {(buy: import("../../types.js").SlotsBuy) => SVGElement|null} picture */
  askBuy(data, picture) {
    const { order, stake } = this.stake(data);
    askBuy(data.buys, { stake, credits: this.credits, money: this.money, picture, buy: (name) => this.session.act("buy", { name, ...order }) });
  }
}
