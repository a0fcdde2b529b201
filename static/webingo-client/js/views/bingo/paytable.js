/** The pay table: little pictures of every pattern with what it brings, beside the cards and in the rules. */

import { h, svg, setText } from "../../dom.js";
import { cellsOf } from "./round.js";

const CELL = 10;

/** @param {string[]} picture rows such as "x...x" @returns {SVGElement} */
export function patternPicture(picture) {
  const filled = new Set(cellsOf(picture));
  const columns = picture[0]?.length ?? 0;
  return svg("svg", { class: "pattern", viewBox: `-2 -2 ${columns * CELL + 3} ${picture.length * CELL + 3}`, "aria-hidden": "true" },
    svg("rect", { class: "pattern-back", x: -2, y: -2, width: columns * CELL + 3, height: picture.length * CELL + 3, rx: 3 }),
    ...[...picture.join("")].map((_, index) => svg("rect", {
      class: filled.has(index) ? "pattern-on" : "pattern-off",
      x: (index % columns) * CELL, y: Math.floor(index / columns) * CELL, width: CELL - 1.2, height: CELL - 1.2, rx: 2,
    })));
}

/** The table beside the cards, which lights up what the round has hit. */
export function payPanel() {
  const list = h("ul", { class: "pay-list" });
  const element = h("aside", { class: "pay-panel", "aria-label": "Pay table" }, h("h2", {}, "Pay table"), list);
  /** @type {Map<string, {row: HTMLElement, pay: HTMLElement, factor: number|null}>} */
  let rows = new Map();

  return {
    element,

    /** @param {import("../../types.js").Pay[]} pays */
    fill(pays) {
      rows = new Map(pays.map((each) => {
        const pay = h("span", { class: "pay-amount" });
        const row = h("li", { class: "pay-row" }, each.pictures[0] && patternPicture(each.pictures[0]), h("span", { class: "pay-title" }, each.title), pay);
        return [each.name, { row, pay, factor: each.pay }];
      }));
      list.replaceChildren(...[...rows.values()].map(({ row }) => row));
      element.classList.toggle("is-empty", pays.length === 0);
    },

    /** @param {number} bet per card @param {(amount: number) => string} format */
    price(bet, format) {
      for (const { pay, factor } of rows.values()) setText(pay, factor === null ? "" : format(factor * bet));
    },

    /** @param {Iterable<string>} hit names of won patterns @param {Iterable<string>} near names of those one ball away */
    light(hit, near) {
      const [won, missing] = [new Set(hit), new Set(near)];
      for (const [name, { row }] of rows) {
        row.classList.toggle("is-hit", won.has(name));
        row.classList.toggle("is-near", !won.has(name) && missing.has(name));
      }
    },
  };
}
