/** How free spins (and any other feature) begin and end: what was won, and what it came to. */

import { h } from "../../dom.js";
import { confetti, coinRain } from "../../effects.js";
import { countTo } from "../../motion.js";
import { pause } from "./pace.js";
import { openScreen, screenButton } from "./screen.js";
import { titled } from "./read.js";
import { sounds } from "./sounds.js";

const RETRIGGER_MS = 1500;

/**
 * @param {HTMLElement} stage
 * @param {import("../../types.js").SlotsFeature} feature
 * @param {{symbol: SVGElement|null, start: () => void, news: boolean}} options
 */
export function introScreen(stage, { total, multiplier }, { symbol, start, news }) {
  const button = screenButton("start-feature", "Start", start);
  if (news) {
    sounds.feature();
    confetti({ count: 110 });
  }
  return openScreen(stage, { kind: "intro", label: `${total} free spins${multiplier > 1 ? `, all wins times ${multiplier}` : ""}`, main: button },
    symbol && h("div", { class: "screen-symbol" }, symbol),
    h("p", { class: "screen-kicker" }, "You have won"),
    h("strong", { class: "screen-number", testid: "intro-spins" }, total),
    h("h2", { class: "screen-title" }, total === 1 ? "free spin" : "free spins"),
    multiplier > 1 && h("p", { class: "screen-note" }, "All wins ", h("strong", {}, `× ${multiplier}`)),
    button);
}

/**
 * @param {HTMLElement} stage
 * @param {import("../../types.js").SlotsFeature} done
 * @param {{stake: number, money: (amount: number) => string, go: () => void}} options
 */
export function totalScreen(stage, done, { stake, money, go }) {
  const free = done.type === "free_spins";
  const amount = h("strong", { class: "screen-number screen-amount", testid: "feature-total", data: { value: "0" } }, money(0));
  const button = screenButton("go-on", "Go on", go);
  const screen = openScreen(stage, { kind: "total", label: `${money(done.win)} won`, main: button },
    h("h2", { class: "screen-title" }, done.win > 0 ? "Total win" : "Next time"),
    amount,
    h("p", { class: "screen-note" }, free ? `in ${done.played} free ${done.played === 1 ? "spin" : "spins"}` : done.title || titled(done.name)),
    button);
  countTo(amount, done.win, money, { ms: Math.min(2600, 700 + (400 * done.win) / Math.max(1, stake)) });
  if (done.win > 0) {
    sounds.total();
    confetti({ count: 80 });
    if (done.win >= stake * 15) coinRain(150);
  }
  return screen;
}

/** More free spins within free spins: said in passing. @param {HTMLElement} stage @param {number} more @param {AbortSignal} signal */
export async function retriggered(stage, more, signal) {
  const element = h("div", { class: "retrigger", testid: "retrigger" }, h("strong", {}, `+${more}`), h("span", {}, more === 1 ? "free spin" : "free spins"));
  stage.append(element);
  sounds.feature();
  confetti({ count: 60 });
  await pause(RETRIGGER_MS, signal);
  element.remove();
}
