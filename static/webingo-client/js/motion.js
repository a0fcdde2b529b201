/** Time on the screen: waits and tweens that can be cut short, and the player's wish for no motion. */

const query = matchMedia("(prefers-reduced-motion: reduce)");

/** @returns {boolean} */
export function still() {
  return query.matches;
}

/**
 * Waits, or returns at once when the signal is (or gets) aborted.
 * @param {number} ms
 * @param {AbortSignal} [signal]
 */
export function wait(ms, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted || still()) return resolve();
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

const running = new WeakMap();

/**
 * Counts an element's number up or down; a newer count on the same element replaces an older one.
 * The true amount is in data-value at once.
 * @param {HTMLElement} element
 * @param {number} to
 * @param {(value: number) => string} format
 * @param {{ms?: number, now?: boolean}} [options] now: no counting
 */
export function countTo(element, to, format, { ms = 700, now = false } = {}) {
  cancelAnimationFrame(running.get(element)?.frame);
  const from = running.get(element)?.shown ?? Number(element.dataset.value ?? to);
  element.dataset.value = String(to);
  const show = (value) => {
    running.set(element, { shown: value, frame: running.get(element)?.frame });
    element.textContent = format(value);
  };
  if (now || still() || from === to || document.hidden) return show(to);
  const start = performance.now();
  const step = (time) => {
    const part = Math.min(1, (time - start) / ms);
    show(part === 1 ? to : Math.round(from + (to - from) * (1 - (1 - part) ** 3)));
    if (part < 1) running.get(element).frame = requestAnimationFrame(step);
  };
  running.set(element, { shown: from, frame: requestAnimationFrame(step) });
}
