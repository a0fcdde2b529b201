/** The largest cards and balls that a space holds. */

const GAP = 12;
const LARGEST = 60;

/**
 * @param {{width: number, height: number}} space in pixels
 * @param {{count: number, rows: number, columns: number, frame: number, head: number, gap?: number}} cards
 *   frame and head: pixels of a card besides its cells, in each direction and at the top
 * @returns {{perRow: number, cellWidth: number, cellHeight: number}}
 */
export function fitCards({ width, height }, { count, rows, columns, frame, head, gap = GAP }) {
  let best = { perRow: 1, cellWidth: 0, cellHeight: 0 };
  for (let perRow = 1; perRow <= count; perRow++) {
    const lines = Math.ceil(count / perRow);
    const wide = ((width - gap * (perRow - 1)) / perRow - frame) / columns;
    const high = ((height - gap * (lines - 1)) / lines - frame - head) / rows;
    const cellWidth = Math.min(wide, high * 1.3, 96);
    const cellHeight = Math.min(high, cellWidth * 1.3);
    if (cellWidth * cellHeight > best.cellWidth * best.cellHeight) best = { perRow, cellWidth, cellHeight };
  }
  // Below this nobody hits or reads a number: the page scrolls instead.
  return { perRow: best.perRow, cellWidth: Math.max(26, Math.floor(best.cellWidth)), cellHeight: Math.max(24, Math.floor(best.cellHeight)) };
}

/**
 * @param {{width: number, height: number}} space
 * @param {number} count
 * @param {number} [first] so many belong together: they fill whole rows where that costs little
 * @returns {{size: number, perRow: number, line: number}} of square places; line: from one row to the next
 */
export function fitSquares({ width, height }, count, first = count) {
  let size = LARGEST;
  while (size > 18 && Math.floor(width / size) * Math.floor(height / size) < count) size -= 0.5;
  const at = (each, perRow) => ({ size: each, perRow, line: Math.min(each * 1.2, height / Math.ceil(count / perRow)) });
  for (let each = size; each > size * 0.92; each -= 0.5) {
    for (let perRow = Math.floor(width / each); perRow > 0 && Math.ceil(count / perRow) * each <= height; perRow--) {
      if (first % perRow === 0) return at(each, perRow);
    }
  }
  const lines = Math.ceil(count / Math.max(1, Math.floor(width / size)));
  return at(size, Math.ceil(count / lines));
}
