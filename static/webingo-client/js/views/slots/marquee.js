/** The sign over the reels: the name of the game, or how the free spins stand. */

import { h, setText } from "../../dom.js";
import { countTo } from "../../motion.js";

/** @param {string} title */
export function marquee(title) {
  const number = h("strong", { class: "hud-number", testid: "free-played" });
  const of = h("span", { class: "hud-of" });
  const bar = h("span", { class: "hud-bar", "aria-hidden": "true" });
  const multiplier = h("strong", { class: "hud-multiplier", testid: "free-multiplier" });
  const times = h("div", { class: "hud-times" }, h("span", { class: "hud-label" }, "All wins"), multiplier);
  const total = h("strong", { class: "hud-total", testid: "free-total", data: { value: "0" } });
  const left = h("span", { class: "visually-hidden", testid: "free-left" });
  const hud = h("div", { class: "hud", testid: "free-hud", hidden: true },
    h("div", { class: "hud-spins" }, h("span", { class: "hud-label" }, "Free spin"), h("span", { class: "hud-count" }, number, of), bar, left),
    times,
    h("div", { class: "hud-won" }, h("span", { class: "hud-label" }, "Won"), total));
  const name = h("h1", { class: "marquee-title" }, title);
  const element = h("header", { class: "marquee" }, name, hud);

  return {
    element,

    /**
     * @param {import("../../types.js").SlotsFeature|null} feature
     * @param {(amount: number) => string} money
     * @param {{counting?: boolean, spinning?: boolean, drawn?: number|null}} [options]
     *   spinning: the next one is on its way; drawn: the multiplier of the last one, where each draws its own
     */
    show(feature, money, { counting = false, spinning = false, drawn = null } = {}) {
      const free = feature?.type === "free_spins" ? feature : null;
      hud.hidden = !free;
      name.classList.toggle("visually-hidden", Boolean(free));
      if (!free) return;
      const played = Math.min(free.total, free.played + Number(spinning));
      setText(number, String(played));
      setText(of, `of ${free.total}`);
      setText(left, `${free.total - played} left`);
      bar.style.setProperty("--part", String(free.total ? played / free.total : 0));
      times.hidden = free.multiplier === 1;
      setText(multiplier, `× ${free.multiplier ?? drawn ?? "?"}`);
      countTo(total, free.win, money, { now: !counting });
    },
  };
}
