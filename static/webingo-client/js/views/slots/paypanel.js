/** The pay table beside the reels: what each symbol pays at the chosen bet. */

import { h, setText } from "../../dom.js";

/** @param {import("./symbols.js").SymbolSheet} sheet */
export function payPanel(sheet) {
  const list = h("ul", { class: "pays-list" });
  const element = h("aside", { class: "pays", "aria-label": "Pay table" }, h("h2", {}, "Pay table"), list);
  /** @type {{cell: HTMLElement, pay: number, scatter: boolean}[]} */
  let amounts = [];
  /** @type {Map<string, HTMLElement>} */
  let rows = new Map();

  const pictures = (symbols) => h("span", { class: "pays-symbols" }, ...[...new Set(symbols)].filter((symbol) => symbol !== "*").slice(0, 3).map((symbol) => sheet.picture(symbol)));
  const line = ({ symbols, counts, kind }) => h("li", { class: "pays-row" }, pictures(symbols),
    h("span", { class: "pays-counts" }, ...counts.slice(0, 4).map(([count, pay]) => {
      const cell = h("b", {});
      amounts.push({ cell, pay, scatter: kind === "scatter" });
      return h("span", { class: "pays-count" }, h("small", {}, `${count}×`), cell);
    })));

  return {
    element,

    /** @param {import("../../types.js").Rules} rules until they are there, an empty panel keeps the place */
    fill({ table, wilds }) {
      amounts = [];
      const paid = table.filter(({ counts }) => counts.length);
      const others = wilds.filter((wild) => !paid.some(({ symbols }) => symbols.length === 1 && symbols[0] === wild));
      rows = new Map(paid.map((row) => [row.name, line(row)]));
      list.replaceChildren(...others.map((wild) => h("li", { class: "pays-row" }, pictures([wild]), h("span", { class: "pays-role" }, "Wild"))), ...rows.values());
      element.hidden = list.children.length === 0;
    },

    /** There are no rules to be had. */
    none() {
      element.hidden = true;
    },

    /** @param {{bet: number, stake: number}} stake @param {(amount: number) => string} money */
    price({ bet, stake }, money) {
      for (const { cell, pay, scatter } of amounts) setText(cell, money(pay * (scatter ? stake : bet)));
    },

    /** @param {Set<string>} names of the pays that won */
    light(names) {
      for (const [name, row] of rows) row.classList.toggle("is-hit", names.has(name));
    },
  };
}
