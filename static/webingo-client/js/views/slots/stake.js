/** Which bet and how many lines are chosen: the player's last choice that the game still offers. */

/** Per game, for as long as the page lives. @type {Map<string, {bet?: number, lines?: number}>} */
const chosen = new Map();

/**
 * @param {string} gameid
 * @param {import("../../types.js").SlotsData} data
 */
export function stakeOf(gameid, data) {
  const wish = { bet: data.bet, lines: data.lines, ...chosen.get(gameid) };
  const lines = nearest(data.line_choices, wish.lines) ?? data.lines ?? data.layout.lines ?? 1;
  const units = data.coins ?? lines;
  const bets = data.bets.filter((each) => !data.max_stake || each * units <= data.max_stake);
  const bet = nearest(bets, wish.bet) ?? data.bets[0];
  return {
    bet, lines, units, stake: bet * units,
    /** What `spin` and `buy` take. */
    order: data.line_choices.length ? { bet, lines } : { bet },
    lowerBet: beside(bets, bet, -1), higherBet: beside(bets, bet, 1),
    fewerLines: beside(data.line_choices, lines, -1),
    // More lines than the highest stake allows would lower the bet unasked.
    moreLines: fitting(beside(data.line_choices, lines, 1), (more) => !data.max_stake || bet * more <= data.max_stake),
    chooseLines: data.line_choices.length > 1,
  };
}

/** @typedef {ReturnType<typeof stakeOf>} Stake */

/** @param {string} gameid @param {{bet?: number, lines?: number}} choice */
export function chooseStake(gameid, choice) {
  chosen.set(gameid, { ...chosen.get(gameid), ...choice });
}

const nearest = (choices, wish) => choices.filter((each) => each <= wish).at(-1) ?? choices[0];
const beside = (choices, now, step) => choices[choices.indexOf(now) + step] ?? null;
const fitting = (value, fits) => (value !== null && fits(value) ? value : null);
