/** The playing cards that fill most reels, and their suits. The letters are strokes, so that they look the same with any font. */

import { body, gleam, line, turned } from "./pen.js";

const STROKES = {
  a: "M16 86 44 14H54L84 86M30 60H70M8 88H26M72 88H92",
  k: "M28 14V86M78 14 30 56M46 44 80 86M16 14H40M16 87H40M66 14H90M68 87H92",
  q: "M50 13C74 13 86 30 86 48S74 84 50 84S14 66 14 48S26 13 50 13ZM54 64 84 90",
  j: "M44 14H84M66 14V64C66 90 24 92 22 62",
  10: "M12 28 24 15V86M12 87H36M69 14C84 14 90 32 90 50S84 86 69 86S48 68 48 50S54 14 69 14Z",
  9: "M78 38C78 52 66 60 52 60S24 52 24 37S36 13 52 13S78 24 78 40C78 64 66 84 36 87",
  8: "M50 47C36 47 28 40 28 30S36 13 50 13S72 20 72 30S64 47 50 47C32 47 22 56 22 67S34 87 50 87S78 78 78 67S68 47 50 47Z",
};
const FILLS = { a: "red", k: "purple", q: "green", j: "blue", 10: "orange", 9: "teal", 8: "rose" };

const rank = (name) => () => [
  turned("translate(8 8) scale(.84)",
    line(STROKES[name], "#2b0b12", 23), line(STROKES[name], "gold", 18), line(STROKES[name], "#2b0b12", 12.5), line(STROKES[name], FILLS[name], 10)),
];

/** @type {Record<string, () => SVGElement[]>} */
export const RANKS = {
  ...Object.fromEntries(Object.keys(STROKES).map((name) => [name, rank(name)])),
  ace: rank("a"),
  king: rank("k"),
  queen: rank("q"),
  jack: rank("j"),
  ten: rank("10"),
  nine: rank("9"),
  spade: () => [body("M50 6C60 26 92 42 92 62C92 80 68 84 57 70Q58 84 66 92H34Q42 84 43 70C32 84 8 80 8 62C8 42 40 26 50 6Z", "navy"), gleam("M20 58Q22 46 36 36Q28 48 27 60Q22 66 20 58Z", 0.6)],
  club: () => [body("M50 6A21 21 0 0 1 66 40A21 21 0 1 1 57 71Q58 84 66 93H34Q42 84 43 71A21 21 0 1 1 34 40A21 21 0 0 1 50 6Z", "leaf"), gleam("M37 26Q38 14 50 13Q43 18 42 28Q38 32 37 26Z", 0.7)],
};
