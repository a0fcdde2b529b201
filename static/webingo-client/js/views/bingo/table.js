/** The bingo table: shows the last state, and brings what changed since the one before to life. */

import { announce } from "../../announce.js";
import { h } from "../../dom.js";
import { money, shortMoney } from "../../money.js";
import { still } from "../../motion.js";
import { fetchRules } from "../../rules.js";
import { watchSize } from "../../size.js";
import { sounds } from "../../sound.js";
import { bingoCard } from "./card.js";
import { celebrate, endCelebration } from "../celebrate.js";
import { controls } from "./controls.js";
import { playDraw } from "./draw.js";
import { fitCards } from "./fit.js";
import { machine } from "./machine.js";
import { payPanel } from "./paytable.js";
import { change, marked, nearCells, shapesOf, wonPatterns } from "./round.js";
import { roundPanel } from "./roundpanel.js";
import { showRules } from "../rules.js";
import { chooseStake, stakeOf } from "./stake.js";
import { describe } from "./summary.js";
import { ballTray } from "./tray.js";

/** @typedef {import("../../types.js").BingoData} BingoData */

export class BingoTable {
  kind = "bingo";
  /** @type {BingoData|null} what is on the table */
  #shown = null;
  /** @type {AbortController|null} of the draw that is being played */
  #draw = null;
  /** @type {any[]} */
  #cards = [];
  #shape = "";
  #sid = "";
  #space = { width: 0, height: 0 };
  /** @type {import("../../types.js").Pay[]} */
  #pays = [];

  /**
   * @param {import("../../session.js").Session} session
   * @param {import("../../types.js").GameInfo} game
   * @param {{reveal: () => void}} house reveal: all that was won is seen now
   */
  constructor(session, game, { reveal }) {
    this.session = session;
    this.game = game;
    this.reveal = reveal;
    this.machine = machine();
    this.tray = ballTray();
    this.panel = payPanel();
    this.round = roundPanel();
    this.controls = controls({
      play: () => this.#play(),
      extra: () => session.act("extra"),
      end: () => session.act("end"),
      newCards: () => session.act("cards"),
      stakeUp: () => this.#step("higher"),
      stakeDown: () => this.#step("lower"),
    });
    this.board = h("div", { class: "board" });
    this.skip = h("button", { class: "skip", type: "button", testid: "skip", hidden: true }, "Skip ▸▸");
    const frame = h("section", { class: "board-frame", "aria-label": "Your cards" }, this.board);
    this.tray.element.append(this.skip);
    this.stage = h("div", { class: "stage", on: { click: () => this.#skip() } }, h("div", { class: "side" }, this.machine.element, this.round.element), this.tray.element, frame, this.panel.element);
    this.element = h("main", { class: "table", testid: "table" }, this.stage, this.controls.element);
    this.stopWatching = watchSize(frame, (size) => {
      this.#space = size;
      this.#fit();
    });
    fetchRules(game.id).then(({ pays, maxExtra }) => this.#learn(pays, maxExtra), () => this.#learn([], 0));
  }

  destroy() {
    this.#draw?.abort();
    this.stopWatching();
    this.tray.stop();
    this.machine.stop();
    endCelebration();
  }

  /**
   * @param {import("../../types.js").State} state
   * @param {{animate: boolean}} options
   */
  update(state, { animate }) {
    const { id } = state.gamestate;
    // The same state again (a wallet or a setting has changed): the draw goes on.
    if (animate && id === this.#sid) return this.refresh();
    this.#sid = id;
    const data = readData(state.gamestate.data);
    const before = this.#shown;
    const busyDraw = this.#draw;
    this.#draw = null;
    busyDraw?.abort();
    this.denom = state.wallet.denom_info;
    this.#shown = data;
    this.#lay(data, before, animate);
    const { from, sameRound } = change(before, data);
    const fresh = data.balls.length > from;
    if (!sameRound) endCelebration();
    if (animate && fresh) this.#run(data, from, sameRound ? before : null);
    else this.#settle(data);
  }

  /** Redraws the buttons, for the session is busy or idle now. */
  refresh() {
    const data = this.#shown;
    if (!data) return;
    const { session } = this;
    const { bet, stake, lower, higher } = stakeOf(this.game.id, data);
    this.controls.update({
      can: (action) => session.can(action), rolling: this.#draw !== null, busy: session.busy,
      game: data.balls.length > 0, stake, bet, cards: data.open.length, lowest: lower === null, highest: higher === null,
      short: stake > session.state.wallet.credits, extraCost: data.extra_cost ?? 0, extraLeft: data.extra_left ?? 0, money: this.money,
    });
    this.skip.hidden = this.#draw === null;
    this.panel.price(bet, (amount) => money(amount, this.denom, { brief: true }));
    this.element.dataset.phase = this.#draw ? "drawing" : data.balls.length ? "game" : "idle";
  }

  /** Whether the draw is still on its way to the eye. */
  get showing() {
    return this.#draw !== null;
  }

  /** What the keyboard can do here. */
  commands() {
    const { play, extra, end, newCards, stakeUp, stakeDown } = this.controls.buttons;
    const press = (button) => () => !button.hidden && button.click();
    return { play: press(play), extra: press(extra), end: press(end), newCards: press(newCards), stakeUp: press(stakeUp),
      stakeDown: press(stakeDown), rules: () => this.showRules(), card: (index) => this.#cards[index]?.click() };
  }

  showRules() {
    showRules(this.game.id, this.game.title);
  }

  /** Why the player cannot leave now, and the action that ends it. */
  unfinished() {
    return this.session.can("end") ? { title: "The round is still open", text: "You could still buy an extra ball. Collect and leave, or stay at the table?", yes: "Collect and leave", action: "end" } : null;
  }

  money = (amount) => money(amount, this.denom);

  #play() {
    if (this.#draw) return this.#skip();
    endCelebration();
    this.session.act("bet", { amount: stakeOf(this.game.id, this.#shown).stake });
  }

  #skip() {
    this.#draw?.abort();
  }

  #step(direction) {
    const next = stakeOf(this.game.id, this.#shown)[direction];
    if (next === null) return;
    chooseStake(this.game.id, next);
    sounds.click();
    this.refresh();
    announce(`Stake ${this.money(stakeOf(this.game.id, this.#shown).stake)}`);
  }

  #toggle(index) {
    if (!this.session.can("cards") || this.#draw) return;
    const { open } = this.#shown;
    const next = open.includes(index) ? open.filter((card) => card !== index) : [...open, index].sort((a, b) => a - b);
    if (next.length) this.session.act("cards", { open: next });
    else announce("One card must stay open.");
  }

  /** The cards of this state, without its balls. */
  #lay(data, before, animate) {
    const { rows, columns } = data.layout;
    const shape = `${data.cards.length}:${rows}x${columns}`;
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#cards = data.cards.map((_, index) => bingoCard(index, data.layout, () => this.#toggle(index)));
      this.board.replaceChildren(...this.#cards.map((card) => card.element));
      this.#fit();
    }
    const free = new Set(data.layout.free);
    const changeable = data.balls.length === 0;
    this.#cards.forEach((card, index) => card.deal({
      numbers: data.cards[index], free, open: data.open.includes(index), changeable, shuffle: animate && before !== null,
    }));
  }

  async #run(data, from, before) {
    const draw = new AbortController();
    this.#draw = draw;
    if (from === 0) this.#clear(data);
    this.refresh();
    const counted = new Set(before ? wonPatterns(before, shapesOf(this.#pays)).map(keyOf) : []);
    let total = before?.total_winnings ?? 0;
    const onPrize = (prize) => {
      this.#light(prize);
      if (counted.has(keyOf(prize))) return;
      total = Math.min(total + prize.pay, data.total_winnings ?? 0);
      this.controls.win(total, this.money, false);
      sounds.prize();
    };
    if (!document.hidden && !still()) {
      const prizes = wonPatterns(data, shapesOf(this.#pays));
      await playDraw(data, from, prizes, { machine: this.machine, tray: this.tray, cards: this.#cards, onPrize }, draw.signal);
    }
    // A newer state has taken the table over.
    if (this.#draw !== draw) return;
    this.#draw = null;
    this.#settle(data, true);
    this.reveal();
    announce(describe(data, from, (pattern) => this.#title(pattern), this.money));
    const gain = (data.total_winnings ?? 0) - (before?.total_winnings ?? 0);
    if (gain > 0) celebrate(gain, data.stake ?? 1, { place: this.controls.winMeter, stage: this.element, money: this.money });
    else if (data.near?.length) sounds.near();
  }

  /** Everything of the state, at once. */
  #settle(data, counting = false) {
    this.machine.turn(false);
    this.machine.call(data.balls.at(-1) ?? null, data.layout.pool);
    this.tray.set(data, data.balls.length);
    this.#cards.forEach((card, index) => {
      card.calm();
      const open = data.open.includes(index);
      card.mark(open && data.balls.length ? marked(data, index) : new Set(open ? data.layout.free : []), false);
      if (open) card.near(new Map([...nearCells(data, index)].map(([cell, pay]) => [cell, shortMoney(pay, this.denom)])));
    });
    for (const prize of wonPatterns(data, shapesOf(this.#pays)).reverse()) this.#light(prize);
    this.#note(data);
    this.round.show(data, (pattern) => this.#title(pattern), this.money);
    this.controls.win(data.total_winnings ?? 0, this.money, !counting);
    this.controls.endNote(data.total_winnings ? this.money(data.total_winnings) : "end round");
    this.panel.light((data.prizes ?? []).map(({ pattern }) => pattern), (data.near ?? []).map(({ pattern }) => pattern));
    this.refresh();
  }

  #clear(data) {
    this.#cards.forEach((card, index) => {
      card.calm();
      card.mark(new Set(data.open.includes(index) ? data.layout.free : []), false);
      card.note("", false);
    });
    this.tray.set(data, 0);
    this.machine.call(null);
    this.round.wait();
    this.controls.win(0, this.money, true);
    this.panel.light([], []);
  }

  #light({ card, cells, pattern }) {
    this.#cards[card]?.win(cells, this.#title(pattern));
    this.panel.light([pattern], []);
  }

  #title(pattern) {
    return this.#pays.find(({ name }) => name === pattern)?.title ?? pattern;
  }

  #note(data) {
    this.#cards.forEach((card, index) => {
      const won = data.winnings?.[index] ?? 0;
      card.note(won ? `+${this.money(won)}` : "", won > 0);
    });
  }

  #learn(pays, maxExtra) {
    this.#pays = pays;
    this.tray.keep(maxExtra);
    this.panel.fill(pays);
    if (this.#shown && !this.#draw) this.#settle(this.#shown);
  }

  #fit() {
    if (!this.#shown || !this.#space.width) return;
    const { cards, layout } = this.#shown;
    const small = this.#space.width < 560 || this.#space.height < 330;
    const fit = fitCards(this.#space, { count: cards.length, rows: layout.rows, columns: layout.columns,
      frame: small ? 10 : 20, head: small ? 25 : 40, gap: small ? 7 : 14 });
    this.board.classList.toggle("is-small", small);
    for (const [name, value] of Object.entries({ "--cards-per-row": fit.perRow, "--columns": layout.columns,
      "--cell-w": `${fit.cellWidth}px`, "--cell-h": `${fit.cellHeight}px` })) this.board.style.setProperty(name, String(value));
  }
}

const keyOf = ({ card, pattern, cells }) => `${card} ${pattern} ${cells}`;

/** The state's data with what a table cannot do without. @returns {BingoData} */
function readData(data) {
  const columns = data.layout?.columns ?? 5;
  return {
    ...data,
    open: data.open ?? data.cards.map((_, index) => index),
    balls: data.balls ?? [],
    bets: data.bets ?? [1],
    layout: { pool: 60, draw: 30, rows: Math.ceil(data.cards[0].length / columns), columns, free: [], ...data.layout },
  };
}
