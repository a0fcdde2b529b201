/** All reels together: they start side by side and stop one by one. */

import { h } from "../../dom.js";
import { still } from "../../motion.js";
import { pause } from "./pace.js";
import { reel } from "./reel.js";
import { sounds } from "./sounds.js";

const START_STEP_MS = 45;
const HURRIED_MS = 190;
const EXPAND_MS = 620;

/**
 * @param {import("../../types.js").SlotsLayout} layout
 * @param {import("./symbols.js").SymbolSheet} sheet
 */
export function reels({ reels: count, rows }, sheet) {
  const all = Array.from({ length: count }, (_, index) => reel(index, rows, sheet));
  const element = h("div", { class: "reels", testid: "reels", role: "img" }, ...all.map((each) => each.element));
  const each = (change) => all.forEach(({ cells }, at) => cells.forEach((cell, row) => change(cell, at, row)));
  const tell = (window) => element.setAttribute("aria-label", window.map((column, at) => `Reel ${at + 1}: ${column.join(", ")}`).join(". "));
  let started = 0;
  element.style.setProperty("--rows", String(rows));

  return {
    element,

    /** @param {number} width of a cell @param {number} height of a cell @param {number} symbol side of a symbol */
    size(width, height, symbol) {
      for (const one of all) one.size(width, height, symbol);
    },

    name() {
      for (const one of all) one.name();
    },

    /** @param {string[][]} window */
    set(window) {
      window.forEach((symbols, at) => all[at]?.set(symbols));
      element.classList.remove("is-spinning");
      for (const one of all) one.element.classList.remove("is-teasing");
      tell(window);
    },

    start() {
      started = performance.now();
      element.classList.add("is-spinning");
      sounds.start();
      all.forEach((one, at) => (still() ? one.start() : setTimeout(() => element.classList.contains("is-spinning") && one.start(), at * START_STEP_MS)));
    },

    get spinning() {
      return element.classList.contains("is-spinning");
    },

    /**
     * @param {string[][]} window
     * @param {{pace: import("./pace.js").Pace, first: number, teasing: Set<number>, onStop: (reel: number) => void}} options
     *   first: earliest stop of the first reel after the start
     * @param {AbortSignal} signal the player is in a hurry
     */
    async land(window, { pace, first, teasing, onStop }, signal) {
      let at = started + first;
      const landings = [];
      for (const [index, one] of all.entries()) {
        if (index > 0) at += pace.next;
        if (teasing.has(index) && !signal.aborted && !still()) {
          at = Math.max(at, performance.now()) + pace.tease;
          // What is behind it has to stand before the waiting begins.
          if (teasing.has(index - 1) || index > 0) await landings[index - 1];
          one.element.classList.add("is-teasing");
          sounds.tease(index);
        }
        if (!still()) await pause(at - performance.now(), signal);
        one.element.classList.remove("is-teasing");
        landings.push(one.stop(window[index], signal.aborted ? HURRIED_MS : pace.land));
        if (!signal.aborted) onStop(index);
      }
      await Promise.all(landings);
      if (signal.aborted) onStop(count - 1);
      element.classList.remove("is-spinning");
      tell(window);
    },

    /** Reels whose symbols change after landing: expanded and extra wilds. */
    async turn(changed, window, signal) {
      if (changed.length === 0) return;
      await pause(still() ? 0 : 180, signal);
      sounds.expand();
      for (const at of changed) {
        all[at].element.classList.add("is-expanding");
        all[at].set(window[at]);
      }
      await pause(still() ? 0 : EXPAND_MS, signal);
      for (const at of changed) all[at].element.classList.remove("is-expanding");
      tell(window);
    },

    /** Lights some cells and dims the others; null ends that. @param {import("../../types.js").Cell[]|null} cells @param {string} [className] */
    light(cells, className = "is-win") {
      const lit = new Set((cells ?? []).map(([at, row]) => `${at}-${row}`));
      element.classList.toggle("has-light", cells !== null && lit.size > 0);
      each((cell, at, row) => {
        const on = lit.has(`${at}-${row}`);
        for (const name of ["is-win", "is-award"]) cell.classList.toggle(name, on && name === className);
      });
    },

    /** A symbol that counts has just landed. */
    bounce(at, symbols) {
      for (const cell of all[at].cells) if (symbols.includes(cell.dataset.symbol)) cell.classList.add("is-landed");
      return all[at].cells.filter((cell) => symbols.includes(cell.dataset.symbol)).length;
    },

    calm() {
      this.light(null);
      each((cell) => cell.classList.remove("is-landed"));
    },
  };
}
