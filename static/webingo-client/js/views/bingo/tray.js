/** The balls of the round in the order they came, in a glass tray; extra balls sit in golden rings. */

import { h } from "../../dom.js";
import { still } from "../../motion.js";
import { watchSize } from "../../size.js";
import { fitSquares } from "./fit.js";
import { colourOf } from "./round.js";

/** @param {number} number @param {number} pool @param {string} [className] */
export function ball(number, pool, className = "") {
  return h("span", { class: `ball ball-${colourOf(number, pool) % 8} ${className}`, data: { number } }, h("span", { class: "ball-face" }, number));
}

export function ballTray() {
  const slots = h("ol", { class: "tray-slots", "aria-label": "Drawn balls" });
  const element = h("section", { class: "tray", "aria-label": "Draw" }, slots);
  let space = { width: 600, height: 160 };
  let count = 0;
  let draw = 0;
  let extras = 0;
  const fit = () => {
    const { size, perRow, line } = fitSquares(space, count, draw);
    slots.style.setProperty("--slot", `${size}px`);
    slots.style.setProperty("--line", `${line}px`);
    slots.style.setProperty("--per-row", String(perRow));
  };
  const stop = watchSize(element, (size) => {
    space = size;
    fit();
  });

  return {
    element,
    stop,

    /** Keeps places for that many extra balls, so that none that comes moves the others. @param {number} most */
    keep(most) {
      extras = most;
    },

    /**
     * Shows exactly these balls.
     * @param {import("../../types.js").BingoData} data
     * @param {number} shown how many of its balls
     */
    set(data, shown) {
      draw = data.layout.draw;
      count = Math.max(draw + extras, data.balls.length);
      const place = (index) => {
        const extra = index >= data.layout.draw;
        const slot = slots.children[index] ?? slots.appendChild(h("li", { class: "slot" }));
        slot.className = extra ? "slot slot-extra" : "slot";
        const number = index < shown ? data.balls[index] : 0;
        if (slot.dataset.number === String(number)) return;
        slot.dataset.number = String(number);
        slot.replaceChildren(...(number ? [slotBall(number, data.layout.pool, extra)] : []));
      };
      for (let index = 0; index < count; index++) place(index);
      while (slots.children.length > count) slots.lastChild.remove();
      fit();
    },

    /**
     * One more ball rolls in.
     * @param {import("../../types.js").BingoData} data
     * @param {number} index of the ball
     * @param {DOMRect} from where it comes out of the machine
     * @param {number} ms
     */
    roll(data, index, from, ms) {
      this.set(data, index + 1);
      const slot = slots.children[index];
      const to = slot.getBoundingClientRect();
      if (still() || !slot.firstChild) return;
      // Where the machine has no room, balls drop in from the corner of the tray.
      const mouth = from.width ? from : element.getBoundingClientRect();
      const dx = mouth.x + from.width / 2 - to.x - to.width / 2;
      const dy = mouth.y + from.height / 2 - to.y - to.height / 2;
      const scale = Math.max(0.6, Math.min(2, from.width / Math.max(1, to.width)));
      slot.firstChild.animate([
        { transform: `translate(${dx}px, ${dy}px) scale(${scale}) rotate(-200deg)`, opacity: 0.4 },
        { transform: `translate(${dx * 0.3}px, ${Math.min(0, dy * 0.3) - 14}px) scale(${1 + (scale - 1) * 0.4}) rotate(-80deg)`, opacity: 1, offset: 0.55 },
        { transform: "none", opacity: 1 },
      ], { duration: ms, easing: "cubic-bezier(.3,.7,.3,1)" });
    },
  };
}

function slotBall(number, pool, extra) {
  const element = ball(number, pool, extra ? "is-extra" : "");
  element.dataset.testid = "ball";
  return element;
}
