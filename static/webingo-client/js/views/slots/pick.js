/** The pick feature: closed chests; the house draws what lies in the one that is opened. */

import { h, setText, setUsable, usable } from "../../dom.js";
import { symbolSheet } from "./symbols.js";
import { titled } from "./read.js";
import { openScreen } from "./screen.js";
import { sounds } from "./sounds.js";

/**
 * @param {HTMLElement} stage
 * @param {import("../../types.js").SlotsFeature} feature
 * @param {{money: (amount: number) => string, act: (item: number) => void}} options
 */
export function pickScreen(stage, feature, { money, act }) {
  const sheet = symbolSheet(["Chest"]);
  const left = h("span", { testid: "picks-left" });
  const won = h("strong", { testid: "pick-win" });
  const doors = feature.items.map((_, index) => {
    const face = h("span", { class: "pick-face" });
    const door = h("button", { class: "pick-item", type: "button", testid: `pick-${index}`, on: { click: () => usable(door) && act(index) } },
      h("span", { class: "pick-cover", "aria-hidden": "true" }, sheet.picture("Chest")), face);
    return { door, face };
  });
  const grid = h("div", { class: "pick-grid" }, ...doors.map(({ door }) => door));
  const columns = columnsOf(doors.length, stage.clientWidth > stage.clientHeight * 1.25);
  grid.style.setProperty("--columns", String(columns));
  grid.style.setProperty("--rows", String(Math.ceil(doors.length / columns)));
  const screen = openScreen(stage, { kind: "pick", label: feature.title || "Choose" },
    sheet.element,
    h("h2", { class: "screen-title screen-title-small" }, feature.title || titled(feature.name)),
    grid,
    h("p", { class: "screen-foot" }, left, h("span", {}, "Won ", won)));

  /** @param {import("../../types.js").SlotsFeature} now @param {{usable: boolean, over: boolean}} options */
  function update(now, { usable: open, over }) {
    now.items.forEach((item, index) => {
      const { door, face } = doors[index];
      const news = item.open && !door.classList.contains("is-open") && index === now.last;
      door.classList.toggle("is-open", item.open);
      door.classList.toggle("is-last", index === now.last);
      door.classList.toggle("is-empty", item.open && !item.pay && !item.award);
      face.replaceChildren(...(item.open ? [h("b", {}, contentOf(item, money)), item.pay && item.name ? h("small", {}, item.name) : ""] : []));
      door.setAttribute("aria-label", item.open ? `Chest ${index + 1}: ${contentOf(item, money)}` : `Chest ${index + 1}, closed`);
      setUsable(door, open && !item.open);
      if (news) sounds.open();
    });
    grid.classList.toggle("is-over", over);
    setText(left, over ? "The feature is over" : `${now.left} ${now.left === 1 ? "pick" : "picks"} left`);
    setText(won, money(now.win));
  }

  return { ...screen, update, pick: (index) => doors[index]?.door.click(), main: () => doors.find(({ door }) => usable(door))?.door.click() };
}

/** @param {import("../../types.js").SlotsItem} item @param {(amount: number) => string} money */
export function contentOf(item, money) {
  const parts = [item.pay ? money(item.pay) : "", item.award ? awardText(item.award) : "", item.jackpot ? `Jackpot ${titled(item.jackpot)}` : ""].filter(Boolean);
  if (parts.length) return item.end ? `${parts.join(" + ")}, the end` : parts.join(" + ");
  return item.end ? item.name || "The end" : item.name || "Nothing";
}

/** @param {import("../../types.js").SlotsAward} award */
function awardText({ spins, multiplier = 1, feature }) {
  return spins ? `${spins} free spins${multiplier > 1 ? ` × ${multiplier}` : ""}` : titled(feature);
}

/** @param {number} count @param {boolean} wide */
function columnsOf(count, wide) {
  if (count <= 3 || (wide && count === 4)) return count;
  return (wide ? [5, 4, 6, 3] : [3, 4, 2]).find((columns) => count % columns === 0 && count / columns <= (wide ? 4 : 6)) ?? (wide && count > 8 ? 4 : 3);
}
