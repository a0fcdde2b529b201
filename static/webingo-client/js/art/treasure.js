/** Pictures of the social casino: medals of levels, presents, and ever larger treasures of coins. */

import { svg } from "../dom.js";
import { body, gleam, line, ramps, round, star, tint, turned, word } from "./symbols/pen.js";

/** What is drawn takes its colours from one sheet, which the page gets with the first picture. */
function sheet() {
  if (document.getElementById("treasure-sheet")) return;
  document.body.append(svg("svg", { id: "treasure-sheet", class: "symbol-sheet", width: 0, height: 0, "aria-hidden": "true" }, svg("defs", {}, ...ramps())));
}

/** @param {string} className @param {...SVGElement} shapes within 100 x 100 */
function picture(className, ...shapes) {
  sheet();
  return svg("svg", { class: className, viewBox: "0 0 100 100", "aria-hidden": "true" }, ...shapes);
}

/** Metal and heart of a medal: every five levels a finer one. */
const MEDALS = [["orange", "red"], ["silver", "blue"], ["gold", "red"], ["gold", "purple"], ["gold", "green"], ["silver", "purple"], ["gold", "night"]];

/** The medal of a level, with its number. @param {number} level @param {string} [className] @returns {SVGElement} */
export function medal(level, className = "medal") {
  const [metal, heart] = MEDALS[Math.min(MEDALS.length - 1, Math.floor((level - 1) / 5))];
  const text = String(level);
  return picture(className,
    body(star(14, 48, 40), /** @type {any} */ (metal), 3),
    body(round(50, 50, 35), /** @type {any} */ (metal), 2.4), body(round(50, 50, 29), /** @type {any} */ (heart), 2.4),
    gleam("M24 44Q27 25 46 22Q34 30 30 46Z", 0.45),
    word(text, { size: [36, 36, 31, 25, 20][text.length] ?? 18, fill: "cream", y: 51 }));
}

/** A present. @param {boolean} open @param {string} [className] @returns {SVGElement} */
export function present(open, className = "present") {
  const lid = [
    body("M10 34H90V50H10Z", "red"), body("M42 34H58V50H42Z", "gold", 2.4),
    body("M50 33C36 34 22 30 24 19C26 8 44 12 50 33Z", "gold"), body("M50 33C64 34 78 30 76 19C74 8 56 12 50 33Z", "gold"),
    body(round(50, 31, 6), "gold", 2.6), gleam("M30 17Q36 15 41 22Q35 20 31 22Z", 0.8), gleam("M14 37H40V40H14Z", 0.4),
  ];
  const box = [body("M15 50H85V90Q85 93 82 93H18Q15 93 15 90Z", "red"), body("M42 50H58V93H42Z", "gold", 2.4), tint("M17 51H83V57H17Z", "#5c0a1a", 0.5), gleam("M20 60H25V86H20Z", 0.35)];
  if (!open) return picture(className, ...box, ...lid);
  return picture(className,
    tint("M22 52 8 8H92L78 52Z", "#ffe89a", 0.28), tint("M34 52 26 4H74L66 52Z", "#fff3c4", 0.4),
    ...coin(36, 40, 9, 0), ...coin(62, 36, 10, 0), ...coin(50, 26, 9, 0), body(star(5, 8, 3.6, 24, 20), "yellow", 2), body(star(5, 7, 3.2, 78, 16), "yellow", 2),
    turned("translate(30 -4) rotate(26 50 42) scale(.86)", ...lid), ...box);
}

/** A coin on edge or flat: `tilt` 0 shows its face. */
function coin(x, y, r, tilt = 1) {
  const ry = tilt ? r * 0.36 : r;
  const thick = tilt ? r * 0.3 : 0;
  return [
    thick && body(`M${x - r} ${y}V${y + thick}A${r} ${ry} 0 0 0 ${x + r} ${y + thick}V${y}Z`, "orange", 1.8),
    body(round(x, y, r, ry), "gold", 1.8), line(round(x, y, r * 0.68, ry * 0.68), "#c2670a", 1.4, 0.8),
    tilt ? gleam(round(x - r * 0.3, y - ry * 0.3, r * 0.25, ry * 0.18), 0.9) : body(star(5, r * 0.5, r * 0.22, x, y), "orange", 1),
  ].filter(Boolean);
}

/** @param {number} x @param {number} bottom @param {number} count @param {number} [r] */
const stack = (x, bottom, count, r = 13) => Array.from({ length: count }, (_, index) => coin(x + (index % 3 - 1) * 0.9, bottom - index * r * 0.32, r)).flat();

const shine = (x, y, size) => tint(star(4, size, size * 0.22, x, y), "#fff", 0.95);

/** From a handful of coins to all that a ship can carry. @type {(() => SVGElement[])[]} */
const TREASURES = [
  () => [...stack(32, 74, 2, 15), ...stack(66, 78, 3, 15), ...stack(48, 88, 2, 15), shine(72, 58, 8)],
  () => [...stack(26, 72, 7), ...stack(74, 74, 5), ...stack(50, 70, 10), ...stack(36, 86, 4), ...stack(64, 88, 6), shine(50, 26, 9), shine(82, 52, 6)],
  () => [
    body("M30 34C8 52 4 92 24 93H76C96 92 92 52 70 34Z", "brown"), tint("M34 38C20 54 14 80 24 90C16 70 24 52 38 38Z", "#fff", 0.14),
    body("M28 34Q50 44 72 34L80 18Q64 26 50 20Q36 26 20 18Z", "brown"), body("M27 31Q50 41 73 31L72 38Q50 48 28 38Z", "gold", 2.2),
    ...coin(50, 68, 17, 0), ...stack(18, 92, 2, 11), ...stack(84, 92, 3, 11), shine(64, 54, 8),
  ],
  () => [
    body("M10 40C10 20 20 11 34 11H66C80 11 90 20 90 40Z", "brown"), body("M20 12.500V40H28V11.200ZM80 12.500V40H72V11.200Z", "gold", 2.2),
    tint("M14 50Q50 18 86 50Z", "#2b0b12"), ...stack(30, 48, 3, 12), ...stack(52, 46, 5, 13), ...stack(72, 48, 3, 12), ...stack(42, 51, 2, 12), ...stack(62, 51, 2, 12),
    body("M8 50H92V84Q92 88 88 88H12Q8 88 8 84Z", "brown"), body("M20 50H28V88H20ZM72 50H80V88H72ZM8 50H92V57H8Z", "gold", 2.2),
    body("M41 50H59V65Q59 73 50 73T41 65Z", "gold", 2.4), body(round(50, 60, 3.500), "night", 1), line("M50 61V66", "#2b0b12", 3), shine(36, 24, 8), shine(70, 30, 6),
  ],
  () => [
    body("M10 10H90V86H10Z", "steel"), body("M14 86H28V92H14ZM72 86H86V92H72Z", "night", 2), body("M18 18H82V78H18Z", "night", 2.4),
    ...stack(32, 72, 8, 11), ...stack(54, 74, 11, 11), ...stack(72, 74, 5, 10), ...stack(42, 77, 3, 11), ...stack(64, 78, 4, 10),
    body("M82 14 98 8V88L82 82Z", "silver", 2.4), body(round(91, 47, 4.500, 9), "gold", 2), shine(54, 30, 9), shine(30, 42, 6),
  ],
  () => [
    ...stack(14, 84, 4, 11), ...stack(88, 84, 5, 11), ...stack(30, 78, 9, 12), ...stack(72, 78, 10, 12), ...stack(51, 74, 15, 13),
    ...stack(22, 92, 3, 11), ...stack(80, 92, 4, 11), ...stack(42, 88, 5, 12), ...stack(62, 90, 7, 12),
    body("M36 8 30 24 50 18 70 24 64 8 57 15 50 4 43 15Z", "gold", 2.6), body(round(50, 17, 3), "red", 1.4), body(round(38, 19, 2.200), "blue", 1.2), body(round(62, 19, 2.200), "green", 1.2),
    shine(72, 34, 9), shine(28, 46, 7), shine(88, 58, 6),
  ],
];

/**
 * @param {number} rank 0 for the smallest offer @param {number} count of offers in all @param {string} [className]
 * @returns {SVGElement}
 */
export function treasure(rank, count, className = "treasure") {
  const place = count <= 1 ? 2 : Math.round((rank * (TREASURES.length - 1)) / (count - 1));
  return picture(className, ...TREASURES[Math.max(0, Math.min(TREASURES.length - 1, place))]());
}
