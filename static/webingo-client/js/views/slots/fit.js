/** How large the cells of the window may be. */

const WIDEST = 1.25;
const TALLEST = 1.36;

/**
 * @param {{width: number, height: number}} space
 * @param {{reels: number, rows: number}} layout
 * @returns {{width: number, height: number, symbol: number}} of a cell, and the side of its symbol
 */
export function fitReels(space, { reels, rows }) {
  let width = Math.floor(space.width / reels);
  let height = Math.floor(space.height / rows);
  width = Math.min(width, Math.floor(height * WIDEST));
  height = Math.min(height, Math.floor(width * TALLEST));
  return { width: Math.max(24, width), height: Math.max(24, height), symbol: Math.floor(Math.min(width, height) * 0.88) };
}
