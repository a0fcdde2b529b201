/** What the lobby of a social casino shows above the games: the player's level, the daily bonus, the shop. */

import { medal, present, treasure } from "../../art/treasure.js";
import { h, setText } from "../../dom.js";
import { money } from "../../money.js";
import { showBonus, timeText } from "./bonus.js";
import { nextText, progressBar, showLevel } from "./level.js";
import { portrait } from "./portrait.js";
import { priceText, showShop } from "./shop.js";

/** @param {import("../../social.js").Social} social */
export function socialStrip(social) {
  const { player } = social.session;
  const face = portrait("portrait strip-portrait");
  const badge = h("span", { class: "strip-medal" });
  const name = h("span", { class: "strip-name", testid: "strip-name" });
  const rank = h("span", { class: "strip-rank" });
  const next = h("span", { class: "strip-note" });
  const bar = progressBar("strip-progress");
  const level = h("button", { class: "strip-card strip-level", type: "button", testid: "strip-level", on: { click: () => showLevel(social) } },
    h("span", { class: "strip-face" }, face.element, badge), h("span", { class: "strip-text" }, name, rank, bar.element, next));

  const gift = h("span", { class: "strip-picture" });
  const bonusNote = h("span", { class: "strip-note", testid: "strip-bonus-note" });
  const bonusDeed = h("span", { class: "strip-deed", "aria-hidden": "true" }, "Collect");
  const bonus = h("button", { class: "strip-card strip-bonus", type: "button", testid: "strip-bonus", on: { click: () => showBonus(social) } },
    gift, h("span", { class: "strip-text" }, h("span", { class: "strip-title" }, "Daily bonus"), bonusNote), bonusDeed);

  const shopNote = h("span", { class: "strip-note" });
  const shop = h("button", { class: "strip-card strip-shop", type: "button", testid: "strip-shop", on: { click: () => showShop(social) } },
    h("span", { class: "strip-picture" }, treasure(3, 6)), h("span", { class: "strip-text" }, h("span", { class: "strip-title" }, "Get credits"), shopNote), h("span", { class: "strip-deed", "aria-hidden": "true" }, "Shop"));

  const element = h("section", { class: "social-strip", testid: "social-strip", "aria-label": "Your level, bonus and shop", hidden: true }, level, bonus, shop);
  let shown = 0;
  let giftOpen = /** @type {boolean|null} */ (null);

  function update() {
    const { standing, status } = social;
    const denom = social.session.state?.wallet.denom_info;
    level.hidden = !standing;
    if (standing) updateLevel(standing, denom);
    updateBonus(status?.daily_bonus, denom);
    shop.hidden = !social.shop;
    const cheapest = [...social.products].sort((a, b) => Number(a.price.amount) - Number(b.price.amount))[0];
    setText(shopNote, cheapest ? `From ${priceText(cheapest.price)}` : "For testers");
    const count = [level, bonus, shop].filter((card) => !card.hidden).length;
    element.dataset.count = String(count);
    element.hidden = count === 0;
  }

  function updateLevel(standing, denom) {
    face.show(player.picture ?? "");
    setText(name, player.name || "Welcome");
    setText(rank, `Level ${standing.level}`);
    if (shown !== standing.level) badge.replaceChildren(medal(standing.level));
    shown = standing.level;
    bar.update(standing);
    const reward = social.status?.next?.reward;
    setText(next, `${nextText(social)}${reward ? `: +${money(reward, denom)}` : ""}`);
  }

  function updateBonus(now, denom) {
    bonus.hidden = !now;
    if (!now) return;
    const { available, amount } = now;
    bonus.classList.toggle("is-ready", available);
    bonusDeed.hidden = !available;
    setText(bonusNote, available ? `${money(amount, denom)} credits are yours` : `The next one in ${timeText(social.untilDawn)}`);
    if (giftOpen === !available) return;
    giftOpen = !available;
    gift.replaceChildren(present(giftOpen));
  }

  const clock = setInterval(update, 1000);
  const unwatch = social.watch(update);
  update();
  return { element, destroy: () => (clearInterval(clock), unwatch()) };
}
