/** The slots table: shows the last state, and brings what changed since the one before to life. */

import { announce } from "../../announce.js";
import { h } from "../../dom.js";
import { money } from "../../money.js";
import { watchSize } from "../../size.js";
import { celebrate, endCelebration } from "../celebrate.js";
import { showRules } from "../rules.js";
import { Choices } from "./choices.js";
import { deck } from "./deck.js";
import { NextRound, paceOf, pause } from "./pace.js";
import { describeStep, newSpin, paidWins, readData, windowOf } from "./read.js";
import { Scene } from "./scene.js";
import { Screens } from "./screens.js";
import { showSpin } from "./show.js";

/** @typedef {import("../../types.js").SlotsData} SlotsData */

/** A spin that collects first brings two states; the second is right behind. */
const BEHIND_MS = 350;

export class SlotsTable {
  kind = "slots";
  /** @type {SlotsData|null} what is on the table */
  #data = null;
  #name = "";
  #sid = "";
  /** @type {AbortController|null} of what is being shown; aborted, it hurries */
  #show = null;
  /** The reels turn, and the answer is awaited. */
  #asked = false;
  /** All that the state says can be seen. */
  #seen = true;
  /** The stage is dressed for free spins. */
  #free = false;
  /** Free spins follow each other, since the player has started them. */
  #rolling = false;
  #timer = 0;
  #rounds = 0;
  #next = new NextRound();

  /**
   * @param {import("../../session.js").Session} session
   * @param {import("../../types.js").GameInfo} game
   * @param {{reveal: () => void}} house reveal: all that was won is seen now
   */
  constructor(session, game, { reveal }) {
    this.session = session;
    this.game = game;
    this.reveal = reveal;
    this.choices = new Choices(session, game, { money: this.money, changed: () => this.refresh() });
    const step = (part, lower, higher) => (direction) => {
      this.choices.choose(this.#data, part, this.choices.stake(this.#data)[direction < 0 ? lower : higher]);
      if (part === "lines") this.scene.preview(this.choices.stake(this.#data).lines);
    };
    this.deck = deck({
      spin: () => this.#press(),
      auto: () => (this.choices.auto.on ? this.#endAutoplay("") : this.choices.askAutoplay(this.#data, () => this.#spin())),
      turbo: () => this.choices.toggleTurbo(),
      buy: () => this.choices.askBuy(this.#data, (buy) => this.scene.buyPicture(buy, this.#data)),
      gamble: () => this.screens.gamble(this.#data.gamble),
      collect: () => session.act("collect"),
      rules: () => this.showRules(),
      bet: step("bet", "lowerBet", "higherBet"),
      lines: step("lines", "fewerLines", "moreLines"),
    });
    this.scene = new Scene(game, this.money, () => session.state?.wallet.denom_info);
    this.element = h("main", { class: "slots", testid: "table" }, this.scene.element, this.deck.element);
    this.scene.element.addEventListener("click", (event) => !event.target.closest("button, .screen") && this.#hurry());
    this.screens = new Screens(this.scene.element, {
      money: this.money, act: (action, params) => session.act(action, params), start: () => this.#freeSpin(),
      picture: (data) => this.scene.awardPicture(data), onward: () => this.choices.auto.on, changed: () => this.refresh(),
    });
    this.stopWatching = watchSize(this.scene.window, (size) => this.scene.fit(size));
  }

  money = (amount) => money(amount, this.session.state?.wallet.denom_info);

  destroy() {
    clearTimeout(this.#timer);
    this.#show?.abort();
    this.#show = null;
    this.stopWatching();
    this.scene.stop();
    this.screens.close();
    endCelebration();
  }

  /** Whether something that was won is still on its way to the eye. */
  get showing() {
    return this.#show !== null && !this.#seen;
  }

  /** Something greater has happened: nothing goes on by itself. */
  interrupt() {
    if (this.choices.auto.on) this.#endAutoplay("Autoplay stopped: you have won a jackpot.");
  }

  /**
   * @param {import("../../types.js").State} state
   * @param {{animate: boolean}} options
   */
  update(state, { animate }) {
    const { id, name } = state.gamestate;
    const begins = animate && (state.session?.rounds ?? 0) > this.#rounds;
    this.#rounds = state.session?.rounds ?? 0;
    if (begins) this.#next.begun(this.choices.flags.min_spin_ms);
    // The same state again: a wallet or a setting has changed, or what was asked was refused.
    if (animate && id === this.#sid) return this.#unchanged();
    this.#sid = id;
    const before = this.#data;
    const data = (this.#data = readData(state.gamestate.data));
    this.#name = name;
    this.scene.prepare(data);
    clearTimeout(this.#timer);
    const news = newSpin(before, data);
    if (animate && this.#asked && !news && !begins) {
      this.#timer = setTimeout(() => this.#run(data, before, true, false), BEHIND_MS);
      this.refresh();
    } else if (animate) this.#run(data, before, news || this.#asked, begins);
    else this.#settle();
  }

  /** Redraws the buttons, for the session is busy or idle now. */
  refresh() {
    const data = this.#data;
    if (!data) return;
    const { session, choices } = this;
    const { flags, auto, turbo } = choices;
    if (this.#asked && !session.live) return this.#settle();
    const stake = choices.stake(data);
    const early = this.#name !== "feature" && this.#next.left > 0;
    const short = stake.stake > choices.credits;
    this.deck.update({
      stake, can: (action) => session.can(action), ready: !this.#show && !this.#asked && !this.screens.kind && !early, busy: session.busy, live: session.live, short, money: this.money,
      win: data.win, left: auto.left, face: this.#face(), showAuto: flags.autoplay, showTurbo: flags.turbo, turbo, auto: auto.on, canAuto: !short, buys: data.buys.length > 0,
    });
    // The answer to a gamble is on its way to the card, too.
    if (!this.#show) this.screens.refresh(data, session.live && !session.busy);
    this.scene.price(stake);
    // What is being shown must not be told by its surroundings.
    if (!this.showing) this.#free = data.feature?.type === "free_spins" || (this.#show !== null && data.done?.type === "free_spins");
    Object.assign(this.element.dataset, { phase: this.#show || this.#asked ? "spinning" : this.#name, screen: this.screens.kind, mode: this.#free ? "free" : "base", theme: this.scene.theme });
  }

  /** @returns {import("./deck.js").Look["face"]} what the big button does */
  #face() {
    if (this.choices.auto.on) return "auto";
    if (this.screens.busy) return "wait";
    if (this.screens.open) return this.screens.kind === "gamble" ? "collect" : "continue";
    if (this.#asked || this.#show) return this.#hurriable ? "stop" : "wait";
    return this.#name === "feature" ? "continue" : "spin";
  }

  /** What the keyboard can do here. */
  commands() {
    return { ...this.deck.commands, play: () => this.#press(), rules: () => this.showRules(), card: (index) => this.screens.open?.pick?.(index) };
  }

  showRules() {
    showRules(this.game.id, this.game.title);
  }

  /** Why the player cannot leave now, and the action that ends it. */
  unfinished() {
    return this.#name === "feature" ? { title: "A feature is waiting", text: "Play it to its end now and leave with what it brings, or stay?", yes: "Play it and leave", action: "play", params: { all: true, collect: true } } : null;
  }

  /** The one big button, and Space. */
  #press() {
    if (this.choices.auto.on) return this.#endAutoplay("");
    if (this.screens.open && !this.screens.busy) return this.screens.open.main();
    if (this.#show || this.#asked) return this.#hurry();
    if (this.#name === "feature") this.#freeSpin();
    else this.#spin();
  }

  #spin() {
    const { order, stake } = this.choices.stake(this.#data);
    if (!this.session.can("spin") || this.#next.left) return;
    this.choices.auto.spun(stake);
    this.session.act("spin", order);
    if (this.#data.win) this.deck.win(0, this.money, { now: true });
    this.#turn();
  }

  #freeSpin() {
    if (!this.session.can("play")) return;
    this.#rolling = true;
    this.session.act("play");
    this.#turn();
  }

  /** The reels turn before the answer is there: it will not be long. */
  #turn() {
    clearTimeout(this.#timer);
    endCelebration();
    this.#asked = true;
    this.scene.spin(this.#data, this.#name === "feature");
    this.refresh();
  }

  /** Whether the player may cut short what is shown. */
  get #hurriable() {
    const { turbo, min_spin_ms: least } = this.choices.flags;
    return turbo || least === 0 || !this.scene.reels.spinning;
  }

  #hurry() {
    if (!this.#hurriable) return;
    if (!this.scene.reels.spinning) endCelebration();
    this.#show?.abort();
  }

  #unchanged() {
    if (this.#asked && !this.session.busy) this.#settle();
    this.refresh();
  }

  /**
   * Shows what the last step brought.
   * @param {SlotsData} data @param {SlotsData|null} before @param {boolean} spun @param {boolean} begins a round
   */
  async #run(data, before, spun, begins) {
    this.#show?.abort();
    const show = (this.#show = new AbortController());
    const here = () => this.#show === show;
    const { scene, choices } = this;
    this.#asked = this.#seen = false;
    if (begins) this.deck.win(0, this.money, { now: true });
    this.refresh();
    if (spun && data.spin) {
      if (!scene.reels.spinning) scene.spin(before ?? data, !begins);
      await showSpin(data, { ...scene, deck: this.deck, money: this.money },
        { pace: paceOf(choices), least: begins ? choices.flags.min_spin_ms : 0, teasers: scene.teasers }, show.signal);
    } else {
      scene.reels.set(windowOf(data));
      await this.screens.result(data, before, show.signal);
      if (here()) this.deck.win(data.win, this.money);
    }
    if (!here()) return;
    this.#seen = true;
    this.refresh();
    this.reveal();
    scene.hud(data.feature ?? data.done, { counting: true });
    announce(describeStep(data, spun, this.money));
    if (data.done?.type === "wheel") celebrate(data.done.win, data.stake, { place: this.deck.winMeter, stage: scene.element, money: this.money });
    await this.screens.total(data);
    if (!here()) return;
    this.#show = null;
    scene.hud(data.feature, {});
    this.screens.stand(data, this.#name, true);
    if (data.capped) scene.tell("The largest win of this game!");
    this.#goOn(data);
  }

  /** Everything of the state, at once. */
  #settle() {
    const data = this.#data;
    clearTimeout(this.#timer);
    this.#show?.abort();
    this.#show = null;
    this.#asked = this.#rolling = false;
    this.choices.auto.stop();
    endCelebration();
    this.screens.close();
    this.scene.settle(data, this.#name);
    this.deck.win(data.win, this.money, { now: true });
    this.screens.stand(data, this.#name, false);
    this.#waitForRound();
    this.refresh();
  }

  /** What follows by itself: the next free spin, the next spin of the autoplay. */
  #goOn(data) {
    const pace = paceOf(this.choices);
    const { scene, choices: { auto } } = this;
    const feature = this.#name === "feature";
    const inFree = feature && data.feature?.type === "free_spins" && data.feature.played > 0;
    this.#rolling &&= inFree;
    if (!feature && auto.on) scene.tell(auto.ended(data.win));
    if (feature && !inFree && auto.on && auto.stopsAtFeature) this.#endAutoplay("Autoplay stopped: a feature was won.");
    // The button is free as soon as the next round may begin.
    this.#waitForRound();
    this.refresh();
    const gap = paidWins(data.spin).length ? pace.afterWin : pace.gap;
    if (this.#rolling) this.#timer = setTimeout(() => this.#freeSpin(), gap);
    else if (auto.on && !feature) {
      const why = auto.refuses(this.choices.stake(data).stake, this.choices.credits);
      if (why) return this.#endAutoplay(why);
      this.#timer = setTimeout(() => this.#spin(), Math.max(gap, this.#next.left + 20));
    }
  }

  #waitForRound() {
    if (this.#next.left) pause(this.#next.left + 15).then(() => this.element.isConnected && this.refresh());
  }

  #endAutoplay(why) {
    this.choices.auto.stop();
    if (!this.#asked) clearTimeout(this.#timer);
    this.scene.tell(why);
    this.refresh();
  }
}
