/** The wins of a spin: all together first, then one after another with their amounts, until something else happens. */

import { h, setText } from "../../dom.js";
import { still } from "../../motion.js";
import { pause } from "./pace.js";
import { describeWin } from "./read.js";
import { sounds } from "./sounds.js";

const TOGETHER_MS = 950;
const EACH_MS = 1500;

/**
 * @param {{reels: any, lines: any}} window
 * @param {(text: string, tone?: string) => void} say writes under the reels
 */
export function winParade({ reels, lines }, say) {
  const amount = h("span", { class: "win-amount", "aria-hidden": "true", hidden: true });
  /** @type {AbortController|null} */
  let running = null;

  function stop() {
    running?.abort();
    running = null;
    lines.clear();
    reels.light(null);
    amount.hidden = true;
  }

  return {
    /** The amount that stands on the reels. */
    element: amount,
    stop,

    /**
     * @param {import("../../types.js").SlotsWin[]} wins best first
     * @param {(amount: number) => string} money
     * @param {boolean} audible the wins are news
     */
    async start(wins, money, audible) {
      stop();
      if (wins.length === 0) return;
      const parade = (running = new AbortController());
      const { signal } = parade;
      const cells = wins.flatMap((win) => win.cells);
      lines.showAll(wins.filter(({ kind }) => kind === "line"));
      reels.light(cells);
      say(wins.length > 1 ? `${wins.length} wins` : describeWin(wins[0], money), "win");
      if (wins.length > 1 || !audible) await pause(still() ? 0 : TOGETHER_MS, signal);
      for (let round = 0; !signal.aborted; round++) {
        for (const [index, win] of wins.entries()) {
          if (signal.aborted) return;
          lines.show(win);
          reels.light(win.cells);
          const [x, y] = lines.middle(win);
          setText(amount, money(win.win));
          amount.style.left = `${x * 100}%`;
          amount.style.top = `${y * 100}%`;
          amount.hidden = false;
          if (!still()) amount.animate([{ transform: "translate(-50%, -50%) scale(.4)", opacity: 0 }, { transform: "translate(-50%, -50%)", opacity: 1 }], { duration: 220, easing: "cubic-bezier(.2, 1.5, .4, 1)" });
          say(describeWin(win, money), "win");
          if (round === 0 && audible && wins.length > 1) sounds.line(index);
          // With one win there is nothing to change to.
          if (wins.length === 1) return;
          await pause(EACH_MS, signal);
        }
      }
    },
  };
}
