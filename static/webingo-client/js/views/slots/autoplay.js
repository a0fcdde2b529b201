/** Autoplay: so many spins, and what ends them early. Nothing of it survives a reload. */

import { openDialog } from "../../dialog.js";
import { h } from "../../dom.js";

const SPINS = [10, 25, 50, 100];
/** Times the stake; 0 for no limit. */
const LOSSES = [5, 10, 25, 50];
const WINS = [0, 10, 25, 100];

/** @typedef {{spins: number, loss: number, win: number, feature: boolean}} Limits loss and win in money, 0 for none */

export class Autoplay {
  left = 0;
  #limits = { spins: 0, loss: 0, win: 0, feature: true };
  #net = 0;

  get on() {
    return this.left > 0;
  }

  /** @param {Limits} limits */
  start(limits) {
    this.#limits = limits;
    this.left = limits.spins;
    this.#net = 0;
  }

  stop() {
    this.left = 0;
  }

  /** A spin begins. @param {number} stake */
  spun(stake) {
    if (this.on) this.left--;
    this.#net -= stake;
  }

  /** Why the next spin must not be played; "" if it may. @param {number} stake @param {number} credits */
  refuses(stake, credits) {
    if (credits < stake) return "Autoplay stopped: not enough credits.";
    if (this.#limits.loss && this.#net - stake < -this.#limits.loss) return "Autoplay stopped at the loss limit.";
    return "";
  }

  /**
   * A round is over. @param {number} won
   * @returns {string} why it stops now; "" if it goes on
   */
  ended(won) {
    this.#net += won;
    if (this.on && this.#limits.win && won >= this.#limits.win) {
      this.stop();
      return "Autoplay stopped after a win.";
    }
    return "";
  }

  /** Whether a feature ends it. */
  get stopsAtFeature() {
    return this.#limits.feature;
  }
}

/**
 * @param {{stake: number, money: (amount: number) => string, start: (limits: Limits) => void}} options
 */
export function askAutoplay({ stake, money, start }) {
  const spins = choice("Number of spins", "auto-spins", SPINS, 25, String);
  const loss = choice("Stop when I have lost", "auto-loss", LOSSES, 10, (times) => money(times * stake));
  const win = choice("Stop when a round wins at least", "auto-win", WINS, 0, (times) => (times ? money(times * stake) : "Any win goes on"));
  const feature = h("input", { type: "checkbox", checked: true, name: "feature", testid: "auto-feature" });
  const form = h("form", { class: "auto-form", on: { submit } }, spins.element, loss.element, win.element,
    h("label", { class: "auto-check" }, feature, h("span", {}, "Stop when a feature is won")),
    h("div", { class: "dialog-buttons" }, h("button", { class: "button button-main", type: "submit", testid: "auto-start" }, "Start autoplay")));
  const dialog = openDialog({ title: "Autoplay", testid: "auto-dialog", className: "dialog-small" },
    h("p", { class: "muted" }, `Each spin costs ${money(stake)}. It stops whenever you press the button or Space.`), form);

  function submit(event) {
    event.preventDefault();
    dialog.close();
    start({ spins: spins.value(), loss: loss.value() * stake, win: win.value() * stake, feature: feature.checked });
  }
}

function choice(label, name, values, chosen, text) {
  const element = h("fieldset", { class: "auto-choice" }, h("legend", {}, label),
    h("div", { class: "auto-options" }, ...values.map((value) => h("label", { class: "auto-option" },
      h("input", { type: "radio", name, value, checked: value === chosen }), h("span", { testid: `${name}-${value}` }, text(value))))));
  return { element, value: () => Number(element.querySelector("input:checked")?.value ?? chosen) };
}
