/** How long things take: with turbo, without, and as slowly as the site demands. */

import { still } from "../../motion.js";

/** Milliseconds. `first`: until the first reel stops; `next`: between two; `tease`: added where one more scatter would do. */
const NORMAL = { first: 620, next: 210, land: 340, tease: 1150, gap: 380, afterWin: 900, count: 1 };
const TURBO = { first: 260, next: 35, land: 220, tease: 500, gap: 90, afterWin: 350, count: 0.45 };
/** For those who want no motion, time to read between two spins that nobody asked for; and with turbo. */
const READING = 1100;
const SKIMMING = 250;

/** @typedef {typeof NORMAL} Pace */

/** @param {{turbo: boolean}} options @returns {Pace} */
export function paceOf({ turbo }) {
  const pace = turbo ? TURBO : NORMAL;
  const reading = turbo ? SKIMMING : READING;
  return still() ? { ...pace, gap: reading, afterWin: reading } : pace;
}

/**
 * When the first reel may stop, so that the last one does not stand before the next round may begin.
 * @param {Pace} pace @param {number} reels @param {number} least the site's min_spin_ms
 */
export function firstStop({ first, next, land }, reels, least) {
  return Math.max(first, least - next * (reels - 1) - land);
}

/**
 * Waits also where nothing moves; returns at once when the signal is (or gets) aborted.
 * @param {number} ms @param {AbortSignal} [signal]
 */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted || ms <= 0) return resolve(undefined);
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve(undefined)), { once: true });
  });
}

/** When the next round may begin, as the site demands. */
export class NextRound {
  #at = 0;

  /** A round has begun. @param {number} least the site's min_spin_ms */
  begun(least) {
    this.#at = performance.now() + least;
  }

  /** Milliseconds until then; 0 if it is time. */
  get left() {
    return Math.max(0, this.#at - performance.now());
  }
}
