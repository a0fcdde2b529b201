/** One reel: the symbols that stand in its window, and the strip that rushes by while it spins. */

import { h, svg } from "../../dom.js";
import { still } from "../../motion.js";

/** Symbols on the rushing strip, and how long one of them takes to pass. */
const STRIP = 10;
const PASS_MS = 34;
const LEAVE_MS = 250;

/**
 * @param {number} index
 * @param {number} rows
 * @param {import("./symbols.js").SymbolSheet} sheet
 */
export function reel(index, rows, sheet) {
  const cells = Array.from({ length: rows }, (_, row) => h("div", { class: "reel-cell", testid: `cell-${index}-${row}` }));
  // Looks over the edge when the reel swings back; never seen at rest.
  const above = h("div", { class: "reel-cell reel-above", "aria-hidden": "true" });
  const drum = h("div", { class: "drum" }, above, ...cells);
  const rush = h("div", { class: "rush", "aria-hidden": "true", hidden: true });
  const element = h("div", { class: "reel", data: { reel: index } }, rush, drum);
  let height = 0;
  /** @type {Animation[]} */
  let moving = [];

  const anySymbol = () => sheet.names[Math.floor(Math.random() * sheet.names.length)] ?? "";
  const put = (cell, symbol) => {
    if (cell.dataset.symbol === symbol) return;
    cell.dataset.symbol = symbol;
    cell.dataset.role = sheet.roles.get(symbol) ?? "";
    cell.replaceChildren(sheet.picture(symbol));
  };
  const rest = () => {
    for (const each of moving) each.cancel();
    moving = [];
    rush.hidden = true;
  };
  const move = (target, from, to, options) => {
    const animation = target.animate([{ transform: `translateY(${from}px)` }, { transform: `translateY(${to}px)` }], { fill: "both", ...options });
    moving.push(animation);
    return animation;
  };

  return {
    element,
    cells,

    /** @param {string[]} symbols from the top, at once */
    set(symbols) {
      rest();
      symbols.forEach((symbol, row) => put(cells[row], symbol));
    },

    /** Writes anew what the symbols are. */
    name() {
      for (const cell of cells) cell.dataset.role = sheet.roles.get(cell.dataset.symbol) ?? "";
    },

    /** Draws the strip for cells of this size. */
    size(width, cellHeight, symbol) {
      height = cellHeight;
      const order = Array.from({ length: STRIP }, anySymbol);
      const strip = [...order, ...order.slice(0, rows)];
      rush.replaceChildren(svg("svg", { width, height: strip.length * height },
        svg("g", { filter: sheet.smear }, ...strip.map((name, at) =>
          sheet.use(name, { x: (width - symbol) / 2, y: at * height + (height - symbol) / 2, width: symbol, height: symbol })))));
    },

    /** Leaves the window downwards, after a little swing up, and goes on rushing. */
    start() {
      rest();
      if (still() || !height) return;
      // With the one above it, the drum is a cell higher than the window.
      const out = (rows + 1) * height;
      const length = STRIP * height;
      rush.hidden = false;
      put(above, anySymbol());
      const path = (base) => [0, -0.14 * height, out].map((step, at) => ({ transform: `translateY(${base + step}px)`, offset: [0, 0.42, 1][at], easing: ["ease-out", "ease-in", "linear"][at] }));
      const timing = { duration: LEAVE_MS, fill: /** @type {FillMode} */ ("both") };
      moving = [drum.animate(path(0), timing), rush.animate(path(-length - out), timing)];
      move(rush, -length, 0, { duration: STRIP * PASS_MS, iterations: Infinity, delay: LEAVE_MS, fill: "forwards" });
    },

    /** The symbols come in from above, push the strip out and swing into place. @param {string[]} symbols @param {number} ms */
    async stop(symbols, ms) {
      symbols.forEach((symbol, row) => put(cells[row], symbol));
      if (still() || !height || rush.hidden) return rest();
      rest();
      rush.hidden = false;
      const easing = "cubic-bezier(.22, .9, .36, 1.18)";
      const out = rows * height;
      move(rush, 0, out, { duration: ms, easing });
      const landing = move(drum, -out, 0, { duration: ms, easing });
      await landing.finished.catch(() => {});
      if (moving.includes(landing)) rest();
    },
  };
}
