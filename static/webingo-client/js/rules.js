/** The rules of a game as the server tells them, brought into one shape whatever is missing. */

/** @typedef {import("./types.js").Rules} Rules */

/** @type {Map<string, Promise<Rules>>} */
const known = new Map();

/**
 * @param {string} gameid
 * @returns {Promise<Rules>} rejects when the server has none
 */
export function fetchRules(gameid) {
  if (!known.has(gameid)) {
    const promise = ask(gameid);
    known.set(gameid, promise);
    promise.catch(() => known.delete(gameid));
  }
  return known.get(gameid);
}

/** Where the player is: the rules are then told as that site plays them. @type {{platform: string, site: string}|null} */
let place = null;

/** @param {{platform: string, site: string}} where */
export function rulesOf(where) {
  place = where;
}

async function ask(gameid) {
  const query = place ? `?${new URLSearchParams(place)}` : "";
  const response = await fetch(`/games/${encodeURIComponent(gameid)}/rules${query}`, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`rules: ${response.status}`);
  return readRules(await response.json());
}

/** @param {any} raw @returns {Rules} */
export function readRules(raw) {
  return {
    title: text(raw.title),
    summary: text(raw.summary),
    howToPlay: list(raw.how_to_play).map(text).filter(Boolean),
    pays: list(raw.pays).map(readPay),
    notes: [raw.extra_balls, raw.jackpot].map(text).filter(Boolean),
    facts: facts(raw),
    jackpots: list(raw.jackpots).map(({ id, title, texts }) => ({ id: text(id), title: text(title), texts: list(texts).map(text) })),
    maxExtra: Number(raw.limits?.max_extra) || 0,
    ...readSlots(raw),
  };
}

/** What only slots tell. */
function readSlots(raw) {
  const table = list(raw.paytable).map(readRow);
  return {
    sections: list(raw.sections).map(({ title, texts }) => ({ title: text(title), texts: list(texts).map(text) })),
    symbols: list(raw.symbols).map(text),
    lines: list(raw.lines),
    rows: Number(raw.window?.rows) || 0,
    wilds: list(raw.wilds).map(({ symbol }) => text(symbol)),
    table,
  };
}

function readRow({ name, kind, symbols, combination, unit, pays, awards, reels }) {
  const numbers = Object.entries(pays ?? {}).map(([count, pay]) => /** @type {[number, number]} */ ([Number(count), Number(pay)]));
  const mixed = list(combination).map((choice) => list(choice).map(text).find((symbol) => symbol !== "*") ?? "*");
  return {
    name: text(name),
    kind: text(kind),
    symbols: kind === "combination" ? mixed : list(symbols).map(text),
    unit: text(unit),
    counts: numbers.filter(([, pay]) => pay > 0).sort((a, b) => b[0] - a[0]),
    /** How many of it award a feature at least; 0 for none. */
    awardsFrom: Math.min(...Object.keys(awards ?? {}).map(Number), Infinity),
    reels: Array.isArray(reels) ? reels : null,
  };
}

function readPay(raw) {
  return {
    name: text(raw.name),
    title: text(raw.title) || titleOf(raw.name),
    pay: typeof raw.pay === "number" ? raw.pay : null,
    odds: odds(raw.odds),
    pictures: pictures(raw.pictures ?? raw.picture),
  };
}

/** A picture is a list of rows such as "x...x"; a family of patterns has a list of pictures. */
function pictures(raw) {
  const rows = list(raw);
  if (rows.length === 0) return [];
  return typeof rows[0] === "string" ? [rows] : rows.filter((picture) => Array.isArray(picture) && picture.every((row) => typeof row === "string"));
}

/** Odds come as a probability, as N of "1 in N", or as a text. */
function odds(raw) {
  if (typeof raw === "string") return raw;
  if (typeof raw !== "number" || raw <= 0) return "";
  return `1 in ${oneIn(raw < 1 ? 1 / raw : raw)}`;
}

function oneIn(number) {
  const digits = number < 100 ? 1 : 0;
  return number.toLocaleString("en", { maximumFractionDigits: digits });
}

function facts(raw) {
  /** @type {[string, string][]} */
  const found = [];
  const percent = (value) => (value * 100).toLocaleString("en", { maximumFractionDigits: 2 }) + " %";
  const add = (label, value, show) => typeof value === "number" && found.push([label, show(value)]);
  add("Return to player", raw.rtp, percent);
  add("Rounds that win", raw.hit_rate, percent);
  add("Largest win", raw.max_win, (value) => `${value.toLocaleString("en")} × the stake`);
  if (raw.volatility) found.push(["Volatility", text(raw.volatility)]);
  if (raw.version) found.push(["Version", text(raw.version)]);
  return found;
}

function titleOf(name) {
  const words = text(name).replaceAll(/[-_]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function list(value) {
  return Array.isArray(value) ? value : [];
}

function text(value) {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
