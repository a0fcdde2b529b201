/** Which stake per card is chosen: the player's last choice that the game still offers. */

/** Per game, for as long as the page lives. @type {Map<string, number>} */
const chosen = new Map();

/**
 * @param {string} gameid
 * @param {import("../../types.js").BingoData} data
 * @returns {{bet: number, stake: number, lower: number|null, higher: number|null}} bet per card, stake of all open cards
 */
export function stakeOf(gameid, data) {
  const cards = Math.max(1, data.open.length);
  const fits = (data.bets ?? []).filter((bet) => !data.max_stake || bet * cards <= data.max_stake).sort((a, b) => a - b);
  const wish = chosen.get(gameid) ?? (data.stake ? data.stake / cards : fits[0] ?? 0);
  const bet = fits.filter((each) => each <= wish).at(-1) ?? fits[0] ?? 0;
  const index = fits.indexOf(bet);
  return { bet, stake: bet * data.open.length, lower: fits[index - 1] ?? null, higher: fits[index + 1] ?? null };
}

/** @param {string} gameid @param {number} bet per card */
export function chooseStake(gameid, bet) {
  chosen.set(gameid, bet);
}
