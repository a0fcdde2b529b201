/** What stands on the stage: the sign, the reels in their cabinet, the lines over them, the words below, the pay table beside. */

import { announce } from "../../announce.js";
import { h, setText } from "../../dom.js";
import { plainMoney } from "../../money.js";
import { fetchRules } from "../../rules.js";
import { fitReels } from "./fit.js";
import { winLines } from "./lines.js";
import { marquee } from "./marquee.js";
import { winParade } from "./parade.js";
import { payPanel } from "./paypanel.js";
import { paidWins, windowOf } from "./read.js";
import { reels } from "./reels.js";
import { symbolSheet } from "./symbols.js";

const THEMES = { food: "kitchen", classic: "classic", sea: "sea", sky: "sky", gems: "jewels" };

const PREVIEW_MS = 1600;

/** @typedef {import("../../types.js").SlotsData} SlotsData */

export class Scene {
  #key = "";
  #previewing = 0;
  #signs = symbolSheet(["Chest", "Wheel"]);
  #size = { width: 0, height: 0 };
  /** @type {SlotsData|null} */
  #data = null;
  /** What awards a feature by its count; from the rules. @type {{symbol: string, count: number, reels?: number[]|null}[]} */
  teasers = [];
  theme = "";
  /** @type {any} */ sheet = null;
  /** @type {any} */ reels = null;
  /** @type {any} */ parade = null;
  /** @type {any} */ #pays = null;
  /** @type {any} */ #rules = null;
  /** @type {{bet: number, stake: number}|null} */
  #stake = null;

  /** @param {import("../../types.js").GameInfo} game @param {(amount: number) => string} money @param {() => any} denom */
  constructor(game, money, denom) {
    this.money = money;
    this.denom = denom;
    this.sign = marquee(game.title);
    this.lines = winLines();
    this.message = h("p", { class: "slots-message", testid: "message", "aria-hidden": "true" });
    this.glass = h("div", { class: "glass" });
    this.cabinet = h("div", { class: "cabinet" }, this.glass);
    this.window = h("div", { class: "cabinet-room" }, this.cabinet);
    this.side = h("div", { class: "slots-side" });
    this.element = this.stage = h("div", { class: "slots-stage" }, this.side, this.sign.element, this.window, this.message);
    fetchRules(game.id).then((rules) => this.#learn(rules), () => this.#pays?.none());
  }

  stop() {
    clearTimeout(this.#previewing);
    this.parade?.stop();
  }

  /** Builds the reels, once, or anew for another layout. @param {SlotsData} data */
  prepare(data) {
    this.#data = data;
    const key = JSON.stringify(data.layout);
    if (key === this.#key) return;
    this.#key = key;
    this.parade?.stop();
    this.sheet = symbolSheet(data.layout.symbols);
    this.theme = THEMES[this.sheet.family] ?? "jewels";
    this.reels = reels(data.layout, this.sheet);
    this.parade = winParade(this, this.say);
    this.#pays = payPanel(this.sheet);
    this.glass.replaceChildren(this.sheet.element, this.#signs.element, this.reels.element, this.lines.element, this.parade.element);
    this.side.replaceChildren(this.#pays.element);
    if (this.#rules) this.#learn(this.#rules);
    this.reels.set(windowOf(data));
    this.fit(this.#size);
  }

  /** @param {{width: number, height: number}} size of the room for the cabinet */
  fit(size) {
    this.#size = { width: size.width, height: size.height };
    if (!this.#data || !size.width) return;
    const style = getComputedStyle(this.cabinet);
    const frame = (a, b) => parseFloat(style[a]) + parseFloat(style[b]);
    const room = { width: size.width - frame("paddingLeft", "paddingRight"), height: size.height - frame("paddingTop", "paddingBottom") };
    const cell = fitReels(room, this.#data.layout);
    for (const [name, value] of [["--cell-w", cell.width], ["--cell-h", cell.height], ["--symbol", cell.symbol]]) this.element.style.setProperty(name, `${value}px`);
    this.reels.size(cell.width, cell.height, cell.symbol);
    this.lines.size(this.#data.layout, cell.width, cell.height);
  }

  /** @param {string} text @param {string} [tone] */
  say = (text, tone = "") => {
    setText(this.message, text);
    this.message.dataset.tone = tone;
  };

  /** Says it aloud, too. @param {string} text nothing is said without */
  tell(text) {
    if (!text) return;
    this.say(text, "note");
    announce(text);
  }

  /** @param {SlotsData} data that is left behind @param {boolean} free */
  spin(data, free) {
    clearTimeout(this.#previewing);
    this.parade.stop();
    this.reels.calm();
    this.light(null);
    this.say(free ? "" : "Good luck!");
    if (free && data.feature) this.hud(data.feature, { spinning: true });
    this.reels.start();
  }

  /** @type {(feature: import("../../types.js").SlotsFeature|null, options: {counting?: boolean, spinning?: boolean}) => void} */
  hud = (feature, options) => {
    // Where each spin draws its own, what is coming is not told.
    const drawn = options.spinning || this.#data?.spin?.mode === "base" ? null : this.#data?.spin?.multiplier ?? null;
    this.sign.show(feature, this.money, { ...options, drawn });
  };

  /** Lights what has won in the pay table. @param {import("../../types.js").SlotsSpin|null} spin */
  light = (spin) => this.#pays?.light(new Set(paidWins(spin).map(({ pay }) => pay)));

  /** As the state stands, without motion. @param {SlotsData} data @param {string} name */
  settle(data, name) {
    this.parade.stop();
    this.reels.calm();
    this.reels.set(windowOf(data));
    this.hud(data.feature, {});
    this.light(data.spin);
    this.say(data.win > 0 && data.spin ? `Win ${this.money(data.win)}` : name === "feature" ? "" : "Place your bet and spin", data.win > 0 ? "win" : "");
    if (name === "won") this.parade.start(paidWins(data.spin), this.money, false);
  }

  /** The lines that play now, for a moment. @param {number} count */
  preview(count) {
    this.parade.stop();
    this.lines.preview(count);
    clearTimeout(this.#previewing);
    this.#previewing = setTimeout(() => this.lines.preview(0), PREVIEW_MS);
  }

  /** @param {{bet: number, stake: number}} stake */
  price(stake) {
    this.#stake = stake;
    this.#pays?.price(stake, (amount) => plainMoney(amount, this.denom()));
  }

  /** What won the feature. @param {SlotsData} data @returns {SVGElement|null} */
  awardPicture(data) {
    const pay = data.spin?.awards.find(({ by }) => by?.pay)?.by?.pay ?? this.teasers[0]?.symbol ?? "";
    return this.sheet.names.includes(pay) ? this.sheet.picture(pay) : null;
  }

  /** What stands beside a feature that can be bought. @param {import("../../types.js").SlotsBuy} buy @param {SlotsData} data */
  buyPicture({ name, title }, data) {
    const words = `${name} ${title}`.toLowerCase();
    const sign = words.includes("wheel") ? "Wheel" : words.includes("spin") ? "" : "Chest";
    return sign ? this.#signs.picture(sign) : this.awardPicture(data);
  }

  /** @param {import("../../types.js").Rules} rules */
  #learn(rules) {
    this.#rules = rules;
    this.teasers = rules.table.filter(({ kind, awardsFrom }) => kind === "scatter" && Number.isFinite(awardsFrom))
      .map(({ symbols, awardsFrom, reels: where }) => ({ symbol: symbols[0], count: awardsFrom, reels: where }));
    this.lines.learn(rules.lines);
    this.#pays?.fill(rules);
    for (const { symbols } of this.teasers.length ? rules.table.filter(({ kind }) => kind === "scatter") : []) this.sheet?.roles.set(symbols[0], "Bonus");
    for (const wild of rules.wilds) this.sheet?.roles.set(wild, "Wild");
    this.reels?.name();
    if (this.#stake) this.price(this.#stake);
  }
}
