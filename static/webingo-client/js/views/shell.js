/** What is around every view: the bar at the top, the banner of a lost connection, toasts. */

import { logo } from "../art/logo.js";
import { sessionClock } from "../clock.js";
import { h, setText } from "../dom.js";
import { coinBurst } from "../effects.js";
import { money } from "../money.js";
import { countTo } from "../motion.js";
import { shortName } from "../player.js";
import { portrait } from "./social/portrait.js";
import { levelBadge } from "./social/level.js";
import { sounds } from "../sound.js";
import { toasts } from "../toast.js";
import { banner } from "./banner.js";
import { icon } from "../art/icons.js";

/**
 * @param {{back: () => void, help: () => void, rules: () => void, sound: () => void, player: () => void, retry: () => void,
 *          shop: () => void, level: () => void}} deeds
 * @param {import("../player.js").Player} player
 * @param {import("../social.js").Social} social
 */
export function shell(deeds, player, social) {
  const button = (testid, label, picture, deed) =>
    h("button", { class: "icon-button", type: "button", testid, "aria-label": label, title: label, on: { click: deed } }, icon(picture));
  const back = button("back", "Back to the lobby", "back", deeds.back);
  const rules = button("rules", "Pay table and rules", "rules", deeds.rules);
  const help = button("help", "Help and shortcuts", "help", deeds.help);
  const sound = button("sound", "Sound", "soundOff", deeds.sound);
  const title = h("span", { class: "bar-title" });
  const credits = h("output", { class: "credits-value", testid: "credits" });
  const purse = h("div", { class: "credits" }, h("span", { class: "coin", "aria-hidden": "true" }), h("span", { class: "credits-label" }, "Credits"), credits);
  const more = h("button", { class: "credits-more", type: "button", testid: "shop", "aria-label": "Get credits", title: "Get credits", hidden: true, on: { click: deeds.shop } }, "+");
  purse.append(more);
  const level = levelBadge(social, deeds.level);
  const clock = sessionClock();
  const called = h("span", {});
  const face = portrait();
  const name = h("button", { class: "player", type: "button", testid: "player", on: { click: deeds.player } }, face.element, called);
  const lost = banner(deeds.retry);
  const view = h("div", { class: "view" });
  const meters = h("div", { class: "bar-meters" });
  const bar = h("header", { class: "bar" },
    back, logo("bar-logo"), h("div", { class: "bar-where" }, title, clock.element),
    h("div", { class: "bar-space" }), meters, level.element, purse, name, h("div", { class: "bar-icons" }, rules, sound, help));
  let soundOn = false;
  back.hidden = rules.hidden = true;
  who();
  social.watch(() => {
    level.update();
    more.hidden = !social.shop;
    purse.classList.toggle("has-more", social.shop);
  });

  /** Shows the player as the platform knows them. */
  function who() {
    setText(called, shortName(player.name || player.uid));
    name.title = player.name || player.uid;
    face.show(player.picture ?? "");
  }

  return {
    element: h("div", { class: "shell" }, bar, lost.element, view, toasts()),
    status: lost.update,

    /** @param {{element: HTMLElement}} next @param {HTMLElement} [strip] what stands in the bar meanwhile */
    show(next, strip) {
      view.replaceChildren(next.element);
      meters.replaceChildren(...(strip ? [strip] : []));
    },

    /**
     * @param {import("../types.js").State} state
     * @param {{gameTitle: string, first: boolean, hidden: number}} options hidden: what was won but is not seen yet
     */
    update(state, { gameTitle, first, hidden }) {
      const inGame = gameTitle !== "";
      bar.classList.toggle("in-game", inGame);
      back.hidden = rules.hidden = !inGame;
      setText(title, gameTitle);
      const now = state.wallet.credits - hidden;
      const before = Number(credits.dataset.value ?? now);
      countTo(credits, now, (amount) => money(amount, state.wallet.denom_info), { now: first });
      purse.dataset.long = String(Math.floor(money(Math.max(now, before), state.wallet.denom_info).length / 4)); // it gives way on a phone
      if (!first && now > before) {
        const { x, y, width, height } = purse.getBoundingClientRect();
        coinBurst({ x: x + width / 2, y: y + height, count: 8 });
        sounds.coins();
      }
      clock.update(state, hidden);
    },

    /** @param {import("../types.js").Profile} profile */
    who({ name, picture }) {
      Object.assign(player, { name: name || player.name, picture });
      who();
    },

    /** @param {boolean} on */
    sound(on) {
      if (on !== soundOn) sound.replaceChildren(icon(on ? "soundOn" : "soundOff"));
      soundOn = on;
      sound.setAttribute("aria-pressed", String(on));
    },
  };
}
