/** The name of the house: two golden letters and five balls. */

import { svg } from "../dom.js";
import { ballPaint, svgBall } from "./ball.js";

// Letters are strokes within -0.5..0.5, so that they look the same with any font of the system.
const BALL_LETTERS = {
  B: "M-.2-.3V.36M-.2-.3H.03a.16.16 0 0 1 0 .32H-.2M-.2.02H.06a.17.17 0 0 1 0 .34H-.2",
  I: "M0-.3V.36",
  N: "M-.22.36V-.3L.22.36V-.3",
  G: "M.24-.18A.29.33 0 1 0 .25.2V.05H.04",
  O: "M-.28.03a.28.33 0 1 1 .56 0a.28.33 0 1 1-.56 0",
};
const GOLDEN = ["M0 12 8 38 16 17 24 38 32 12", "M43.5 25.5H66.5A11.8 13 0 1 0 63 34.5"];

/** @param {string} className @returns {SVGElement} */
export function logo(className) {
  const paint = ballPaint();
  const gold = `${paint.fill(0).slice(5, -1)}-gold`;
  paint.defs.append(svg("linearGradient", { id: gold, x1: 0, y1: 0, x2: 0, y2: 1 },
    svg("stop", { offset: 0, "stop-color": "#fff3c4" }),
    svg("stop", { offset: 0.5, "stop-color": "#ffc445" }),
    svg("stop", { offset: 1, "stop-color": "#d9780f" })));
  const strokes = (colour, width) => svg("path", { d: GOLDEN.join(""), fill: "none", stroke: colour, "stroke-width": width,
    "stroke-linecap": "round", "stroke-linejoin": "round" });
  return svg("svg", { class: className, viewBox: "-6 -2 292 54", role: "img", "aria-label": "webingo" },
    paint.defs,
    svg("g", { transform: "translate(0 2)" }, strokes("#4a0c1c", 11)),
    strokes(`url(#${gold})`, 7.5),
    ...Object.entries(BALL_LETTERS).map(([, path], index) =>
      svgBall(paint, { x: 95 + index * 41, y: 26 - (index % 2 ? 2 : -1), r: 21.5, colour: index, turn: [-8, 6, -4, 8, -6][index] },
        svg("path", { d: path, fill: "none", stroke: "#35101f", "stroke-width": 0.17, "stroke-linecap": "round", "stroke-linejoin": "round" }))));
}
