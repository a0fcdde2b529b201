/** What a bingo state means, without any drawing: marks, which cells won, what changed since the state before. */

/** @typedef {import("../../types.js").BingoData} BingoData */
/** @typedef {Map<string, number[][]>} Shapes the cells of every pattern; a family has several */

/** @param {import("../../types.js").Pay[]} pays @returns {Shapes} */
export function shapesOf(pays) {
  return new Map(pays.map((pay) => [pay.name, pay.pictures.map(cellsOf)]));
}

/**
 * A free cell (*) counts as hit anyway; it belongs to the figure when it closes a whole line of it.
 * @param {string[]} picture rows such as "xx*xx"
 * @returns {number[]} positions, row by row
 */
export function cellsOf(picture) {
  const columns = picture[0]?.length ?? 0;
  const letters = [...picture.join("")];
  return letters.flatMap((letter, index) => (letter === "x" || (letter === "*" && closesLine(letters, index, columns)) ? [index] : []));
}

function closesLine(letters, cell, columns) {
  const [row, column] = [Math.floor(cell / columns), cell % columns];
  const square = letters.length === columns * columns;
  const lines = [(r) => r === row, (_, c) => c === column, (r, c) => square && row === column && r === c,
    (r, c) => square && row + column === columns - 1 && r + c === columns - 1];
  return lines.some((onLine) => {
    const others = letters.filter((_, index) => index !== cell && onLine(Math.floor(index / columns), index % columns));
    return others.length > 1 && others.every((letter) => letter !== ".");
  });
}

/**
 * @param {BingoData} data
 * @param {number} card
 * @param {number} [balls] how many of the balls count
 * @returns {Set<number>} the marked positions of a card
 */
export function marked(data, card, balls = data.balls.length) {
  const drawn = new Set(data.balls.slice(0, balls));
  const free = new Set(data.layout.free ?? []);
  return new Set(data.cards[card].flatMap((number, index) => (free.has(index) || drawn.has(number) ? [index] : [])));
}

/**
 * The prizes with the cells that made them and the ball (its index) that completed them.
 * @param {BingoData} data
 * @param {Shapes} shapes
 * @returns {{card: number, pattern: string, pay: number, cells: number[], step: number}[]}
 */
export function wonPatterns(data, shapes) {
  const claimed = data.cards.map(() => /** @type {number[][]} */ ([]));
  const big = [...(data.prizes ?? [])].sort((a, b) => b.pay - a.pay);
  return big.map((prize) => {
    const marks = marked(data, prize.card);
    const complete = (shapes.get(prize.pattern) ?? []).filter((shape) => shape.every((cell) => marks.has(cell)));
    // A pattern inside a bigger one pays nothing of its own, so a prize means another shape of its family.
    const own = complete.find((shape) => !claimed[prize.card].some((other) => shape.every((cell) => other.includes(cell))));
    const cells = own ?? complete[0] ?? [];
    claimed[prize.card].push(cells);
    return { ...prize, cells, step: completedAt(data, prize.card, cells) };
  });
}

function completedAt(data, card, cells) {
  if (cells.length === 0) return data.balls.length - 1;
  return Math.max(...cells.map((cell) => data.balls.indexOf(data.cards[card][cell])));
}

/**
 * @param {BingoData} data
 * @param {number} card
 * @returns {Map<number, number>} position of every cell that misses for a prize, to what its ball would bring in all
 */
export function nearCells(data, card) {
  const found = new Map();
  for (const near of data.near ?? []) {
    const cell = near.card === card ? data.cards[card].indexOf(near.ball) : -1;
    if (cell >= 0) found.set(cell, Math.max(found.get(cell) ?? 0, near.pay));
  }
  return found;
}

/**
 * What to animate: the balls from `from` on.
 * @param {BingoData|null} before
 * @param {BingoData} after
 * @returns {{from: number, sameRound: boolean}}
 */
export function change(before, after) {
  const continues = before !== null && before.balls.length > 0 && before.balls.length <= after.balls.length
    && before.balls.every((ball, index) => ball === after.balls[index]) && sameCards(before, after);
  return { from: continues ? before.balls.length : 0, sameRound: continues };
}

function sameCards(a, b) {
  return JSON.stringify(a.cards) === JSON.stringify(b.cards);
}

/** @param {number} ball @param {number} pool @returns {number} index of its colour: by tens, or B-I-N-G-O for 75 */
export function colourOf(ball, pool) {
  const span = pool === 75 ? 15 : Math.max(10, Math.ceil(pool / 8));
  return Math.floor((ball - 1) / span);
}
