/** The pay table and the lines of a slot game, for the rules. */

import { h, svg } from "../../dom.js";
import { colourOf } from "./lines.js";
import { titled } from "./read.js";
import { symbolSheet } from "./symbols.js";

/** @typedef {import("../../types.js").Rules} Rules */

/** @param {Rules} rules @returns {Node[]} */
export function payTable({ table, symbols, wilds }) {
  const sheet = symbolSheet(symbols);
  const units = [...new Set(table.filter(({ kind }) => kind !== "scatter").map(({ unit }) => unit))];
  const scatters = table.some(({ kind, counts }) => kind === "scatter" && counts.length);
  const paid = new Set(table.flatMap((row) => row.symbols));
  const unpaid = wilds.filter((wild) => !paid.has(wild)).map((symbol) => ({ name: symbol, kind: "line", symbols: [symbol], counts: [], awardsFrom: Infinity }));
  const item = ({ name, kind, symbols: shown, counts, awardsFrom }) => h("li", { class: `rules-pay rules-slot is-${kind}` },
    h("div", { class: "rules-symbols" }, ...shown.slice(0, 6).map((symbol) => (symbol === "*" ? h("span", { class: "rules-any" }, "any") : sheet.picture(symbol)))),
    h("span", { class: "rules-title" }, titled(name)),
    wilds.includes(shown[0]) && shown.length === 1 && h("span", { class: "rules-role" }, "Wild"),
    kind === "scatter" && h("span", { class: "rules-role" }, "Scatter"),
    h("dl", { class: "rules-counts" }, ...counts.flatMap(([count, pay]) => [h("dt", {}, `${count} ×`), h("dd", {}, pay.toLocaleString("en"))])),
    Number.isFinite(awardsFrom) && h("span", { class: "muted" }, `${awardsFrom} or more: feature`));
  return [h("section", {}, sheet.element, h("h3", {}, "Pay table"), h("ul", { class: "rules-pays" }, ...[...unpaid, ...table].map(item)),
    h("p", { class: "muted" }, `Pays are times the ${units.join(" or ") || "bet"}${scatters ? ", those of scatters times the total bet" : ""}.`))];
}

/** @param {Rules} rules @returns {Node[]} */
export function linePictures({ lines, rows }) {
  if (lines.length === 0) return [];
  return [h("section", {}, h("h3", {}, lines.length === 1 ? "The line" : "The lines"),
    h("ol", { class: "rules-lines" }, ...lines.map((line, index) => h("li", {}, picture(line, rows, index), h("span", {}, index + 1)))))];
}

const CELL = 10;

function picture(line, rows, index) {
  const cells = line.flatMap((hit, reel) => Array.from({ length: rows }, (_, row) =>
    svg("rect", { x: reel * CELL + 0.8, y: row * CELL + 0.8, width: CELL - 1.6, height: CELL - 1.6, rx: 2, fill: row === hit ? colourOf(index) : "#5a2140" })));
  return svg("svg", { viewBox: `0 0 ${line.length * CELL} ${rows * CELL}`, role: "img", "aria-label": `Line ${index + 1}: rows ${line.map((row) => row + 1).join(", ")}` }, ...cells);
}
