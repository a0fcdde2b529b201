/** How long to wait before the next attempt to connect. */

const FIRST_MS = 500;
const LONGEST_MS = 20_000;
const AFTER_FLOODING_MS = 30_000;

/**
 * Exponential with jitter, so that a restarted server is not met by all its players at once.
 * @param {number} attempt 0 for the first
 * @param {number} [closeCode] of the connection that ended
 * @param {() => number} [random]
 * @returns {number} milliseconds
 */
export function waitBefore(attempt, closeCode = 0, random = Math.random) {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  const wait = ceiling / 2 + (random() * ceiling) / 2;
  return closeCode === 4429 ? AFTER_FLOODING_MS + wait : wait;
}
