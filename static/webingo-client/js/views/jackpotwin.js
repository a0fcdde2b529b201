/** The moment that a player won a jackpot: nothing else matters for some seconds. */

import { announce } from "../announce.js";
import { beginAt } from "../dialog.js";
import { h } from "../dom.js";
import { coinRain, confetti, effectsInside } from "../effects.js";
import { countTo, still } from "../motion.js";
import { sounds } from "../sound.js";

const COUNT_MS = 2600;
/** Confetti again and again, while it lasts. */
const BURSTS_MS = [0, 700, 1500, 2600, 3800];

/**
 * @param {string} title of the jackpot
 * @param {number} amount
 * @param {(amount: number) => string} money
 * @returns {Promise<void>} until the player goes on
 */
export function celebrateJackpot(title, amount, money) {
  document.querySelector('[data-testid="jackpot-win"]')?.remove();
  const figure = h("strong", { class: "jackpot-win-amount", data: { value: "0" } }, money(0));
  const on = h("button", { class: "button button-main jackpot-win-on", type: "button", testid: "jackpot-win-on" }, "Go on");
  const element = h("dialog", { class: "jackpot-win", testid: "jackpot-win", "aria-label": `You have won the jackpot ${title}: ${money(amount)}` },
    h("span", { class: "jackpot-win-rays", "aria-hidden": "true" }),
    h("div", { class: "jackpot-win-stage" },
      h("span", { class: "jackpot-win-stars", "aria-hidden": "true" }, h("i", {}, "★"), h("i", {}, "★"), h("i", {}, "★")),
      h("span", { class: "jackpot-win-word" }, "Jackpot"), h("span", { class: "jackpot-win-title" }, title), figure,
      h("span", { class: "jackpot-win-note" }, "It is in your purse already."), on));
  document.body.append(element);
  const giveBack = effectsInside(element);
  element.showModal();
  beginAt(on);
  countTo(figure, amount, money, { ms: COUNT_MS });
  announce(`You have won the jackpot ${title}: ${money(amount)}.`);
  sounds.jackpot();
  coinRain(150);
  const timers = still() ? [] : BURSTS_MS.map((at) => setTimeout(() => confetti({ x: innerWidth * (0.2 + 0.6 * Math.random()), y: innerHeight * 0.3, count: 60 }), at));
  return new Promise((resolve) => {
    on.addEventListener("click", () => element.close());
    element.addEventListener("close", () => {
      timers.forEach(clearTimeout);
      giveBack();
      element.remove();
      resolve();
    });
  });
}
