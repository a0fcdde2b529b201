/** Bingo balls as SVG, for the logo and the pictures of the lobby; the table's own balls are CSS with the same colours. */

import { svg } from "../dom.js";

/** Light, body and shade of each range of numbers. */
export const BALL_COLOURS = [
  ["#ff9a86", "#e0322d", "#7a0a1a"],
  ["#ffe08a", "#f0a311", "#8f4d02"],
  ["#8ff0b4", "#1fa85a", "#07492a"],
  ["#9fd4ff", "#2478e0", "#0b2f78"],
  ["#e2b6ff", "#9440dc", "#42107a"],
  ["#ffb3d9", "#e0398d", "#740f48"],
  ["#a5f1f0", "#149ba0", "#064a52"],
  ["#d9d3cc", "#77706a", "#2f2a26"],
];

let drawings = 0;

/**
 * The gradients of the balls of one drawing; ids are page-wide, so each drawing has its own.
 * @returns {{defs: SVGElement, fill: (colour: number) => string}}
 */
export function ballPaint() {
  const mark = `ball${++drawings}-`;
  const defs = svg("defs", {}, ...BALL_COLOURS.map(([light, body, shade], index) =>
    svg("radialGradient", { id: mark + index, cx: 0.36, cy: 0.3, r: 0.78 },
      svg("stop", { offset: 0, "stop-color": light }),
      svg("stop", { offset: 0.42, "stop-color": body }),
      svg("stop", { offset: 1, "stop-color": shade }))));
  return { defs, fill: (colour) => `url(#${mark}${colour % BALL_COLOURS.length})` };
}

/**
 * @param {ReturnType<typeof ballPaint>} paint
 * @param {{x: number, y: number, r: number, colour: number, turn?: number}} where
 * @param {Node|string} [face] a number, or a drawing centred on 0,0 for a radius of 1
 */
export function svgBall(paint, { x, y, r, colour, turn = 0 }, face) {
  const label = typeof face === "string"
    ? svg("text", { "text-anchor": "middle", "dominant-baseline": "central", "font-size": r * 0.78, "font-weight": 800, fill: "#35101f" }, face)
    : face && svg("g", { transform: `scale(${r})` }, face);
  return svg("g", { transform: `translate(${x} ${y}) rotate(${turn})` },
    svg("circle", { r, fill: paint.fill(colour) }),
    svg("circle", { r: r * 0.6, fill: "#fffaf0", cy: r * 0.04 }),
    svg("circle", { r: r * 0.6, fill: "none", stroke: "#000", "stroke-opacity": 0.16, "stroke-width": r * 0.05, cy: r * 0.04 }),
    label,
    svg("ellipse", { cx: -r * 0.28, cy: -r * 0.66, rx: r * 0.38, ry: r * 0.17, fill: "#fff", opacity: 0.75, transform: "rotate(-20)" }));
}
