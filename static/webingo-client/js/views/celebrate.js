/** How a result is felt: from a small chime to coins over the whole screen. */

import { h } from "../dom.js";
import { clearEffects, coinBurst, coinRain, confetti } from "../effects.js";
import { countTo, still } from "../motion.js";
import { sounds } from "../sound.js";

/** Times the stake. */
const NICE = 3;
const BIG = 15;
const SHOWN_MS = 3600;

/** Takes the banner of a big win away. */
let end = () => {};

/**
 * @param {number} gain what was won just now
 * @param {number} stake
 * @param {{place: HTMLElement, stage: HTMLElement, money: (amount: number) => string}} where
 *   place: the win meter; stage: what the banner covers
 * @returns {Promise<void>} until the banner is gone; at once for what needs none
 */
export async function celebrate(gain, stake, { place, stage, money }) {
  if (gain <= 0) return;
  const times = gain / Math.max(1, stake);
  const { x, y, width } = place.getBoundingClientRect();
  if (times >= BIG) {
    endCelebration();
    sounds.bigWin();
    coinRain(170);
    confetti({ count: 120 });
    await bigWin(gain, times >= BIG * 5 ? "Mega win" : "Big win", stage, money);
  } else if (times >= NICE) {
    sounds.win();
    confetti({ x: x + width / 2, y, count: 70 });
    coinBurst({ x: x + width / 2, y, count: 18 });
  } else {
    sounds.prize();
    coinBurst({ x: x + width / 2, y, count: 10 });
  }
}

function bigWin(gain, title, stage, money) {
  const amount = h("strong", { class: "big-win-amount", data: { value: "0" } }, money(0));
  const element = h("button", { class: "big-win", type: "button", testid: "big-win", "aria-label": `${title}: ${money(gain)}. Go on` },
    h("span", { class: "big-win-rays", "aria-hidden": "true" }), h("span", { class: "big-win-title" }, title), amount);
  element.addEventListener("click", endCelebration);
  stage.append(element);
  countTo(amount, gain, money, { ms: 1700 });
  return /** @type {Promise<void>} */ (new Promise((resolve) => {
    const timer = setTimeout(() => end(), still() ? SHOWN_MS / 2 : SHOWN_MS);
    end = () => {
      clearTimeout(timer);
      element.remove();
      end = () => {};
      resolve();
    };
  }));
}

/** Takes away what is left of a celebration. */
export function endCelebration() {
  end();
  clearEffects();
}
