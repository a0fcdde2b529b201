/** The gamble: red or black doubles the win, one of three signs triples it. What is pointed at only turns the card: the house draws. */

import { h, setText, setUsable, svg, usable } from "../../dom.js";
import { confetti } from "../../effects.js";
import { countTo, still } from "../../motion.js";
import { CLASSIC } from "../../art/symbols/classic.js";
import { GEMS } from "../../art/symbols/gems.js";
import { RANKS } from "../../art/symbols/ranks.js";
import { SKY } from "../../art/symbols/sky.js";
import { pause } from "./pace.js";
import { openScreen, screenButton } from "./screen.js";
import { symbolSheet } from "./symbols.js";
import { sounds } from "./sounds.js";

const FLIP_MS = 420;
const SHOWN_MS = 1300;

/** What can be pointed at, per type. */
const CHOICES = {
  double_up: [["red", "Red", GEMS.heart], ["black", "Black", RANKS.spade]],
  triple_up: [["sun", "Sun", SKY.sun], ["moon", "Moon", SKY.moon], ["star", "Star", CLASSIC.star]],
};
const TIMES = { double_up: 2, triple_up: 3 };
const CHANCES = { double_up: "1 in 2", triple_up: "1 in 3" };

/**
 * @param {HTMLElement} stage
 * @param {import("../../types.js").SlotsGamble} gamble
 * @param {{money: (amount: number) => string, act: (type: string, context: string) => void, collect: () => void}} options
 */
export function gambleScreen(stage, gamble, { money, act, collect }) {
  let context = "game_round";
  let now = gamble;
  let open = true;
  /** @type {{type: string, sign: string}|null} what the player has pointed at */
  let pointed = null;
  // Only for its gradients; the signs are drawn where they stand.
  const sheet = symbolSheet([]);
  const amount = h("strong", { class: "gamble-amount", testid: "gamble-amount", data: { value: String(gamble.amount) } }, money(gamble.amount));
  const front = h("span", { class: "gamble-front" });
  const card = h("div", { class: "gamble-card", testid: "gamble-card" }, h("span", { class: "gamble-back", "aria-hidden": "true" }, "?"), front);
  const history = h("ol", { class: "gamble-history", "aria-label": "Steps so far", testid: "gamble-history" });
  const left = h("span", { class: "gamble-left" });
  const take = screenButton("gamble-collect", "Collect", () => usable(take) && collect(), "gamble-collect");
  const rows = Object.keys(CHOICES).filter((type) => gamble.types.includes(type) || gamble.spin_types?.includes(type)).map((type) => row(type));
  const part = h("div", { class: "gamble-part", role: "radiogroup", "aria-label": "What to gamble" }, ...["game_round", "spin"].map(partButton));
  const screen = openScreen(stage, { kind: "gamble", label: `Gamble ${money(gamble.amount)}`, main: take },
    sheet.element,
    h("div", { class: "gamble-head" }, h("h2", { class: "screen-title screen-title-small" }, "Gamble"), history),
    h("div", { class: "gamble-table" }, card, h("div", { class: "gamble-stake" }, h("span", { class: "hud-label" }, "At stake"), amount, part, left)),
    h("div", { class: "gamble-rows" }, ...rows.map(({ element }) => element)),
    take);

  function partButton(name) {
    const choose = () => {
      context = name;
      show();
    };
    return h("button", { class: "gamble-part-button", type: "button", role: "radio", testid: `gamble-${name}`, data: { name }, on: { click: choose } }, name === "spin" ? "Last spin" : "Whole round");
  }

  function row(type) {
    const brings = h("strong", {});
    const buttons = CHOICES[type].map(([sign, title, draw]) => h("button", {
      class: `gamble-choice is-${sign}`, type: "button", testid: `gamble-${type}-${sign}`, "aria-label": `${title}: ${CHANCES[type]} to win ${TIMES[type]} times the amount`,
      on: { click: (event) => usable(event.currentTarget) && point(type, sign) },
    }, svg("svg", { viewBox: "0 0 100 100", class: "gamble-sign", "aria-hidden": "true" }, ...draw()), h("span", {}, title)));
    const element = h("div", { class: `gamble-row gamble-${type}` }, h("span", { class: "gamble-label" }, h("b", {}, `× ${TIMES[type]}`), h("small", {}, CHANCES[type]), brings), ...buttons);
    return { type, element, buttons, brings };
  }

  function point(type, sign) {
    pointed = { type, sign };
    sounds.click();
    act(type, context);
  }

  const types = () => (context === "spin" ? now.spin_types : now.types) ?? [];
  const atStake = () => (context === "spin" ? now.spin_amount : now.amount);

  function show() {
    part.hidden = !(now.spin_amount > 0 && now.spin_amount < now.amount);
    if (part.hidden) context = "game_round";
    for (const { type, buttons } of rows) for (const button of buttons) setUsable(button, open && types().includes(type));
    for (const button of part.children) button.setAttribute("aria-checked", String(button.dataset.name === context));
    countTo(amount, atStake(), money, { ms: 500 });
    for (const { type, brings } of rows) setText(brings, money(atStake() * TIMES[type]));
    setText(left, `${now.steps_left} ${now.steps_left === 1 ? "step" : "steps"} left`);
    setText(take, `Collect ${money(now.amount)}`);
  }

  function face(type, sign) {
    const choice = CHOICES[type]?.find(([name]) => name === sign);
    front.className = `gamble-front is-${sign}`;
    front.replaceChildren(svg("svg", { viewBox: "0 0 100 100", class: "gamble-sign" }, ...(choice?.[2]() ?? [])));
  }

  return {
    ...screen,

    /** @param {import("../../types.js").SlotsGamble} next @param {boolean} usableNow whether steps can be taken now */
    update(next, usableNow) {
      now = next;
      history.replaceChildren(...next.history.map(({ type, won }) => h("li", { class: won ? "is-won" : "is-lost" }, won ? `× ${TIMES[type] ?? 2}` : "×")));
      open = usableNow;
      setUsable(take, open);
      show();
    },

    /** Turns the card. @param {boolean} won @param {string} type @param {AbortSignal} signal */
    async turn(won, type, signal) {
      const choices = CHOICES[pointed?.type ?? type] ?? CHOICES.double_up;
      const mine = pointed?.sign ?? choices[0][0];
      const others = choices.map(([sign]) => sign).filter((sign) => sign !== mine);
      for (const { buttons } of rows) for (const button of buttons) setUsable(button, false);
      setUsable(take, false);
      face(pointed?.type ?? type, won ? mine : others[Math.floor(Math.random() * others.length)]);
      sounds.flip();
      card.classList.add("is-turned");
      await pause(still() ? 0 : FLIP_MS, signal);
      card.classList.add(won ? "is-won" : "is-lost");
      const { x, y, width } = card.getBoundingClientRect();
      if (won) {
        sounds.win();
        confetti({ x: x + width / 2, y, count: 60 });
      } else sounds.lost();
      await pause(SHOWN_MS, signal);
      card.classList.remove("is-turned", "is-won", "is-lost");
      pointed = null;
    },
  };
}
