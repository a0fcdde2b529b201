/** What a slots state means, without any drawing. */

/** @typedef {import("../../types.js").SlotsData} SlotsData @typedef {import("../../types.js").SlotsSpin} SlotsSpin */

const SPIN = { mode: "base", expanded: [], extra_wilds: [], multiplier: 1, wins: [], win: 0, awards: [], jackpots: [] };

/** The state's data with what a table cannot do without. @returns {SlotsData} */
export function readData(data) {
  const layout = { pay_by: "lines", lines: 0, symbols: [], ...data.layout };
  const spin = data.spin && readSpin(data.spin);
  return {
    coins: null, max_stake: 0, win: 0, queue: [], gamble: null, buys: [], bought: null, capped: false, ...data,
    layout,
    bets: data.bets ?? [1],
    line_choices: data.line_choices ?? [],
    spin,
    spins: (data.spins ?? (spin ? [spin] : [])).map(readSpin),
    idle_window: data.idle_window ?? Array.from({ length: layout.reels }, () => Array(layout.rows).fill(layout.symbols[0] ?? "")),
    feature: data.feature ?? null,
    done: data.done ?? null,
  };
}

function readSpin(spin) {
  return { ...SPIN, ...spin, landed: spin.landed ?? spin.window, window: spin.window ?? spin.landed };
}

/** @param {SlotsData} data @returns {string[][]} what the reels show when nothing moves */
export function windowOf(data) {
  return data.spin?.window ?? data.idle_window;
}

/** Whether something was spun between two states. @param {SlotsData|null} before @param {SlotsData} after */
export function newSpin(before, after) {
  if (!after.spin) return false;
  if (JSON.stringify(before?.spin ?? null) !== JSON.stringify(after.spin)) return true;
  // The same again: free spins tell by their count.
  const free = before?.feature?.type === "free_spins" ? before.feature : null;
  return free !== null && (after.feature?.name !== free.name || after.feature.played !== free.played);
}

/** The wins that pay, the best first. @param {SlotsSpin|null} spin */
export function paidWins(spin) {
  return (spin?.wins ?? []).filter(({ win }) => win > 0).sort((a, b) => b.win - a.win);
}

/** The cells that won an award. @param {SlotsSpin|null} spin @returns {import("../../types.js").Cell[]} */
export function awardCells(spin) {
  return (spin?.awards ?? []).flatMap(({ by = {} }) => by.cells ?? spin?.wins.filter(({ pay }) => pay === by.pay).flatMap(({ cells }) => cells) ?? []);
}

/** How many spins were added to a run by its own spin. @param {SlotsSpin|null} spin @param {import("../../types.js").SlotsFeature|null} feature */
export function moreSpins(spin, feature) {
  return feature?.type === "free_spins" ? (spin?.awards ?? []).reduce((sum, award) => sum + (award.feature === feature.name ? award.spins ?? 0 : 0), 0) : 0;
}

/**
 * Reels that keep the player waiting: from the one on, before which one more scatter would bring an award.
 * @param {string[][]} landed
 * @param {{symbol: string, count: number, reels?: number[]|null}[]} teasers what awards, and how many it takes at least
 * @returns {Set<number>}
 */
export function teasing(landed, teasers) {
  const found = new Set();
  for (const { symbol, count, reels } of teasers) {
    let seen = 0;
    landed.forEach((column, reel) => {
      const counts = !reels || reels.includes(reel);
      if (counts && seen >= count - 1 && seen > 0) found.add(reel);
      if (counts) seen += column.filter((each) => each === symbol).length;
    });
  }
  return found;
}

const NUMBERS = ["", "one", "two", "three", "four", "five", "six"];

/** A win in words. @param {import("../../types.js").SlotsWin} win @param {(amount: number) => string} money */
export function describeWin({ kind, pay, count, line, ways, win, multiplier }, money) {
  const where = kind === "line" ? `Line ${line + 1}: ` : kind === "scatter" ? "Scatter: " : "";
  const how = kind === "ways" && ways > 1 ? `, ${ways} ways` : "";
  return `${where}${count} × ${titled(pay)}${how}${multiplier > 1 ? `, wild × ${multiplier}` : ""} · ${money(win)}`;
}

/** A step in a sentence or two, for those who hear it. @param {SlotsData} data @param {boolean} spun @param {(amount: number) => string} money */
export function describeStep({ spin, feature, done, win, gamble }, spun, money) {
  const parts = [];
  if (spun && spin) {
    const list = paidWins(spin).slice(0, 4).map(({ pay, count }) => `${NUMBERS[count] ?? count} ${titled(pay)}`).join(", ");
    parts.push(spin.win > 0 ? `You won ${money(spin.win)}: ${list}.` : "No win.");
    if (spin.awards.length) parts.push("A feature was won.");
  } else if (gamble?.history.length) {
    const last = gamble.history[gamble.history.length - 1];
    parts.push(last.won ? `Gamble won: ${money(last.amount)}.` : "Gamble lost.");
  }
  if (feature?.type === "free_spins" && feature.played > 0) parts.push(`${feature.left} free spins left, ${money(feature.win)} won in them.`);
  if (feature?.type === "pick") parts.push(`${feature.left} picks left, ${money(feature.win)} won.`);
  if (done) parts.push(`Feature over, ${money(done.win)} won. The round won ${money(win)}.`);
  return parts.join(" ");
}

/** "bar_1" and "bar1" as people read them. @param {string} name */
export function titled(name) {
  const words = name.replace(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
