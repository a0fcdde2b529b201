/** Which drawing belongs to the name of a symbol. */

import { CLASSIC } from "./classic.js";
import { FOOD } from "./food.js";
import { GEMS, unknown } from "./gems.js";
import { RANKS } from "./ranks.js";
import { SEA } from "./sea.js";
import { SKY } from "./sky.js";

const FAMILIES = { food: FOOD, classic: CLASSIC, gems: GEMS, sea: SEA, sky: SKY, ranks: RANKS };

/** Other words for what is drawn. */
const ALIASES = {
  sevens: "seven", red7: "seven", 7: "seven", "7r": "seven", "7b": "blueseven", blue7: "blueseven", "7w": "whiteseven", white7: "whiteseven", gold7: "goldseven", redseven: "seven",
  "1bar": "bar1", "2bar": "bar2", "3bar": "bar3", bars: "bar1", singlebar: "bar1", doublebar: "bar2", triplebar: "bar3", bar7: "seven", onebar: "bar1", twobar: "bar2", threebar: "bar3",
  cherries: "cherry", bells: "bell", melon: "watermelon", grape: "grapes", lemons: "lemon", plums: "plum", oranges: "orange", gem: "diamond", jewel: "diamond", hearts: "heart", stars: "star",
  mayo: "mayonnaise", egg: "eggs", sausages: "sausage", chicken: "drumstick", scales: "scale", treasure: "chest", gold: "coin", coins: "coin", goldcoin: "coin", helm: "wheel", oyster: "pearl",
  beacon: "lighthouse", saturn: "planet", horse: "horseshoe", shamrock: "clover", fourleaf: "clover", bolt: "lightning", thunder: "lightning", spades: "spade", clubs: "club", flower: "lotus", boat: "ship", galleon: "ship",
};

const plain = (name) => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");

/** @param {string} name @returns {{family: string, draw: () => SVGElement[]}|null} */
function find(name) {
  const key = plain(name);
  for (const wish of [key, ALIASES[key], key.replace(/^(red|gold|golden|wild|scatter|bonus)/, ""), key.replace(/(wild|scatter|bonus|symbol)$/, "")]) {
    for (const [family, drawings] of Object.entries(FAMILIES)) if (wish && Object.hasOwn(drawings, wish)) return { family, draw: drawings[wish] };
  }
  return null;
}

/**
 * Drawings of what a text speaks of, in its order, each once, and then what else belongs to the first of them.
 * @param {string} words @returns {(() => SVGElement[])[]} none, if it speaks of nothing that is drawn
 */
export function mentioned(words) {
  const found = words.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 2)
    .map((word) => find(word) ?? find(word.replace(/s$/, ""))).filter((each) => each !== null && each.family !== "ranks");
  const mates = found.length ? Object.values(FAMILIES[found[0].family]) : [];
  return [...new Set([...found.map(({ draw }) => draw), ...mates])];
}

/**
 * @param {string[]} names of one game, in its order
 * @returns {{name: string, family: string, draw: () => SVGElement[]}[]} the family is "" for what nobody has drawn
 */
export function pictures(names) {
  let strangers = 0;
  return names.map((name) => {
    const found = find(name);
    if (found) return { name, ...found };
    const index = strangers++;
    return { name, family: "", draw: () => unknown(name, index) };
  });
}
