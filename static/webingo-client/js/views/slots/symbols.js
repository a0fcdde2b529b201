/** The symbols of a game: drawn once on a sheet, shown as often as needed. */

import { pictures } from "../../art/symbols/pictures.js";
import { ramps } from "../../art/symbols/pen.js";
import { svg } from "../../dom.js";

let sheets = 0;

/** @typedef {ReturnType<typeof symbolSheet>} SymbolSheet */

/** @param {string[]} names */
export function symbolSheet(names) {
  const mark = `symbol${++sheets}-`;
  const drawn = pictures(names);
  const ids = new Map(drawn.map(({ name }, index) => [name, mark + index]));
  const element = svg("svg", { class: "symbol-sheet", width: 0, height: 0, "aria-hidden": "true" },
    svg("defs", {}, ...ramps(), ...smear(mark), ...drawn.map(({ name, draw }) => svg("symbol", { id: ids.get(name), viewBox: "0 0 100 100" }, ...draw()))));
  const families = drawn.map(({ family }) => family).filter((family) => family && family !== "ranks");

  return {
    element,
    names,
    /** What some of them are, in a word that is written on them. @type {Map<string, string>} */
    roles: new Map(),
    /** What most of them belong to: food, classic, sea … or "". */
    family: families.sort((a, b) => count(families, b) - count(families, a))[0] ?? "",
    /** @param {string} name @param {Record<string, any>} [place] @returns {SVGElement} a copy, for within another drawing */
    use: (name, place = {}) => svg("use", { href: `#${ids.get(name) ?? ""}`, ...place }),
    /** @param {string} name @returns {SVGElement} */
    picture: (name) => svg("svg", { class: "symbol", viewBox: "0 0 100 100", "aria-hidden": "true" }, svg("use", { href: `#${ids.get(name) ?? ""}` })),
    smear: `url(#${mark}smear)`,
  };
}

/** What the eye makes of something that rushes by. */
function smear(mark) {
  return [svg("filter", { id: `${mark}smear`, x: 0, y: -0.02, width: 1, height: 1.04 }, svg("feGaussianBlur", { stdDeviation: "0 9" }))];
}

const count = (list, item) => list.filter((each) => each === item).length;
