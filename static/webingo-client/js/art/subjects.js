/** What stands in the middle of a game's picture, per engine; all within 320 x 200. */

import { svg } from "../dom.js";
import { ramps } from "./symbols/pen.js";
import { mentioned } from "./symbols/pictures.js";

/**
 * @typedef {{paint: any, ball: (where: {x: number, y: number, r: number, colour: number, turn?: number}, face?: any) => SVGElement,
 *            game: import("../types.js").GameInfo, hash: number}} Scene
 * @type {Record<string, (scene: Scene) => SVGElement>}
 */
export const SUBJECTS = { bingo, slots, ladder, instant, poker, other };

const shadow = (cx, cy, rx, ry = 8) => svg("ellipse", { cx, cy, rx, ry, fill: "#1b0410", opacity: 0.35 });

function bingo({ ball, game, hash }) {
  const square = game.id.includes("75");
  const number = (index) => String(1 + ((hash >>> index) + index * 17) % (square ? 75 : 60));
  const joker = game.id.includes("joker");
  return svg("g", {},
    miniCard(92, 30, -9, square ? 5 : 3, 5, hash),
    miniCard(190, 26, 8, square ? 5 : 3, 5, hash >>> 5),
    shadow(160, 182, 130),
    ball({ x: 48, y: 152, r: 28, colour: 3, turn: -12 }, number(1)),
    ball({ x: 272, y: 152, r: 28, colour: 2, turn: 14 }, number(4)),
    ball({ x: 98, y: 150, r: 33, colour: 1, turn: 8 }, number(2)),
    ball({ x: 222, y: 150, r: 33, colour: 4, turn: -8 }, number(3)),
    joker && jokerHat(),
    ball({ x: 160, y: 138, r: 46, colour: 0, turn: -5 }, joker ? svg("path", { d: STAR, fill: "#e0322d", transform: "scale(.46)" }) : number(7)));
}

// Within a radius of 1.
const STAR = "M0-1 .26-.36 .95-.31 .42.14 .59.81 0 .45-.59.81-.42.14-.95-.31-.26-.36Z";

function miniCard(x, y, turn, rows, columns, hash) {
  const size = rows === 5 ? 17 : 21;
  const cells = Array.from({ length: rows * columns }, (_, index) => {
    const [cx, cy] = [(index % columns) * size + size / 2 + 6, Math.floor(index / columns) * size + size / 2 + 20];
    const marked = (hash >>> index % 29) % 3 === 0;
    return [svg("rect", { x: cx - size / 2 + 1, y: cy - size / 2 + 1, width: size - 2, height: size - 2, rx: 4, fill: "#f3dfba" }),
      marked && svg("circle", { cx, cy, r: size * 0.36, fill: "#d8302f" })];
  });
  return svg("g", { transform: `rotate(${turn} ${x} ${y + 40}) translate(${x - 55} ${y - 14})` },
    svg("rect", { x: 3, y: 5, width: columns * size + 12, height: rows * size + 26, rx: 9, fill: "#1b0410", opacity: 0.35 }),
    svg("rect", { width: columns * size + 12, height: rows * size + 26, rx: 9, fill: "#fff8e6" }),
    svg("rect", { x: 6, y: 6, width: columns * size, height: 10, rx: 5, fill: "#b0203a" }),
    ...cells.flat());
}

function jokerHat() {
  return svg("g", { "stroke-linejoin": "round" },
    svg("path", { d: "M122 112C100 92 92 62 104 40C122 54 136 66 142 84C146 58 150 40 160 22C170 40 176 58 180 84C186 66 198 52 218 40C226 64 220 92 198 112Z", fill: "#7b2fd0" }),
    svg("path", { d: "M160 22C170 40 176 58 180 84C186 66 198 52 218 40C226 64 220 92 198 112H160Z", fill: "#1fa85a" }),
    ...[[104, 40], [160, 22], [218, 40]].map(([cx, cy]) => svg("circle", { cx, cy, r: 8, fill: "#ffcf5a", stroke: "#a8620a", "stroke-width": 1.5 })));
}

// What stands on the reels of a game whose text names nothing that is drawn.
const USUAL = [["seven", "bell", "cherry"], ["diamond", "seven", "star"], ["crown", "ruby", "emerald"], ["clover", "horseshoe", "coin"]];

function slots({ paint, game, hash }) {
  paint.defs.append(...ramps());
  const named = mentioned(`${game.id} ${game.title} ${game.description ?? ""}`);
  const [middle, left, right] = [...named, ...mentioned(USUAL[hash % USUAL.length].join(" "))];
  const reel = (x, width) => svg("g", {},
    svg("rect", { x, y: 42, width, height: 120, rx: 6, fill: "#4b1838" }), svg("rect", { x: x + 4, y: 46, width: width - 8, height: 50, rx: 5, fill: "#fff", opacity: 0.07 }));
  const symbol = (draw, x, y, size, turn) => svg("g", { transform: `translate(${x} ${y}) rotate(${turn}) scale(${size / 100}) translate(-50 -50)` }, ...draw());
  const lamps = Array.from({ length: 11 }, (_, index) => [31, 173].map((cy) => svg("circle", { cx: 60 + index * 20, cy, r: 2.6, fill: "#fffbe0", stroke: "#8a4105", "stroke-width": 1 }))).flat();
  return svg("g", {},
    shadow(160, 187, 130),
    svg("rect", { x: 38, y: 24, width: 244, height: 156, rx: 24, fill: "#7a3703" }),
    svg("rect", { x: 41, y: 26, width: 238, height: 150, rx: 21, fill: "url(#ramp-gold)" }),
    svg("rect", { x: 52, y: 38, width: 216, height: 128, rx: 12, fill: "#2b0b12" }),
    reel(58, 66), reel(127, 66), reel(196, 66), ...lamps,
    symbol(left, 84, 104, 82, -7), symbol(right, 236, 104, 82, 7), symbol(middle, 160, 101, 112, 0));
}

function ladder() {
  const steps = Array.from({ length: 5 }, (_, index) => svg("g", {},
    svg("rect", { x: 34 + index * 50, y: 158 - index * 24, width: 50, height: 60 + index * 24, fill: index % 2 ? "#8a4b12" : "#9c5a18" }),
    svg("rect", { x: 34 + index * 50, y: 158 - index * 24, width: 50, height: 9, rx: 3, fill: "#ffcf5a" })));
  const chick = svg("g", { transform: "translate(159 72)" },
    svg("path", { d: "M-4-30C-8-38-2-42 1-36C3-44 12-41 8-31Z", fill: "#e0322d" }),
    svg("circle", { r: 31, fill: "#ffd84d" }),
    svg("path", { d: "M-31 2C-40 0-42-8-38-12C-30-12-26-6-24 0Z", fill: "#f0a311" }),
    svg("path", { d: "M-16 8C-12 20 6 20 8 6C2 2-8 2-16 8Z", fill: "#f0a311" }),
    svg("circle", { cx: 12, cy: -9, r: 5, fill: "#35101f" }), svg("circle", { cx: 14, cy: -11, r: 1.7, fill: "#fff" }),
    svg("path", { d: "M27-6 42 0 27 6Z", fill: "#f0720f" }),
    svg("path", { d: "M-6 30V38M8 30V38", stroke: "#f0720f", "stroke-width": 4, "stroke-linecap": "round" }));
  return svg("g", {}, ...steps, chick, svg("path", { d: STAR, fill: "#fff1b8", transform: "translate(259 36) scale(17)" }));
}

function instant() {
  return svg("g", {},
    shadow(160, 182, 110),
    ...[-16, 0, 16].map((turn, index) => svg("g", { transform: `rotate(${turn} 160 210)` },
      svg("rect", { x: 112, y: 42, width: 96, height: 124, rx: 12, fill: ["#1fa85a", "#2478e0", "#e0322d"][index] }),
      svg("rect", { x: 118, y: 48, width: 84, height: 112, rx: 8, fill: "none", stroke: "#fff6dc", "stroke-width": 2, "stroke-dasharray": "5 4", opacity: 0.8 }),
      svg("circle", { cx: 160, cy: 100, r: 30, fill: "#fff6dc" }),
      svg("path", { d: "M166 74 144 106H158L152 128 177 94H162Z", fill: "#f0a311", stroke: "#8f4d02", "stroke-width": 2, "stroke-linejoin": "round" }))));
}

function poker() {
  const suits = ["♠", "♥", "♦", "♣"];
  return svg("g", {},
    shadow(160, 180, 110),
    ...suits.map((suit, index) => svg("g", { transform: `rotate(${index * 18 - 27} 160 230)` },
      svg("rect", { x: 122, y: 44, width: 76, height: 112, rx: 9, fill: "#fffaf0", stroke: "#35101f", "stroke-opacity": 0.25 }),
      svg("text", { x: 160, y: 104, "text-anchor": "middle", "dominant-baseline": "central", "font-size": 50, fill: index % 3 ? "#c8202f" : "#2a1420" }, suit))));
}

function other({ ball }) {
  return svg("g", {},
    shadow(160, 178, 90),
    ball({ x: 112, y: 128, r: 44, colour: 3 }, svg("path", { d: STAR, fill: "#2478e0", transform: "scale(.46)" })),
    ball({ x: 208, y: 128, r: 44, colour: 5 }, svg("path", { d: STAR, fill: "#e0398d", transform: "scale(.46)" })),
    ball({ x: 160, y: 84, r: 44, colour: 1 }, svg("path", { d: STAR, fill: "#c97a05", transform: "scale(.46)" })));
}
