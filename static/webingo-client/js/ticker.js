/** A number that rises smoothly between the values that are pushed: never back, and never beyond the newest one. */

import { still } from "./motion.js";

/** How long the way to a pushed value takes. Pushes come four times a second at most, so it is underway most of the time. */
const WAY_MS = 1200;

export class Ticker {
  /** What is shown now; null before the first push. @type {number|null} */
  shown = null;
  /** @type {Set<(value: number) => void>} */
  #watchers = new Set();
  #target = 0;
  #speed = 0;
  #frame = 0;
  #last = 0;

  /** @param {(value: number) => void} watcher is told at once, and whenever what is shown changes @returns {() => void} ends it */
  watch(watcher) {
    this.#watchers.add(watcher);
    if (this.shown !== null) watcher(this.shown);
    return () => this.#watchers.delete(watcher);
  }

  /** @param {number} value a whole number; a lower one (a run that begins anew) is shown at once */
  push(value) {
    this.#target = value;
    if (this.shown === null || value <= this.shown || still() || document.hidden) return this.#show(value);
    this.#speed = (value - this.shown) / WAY_MS;
    if (this.#frame) return;
    this.#last = performance.now();
    this.#frame = requestAnimationFrame((time) => this.#step(time));
  }

  #step(time) {
    this.#frame = 0;
    const on = this.#place + this.#speed * Math.max(0, time - this.#last);
    this.#last = time;
    if (on >= this.#target || document.hidden) return this.#show(this.#target);
    this.#place = on;
    const whole = Math.floor(on);
    if (whole !== this.shown) this.#tell(whole);
    this.#frame = requestAnimationFrame((next) => this.#step(next));
  }

  /** Where the number is on its way: what is shown, and a fraction. */
  #place = 0;

  #show(value) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#place = value;
    this.#tell(value);
  }

  #tell(value) {
    this.shown = value;
    for (const watcher of this.#watchers) watcher(value);
  }
}
