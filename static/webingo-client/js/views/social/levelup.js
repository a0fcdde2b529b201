/** A new level: seen by everybody in the room for some seconds, in nobody's way. */

import { announce } from "../../announce.js";
import { medal } from "../../art/treasure.js";
import { h } from "../../dom.js";
import { coinRain, confetti } from "../../effects.js";
import { still } from "../../motion.js";
import { sounds } from "../../sound.js";

const SHOWN_MS = 5200;
const STILL_MS = 4000;

/** Takes the one that is shown away. */
let end = () => {};

/** @param {number} level @param {string} reward an amount, or "" */
export function celebrateLevel(level, reward) {
  end();
  const close = h("button", { class: "level-up-card", type: "button", testid: "level-up", "aria-label": `Level ${level}${reward ? `, and ${reward} credits for you` : ""}. Go on`, on: { click: () => end() } },
    h("span", { class: "level-up-rays", "aria-hidden": "true" }),
    h("span", { class: "level-up-medal" }, medal(level)),
    h("span", { class: "level-up-word" }, "Level up!"),
    h("span", { class: "level-up-level" }, `Level ${level}`),
    reward && h("span", { class: "level-up-reward", testid: "level-up-reward" }, h("span", { class: "coin", "aria-hidden": "true" }), `+${reward}`));
  const element = h("div", { class: "level-up" }, close);
  document.body.append(element);
  announce(`Level up! You have reached level ${level}.${reward ? ` ${reward} credits are in your purse.` : ""}`);
  sounds.levelUp();
  confetti({ y: innerHeight * 0.4, count: 130 });
  if (reward) coinRain(60);
  const timer = setTimeout(() => end(), still() ? STILL_MS : SHOWN_MS);
  end = () => {
    clearTimeout(timer);
    end = () => {};
    element.classList.add("is-going");
    setTimeout(() => element.remove(), still() ? 0 : 260);
  };
}
