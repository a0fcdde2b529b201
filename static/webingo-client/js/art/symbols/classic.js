/** The symbols of the old machines: sevens, bars, fruit and what brings luck. */

import { body, gleam, line, round, star, tint, turned } from "./pen.js";

/** @type {Record<string, () => SVGElement[]>} */
export const CLASSIC = {
  seven: () => seven("red"),
  blueseven: () => seven("blue"),
  whiteseven: () => seven("white"),
  goldseven: () => seven("gold"),
  bar: () => CLASSIC.bar1(),
  bar1: () => [bar(50, "navy", 1.35)],
  bar2: () => [bar(32, "green"), bar(68, "green")],
  bar3: () => [bar(20, "red"), bar(50, "red"), bar(80, "red")],
  cherry: () => [
    body("M54 10Q74 2 94 14Q84 34 58 26Q52 18 54 10Z", "leaf", 2.6),
    line("M58 14Q74 14 86 17", "#b4f08a", 2.2, 0.8),
    line("M56 12C36 22 28 38 27 56M56 12C60 26 68 40 69 56", "#5a3410", 5),
    body(round(27, 69, 22, 21), "red"),
    body(round(70, 70, 22, 21), "red"),
    tint("M8 76A22 21 0 0 0 46 78A24 24 0 0 1 8 76ZM51 77A22 21 0 0 0 89 79A24 24 0 0 1 51 77Z", "#6a0614", 0.5),
    gleam("M13 66Q15 54 27 54Q20 59 18 69Q14 72 13 66ZM56 67Q58 55 70 55Q63 60 61 70Q57 73 56 67Z", 0.85),
  ],
  bell: () => [
    body(round(50, 81, 11, 11), "orange"),
    body("M44 14Q44 7 50 7T56 14C76 19 77 36 78 48C79 60 84 68 92 72Q94 81 86 82H14Q6 81 8 72C16 68 21 60 22 48C23 36 24 19 44 14Z", "gold"),
    tint("M12 76C40 70 66 76 88 76Q94 76 92 72Q95 81 86 82H14Q8 81 12 76Z", "#9a4a04", 0.55),
    line("M24 62Q50 70 76 62", "#b05e06", 3, 0.75),
    gleam("M30 52Q30 26 43 20Q37 32 37 54Q31 60 30 52Z", 0.85),
  ],
  lemon: () => [
    body("M60 12Q78 0 94 12Q86 30 66 24Q58 20 60 12Z", "leaf", 2.6),
    body("M6 62Q2 70 8 76Q14 80 20 77C38 92 68 88 82 66C90 52 88 38 82 30Q84 22 76 18Q70 18 66 21C46 12 22 22 13 44Q9 54 12 60Q8 60 6 62Z", "yellow"),
    tint("M14 66C36 86 70 76 84 40C92 60 76 84 50 87C36 87 26 82 20 77Q12 78 14 66Z", "#c97c02", 0.42),
    line("M44 70L45 71M58 64L59 65M66 50L67 51M34 62 35 63M54 52 55 53", "#c97c02", 2.6, 0.7),
    gleam("M20 50Q26 30 46 26Q32 34 28 52Q22 58 20 50Z", 0.85),
  ],
  orange: () => [
    body(round(50, 55, 39, 38), "orange"),
    tint("M14 66C30 84 70 84 86 66A39 38 0 0 1 14 66Z", "#a83c02", 0.45),
    line("M30 62 31 63M42 74 43 75M58 66 59 67M68 52 69 53M70 72 71 73M48 56 49 57", "#b04a06", 2.8, 0.6),
    body("M50 20Q58 4 80 9Q76 26 50 20Z", "leaf", 2.6),
    line("M50 20Q48 14 43 11", "#5a3410", 4.5),
    gleam("M20 50Q22 30 42 26Q30 36 28 54Q22 60 20 50Z", 0.8),
  ],
  plum: () => [
    line("M52 24Q50 14 58 7", "#5a3410", 5),
    body("M56 20Q70 4 92 14Q82 32 56 20Z", "leaf", 2.6),
    body("M50 24C70 14 92 32 90 56C88 80 68 94 50 93C32 94 12 80 10 56C8 32 30 14 50 24Z", "plum"),
    line("M50 26C42 44 42 70 50 90", "#2a0642", 2.8, 0.5),
    gleam("M18 52Q20 34 36 31Q27 40 26 56Q20 62 18 52Z", 0.7),
  ],
  grapes: () => [
    body("M52 22Q64 2 90 12Q88 34 56 30Z", "leaf", 2.6),
    line("M50 26Q48 14 40 8", "#5a3410", 5),
    ...[[50, 36], [31, 39], [69, 41], [40, 54], [59, 56], [23, 56], [77, 58], [33, 71], [52, 74], [68, 73], [44, 88]].flatMap(([x, y]) =>
      [body(round(x, y, 11.500), "purple", 2.4), gleam(round(x - 4, y - 4, 2.8), 0.8)]),
  ],
  watermelon: () => [
    body("M5 36Q50 52 95 36Q93 66 74 80Q50 94 26 80Q7 66 5 36Z", "green"),
    body("M11 39Q50 52 89 39Q86 63 70 74Q50 85 30 74Q14 63 11 39Z", "cream", 1.8),
    body("M15 41Q50 52 85 41Q82 61 68 70Q50 79 32 70Q18 61 15 41Z", "red", 1.8),
    tint("M28 52l3 6q-4 3-5-1ZM44 57l2 6q-4 2-5-1ZM60 56l-1 7q4 1 5-2ZM74 51l-3 6q4 2 5-2ZM36 67l3 5q-4 1-5-2ZM54 70l0 6q4 0 4-3Z", "#2b0b12"),
    gleam("M18 45Q40 51 58 50Q40 55 20 51Z", 0.55),
  ],
  star: () => [
    body(star(5, 46, 21, 50, 53), "gold", 3.4),
    tint(star(5, 30, 14, 50, 53), "#fff6c4", 0.55),
    gleam("M50 10 56 30 48 34 42 33Z", 0.6),
  ],
  crown: () => [
    body("M8 32Q6 26 11 25Q16 26 15 31L31 48 46 19Q43 12 50 11Q57 12 54 19L69 48 85 31Q84 26 89 25Q94 26 92 32L84 80Q50 88 16 80Z", "gold"),
    body("M15 70Q50 78 85 70L83 83Q50 91 17 83Z", "red", 2.4),
    body(round(50, 80, 5, 4.500), "cream", 1.8), body(round(30, 78, 3.600), "cream", 1.6), body(round(70, 78, 3.600), "cream", 1.6),
    body("M50 40 59 53 50 66 41 53Z", "red", 2.2), gleam("M50 44 54 52 46 53Z", 0.7),
    body(round(28, 60, 4.500), "blue", 1.8), body(round(72, 60, 4.500), "blue", 1.8),
    gleam("M14 38 27 54L20 66 16 52Z", 0.6),
  ],
  clover: () => [
    line("M50 52C52 72 58 84 70 92", "#0a4a24", 7), line("M50 52C52 72 58 84 70 92", "#2c8a3a", 3),
    ...[45, 135, 225, 315].map((turn) => turned(`rotate(${turn} 50 48)`,
      body("M50 48C28 42 24 14 40 11Q48 10 50 18Q52 10 60 11C76 14 72 42 50 48Z", "green", 2.8),
      line("M50 44V24", "#d2f7b0", 2.2, 0.7), gleam("M35 24Q34 15 42 14Q38 20 38 27Z", 0.6))),
  ],
  horseshoe: () => [
    body("M50 6C80 6 94 30 88 58C85 72 80 82 76 92H58C64 80 70 68 71 54C73 36 64 25 50 25S27 36 29 54C30 68 36 80 42 92H24C20 82 15 72 12 58C6 30 20 6 50 6Z", "gold"),
    tint(round(50, 15, 3) + round(31, 20, 3) + round(69, 20, 3) + round(19, 38, 3) + round(81, 38, 3) + round(21, 58, 3) + round(79, 58, 3) + round(29, 77, 3) + round(71, 77, 3), "#6a3206"),
    gleam("M14 46Q14 22 36 11Q22 24 19 50Z", 0.7),
  ],
};

function seven(fill) {
  return [
    body("M13 9H89V27C70 46 60 66 58 93H27C30 68 42 48 57 34H34Q27 34 27 42H13Z", "gold", 3.2),
    body("M19 15H83V26C65 44 56 62 52.500 87H34C38 66 50 46 66 28H33Q24 28 21 36H19Z", fill, 2),
    gleam("M23 18H78L74 22H29Q24 24 22 28Z", 0.6),
  ];
}

/** A plate that says BAR; the letters are drawn, so that they look the same everywhere. */
function bar(y, fill, tall = 1) {
  const letters = "M21-6.500V6.500M21-6.500H26A3.200 3.200 0 0 1 26-.2H21M21-.2H27A3.350 3.350 0 0 1 27 6.500H21"
    + "M39 6.500 45-6.500H46L52 6.500M41.500 2.300H49.500M63 6.500V-6.500H69A3.700 3.700 0 0 1 69 .8H63M68.500 .8 73 6.500";
  return turned(`translate(3 ${y}) scale(1 ${tall})`,
    body("M-1-14H95Q91 0 95 14H-1Q3 0-1-14Z", "gold", 2.6),
    body("M5-10H89Q86 0 89 10H5Q8 0 5-10Z", fill, 1.8),
    line(letters, "#2b0b12", 6), line(letters, "#fff6d8", 3.4),
    gleam("M6-9.500H88Q87-6 86.500-4.500H7.500Q7-7 6-9.500Z", 0.35));
}
