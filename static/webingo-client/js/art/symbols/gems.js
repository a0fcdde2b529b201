/** Jewels: a cut for every name, also for names that nobody has drawn. */

import { body, gleam, line, round, tint, word } from "./pen.js";

/** Outline, table (the flat top), edges and gleam of each cut. */
const CUTS = [
  { edge: "M50 6 88 28V72L50 94 12 72V28Z", table: "M50 26 71 38V62L50 74 29 62V38Z", facets: "M50 6V26M88 28 71 38M88 72 71 62M50 94V74M12 72 29 62M12 28 29 38", shine: "M17 33 46 14Q34 26 28 38Z" },
  { edge: "M26 12H74L95 38 50 93 5 38Z", table: "M32 38H68L50 76Z", facets: "M5 38H95M26 12 32 38 50 12 68 38 74 12M32 38 50 93 68 38", shine: "M12 37 27 16H36L24 37Z" },
  { edge: round(50, 50, 43), table: "M50 24 68.400 31.600 76 50 68.400 68.400 50 76 31.600 68.400 24 50 31.600 31.600Z", facets: "M50 7V24M80 20 68.400 31.600M93 50H76M80 80 68.400 68.400M50 93V76M20 80 31.600 68.400M7 50H24M20 20 31.600 31.600", shine: "M16 40Q22 22 42 14Q32 26 26 42Z" },
  { edge: "M28 8H72L92 28V72L72 92H28L8 72V28Z", table: "M36 26H64L74 36V64L64 74H36L26 64V36Z", facets: "M28 8 36 26M72 8 64 26M92 28 74 36M92 72 74 64M72 92 64 74M28 92 36 74M8 72 26 64M8 28 26 36", shine: "M13 31 30 13H44Q26 26 20 42Z" },
  { edge: "M50 4C66 28 84 42 84 62A34 32 0 0 1 16 62C16 42 34 28 50 4Z", table: "M50 34C58 46 66 53 66 63A16 15 0 0 1 34 63C34 53 42 46 50 34Z", facets: "M50 4V34M84 62H66M16 62H34M50 94V78M72 38 61 49M28 38 39 49M72 84 61 74M28 84 39 74", shine: "M25 60Q24 46 40 30Q34 44 33 58Q28 66 25 60Z" },
  { edge: "M50 92C22 72 6 54 8 32C11 10 38 6 50 26C62 6 89 10 92 32C94 54 78 72 50 92Z", table: "M50 72C36 61 26 50 27 39C29 29 44 30 50 42C56 30 71 29 73 39C74 50 64 61 50 72Z", facets: "M50 26V42M50 92V72M8 34 27 39M92 34 73 39M24 13 33 31M76 13 67 31M24 69 34 57M76 69 66 57", shine: "M15 36Q15 18 32 16Q23 24 22 40Z" },
];

const COLOURS = ["red", "blue", "green", "purple", "orange", "teal", "rose", "gold", "navy", "steel"];

/** @param {number} cut @param {string} colour a ramp */
export function gem(cut, colour) {
  const { edge, table, facets, shine } = CUTS[cut % CUTS.length];
  return [
    tint(edge, colour),
    line(facets, "#fff", 1.8, 0.45),
    tint(table, "#fff", 0.32),
    line(table, "#fff", 1.8, 0.6),
    gleam(shine, 0.6),
    line(edge, undefined, 3.4),
  ];
}

/** @type {Record<string, () => SVGElement[]>} */
export const GEMS = {
  diamond: () => [body(CUTS[1].edge, "blue", 3.200), tint("M5 38H95L50 93Z", "#0a2f86", 0.35), tint("M26 12 32 38 50 12 68 38 74 12 95 38H5Z", "#fff", 0.5),
    tint("M32 38H68L50 93Z", "#dff3ff", 0.6), line(CUTS[1].facets, "#fff", 2, 0.85), gleam("M12 37 27 16 34 16 22 37Z", 0.8)],
  ruby: () => gem(2, "red"),
  sapphire: () => gem(4, "blue"),
  emerald: () => gem(3, "green"),
  amethyst: () => gem(0, "purple"),
  topaz: () => gem(2, "orange"),
  jade: () => gem(0, "teal"),
  onyx: () => gem(3, "steel"),
  opal: () => gem(4, "teal"),
  heart: () => gem(5, "red"),
};

/**
 * For a name that is not drawn: a jewel with its first letters. Neighbours of the order differ in cut and colour.
 * @param {string} name @param {number} index among such names
 */
export function unknown(name, index) {
  const label = initials(name);
  return [
    ...gem(index, COLOURS[index % COLOURS.length]),
    word(label, { size: label.length > 2 ? 30 : label.length > 1 ? 38 : 50, fill: "cream" }),
  ];
}

function initials(name) {
  const words = name.replace(/([a-z])([A-Z0-9])/g, "$1 $2").split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  if (words.length > 1) return words.slice(0, 3).map((each) => (/^\d+$/.test(each) ? each : each[0].toUpperCase())).join("").slice(0, 3);
  return (words[0] ?? "?").slice(0, (words[0] ?? "").length <= 3 ? 3 : 2);
}
