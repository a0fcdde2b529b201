/** A picture for every game, made from its engine and id: none is ever missing. */

import { svg } from "../dom.js";
import { ballPaint, svgBall } from "./ball.js";
import { SUBJECTS } from "./subjects.js";

const WIDTH = 320;
const HEIGHT = 200;

/** Hues from corner to corner, per engine; the id chooses and shifts, so that sisters differ. */
const MOODS = {
  bingo: [[350, 24], [258, 316], [28, 348], [205, 262]],
  slots: [[285, 330], [172, 205], [330, 12], [215, 262], [24, 345]],
  ladder: [[95, 160]],
  instant: [[200, 250]],
  poker: [[150, 190]],
};
const PLAIN = [[15, 40]];

/** @param {import("../types.js").GameInfo} game @returns {SVGElement} */
export function tileArt(game) {
  const hash = hashOf(game.id);
  const moods = MOODS[game.engine] ?? PLAIN;
  const [from, to] = moods[hash % moods.length].map((hue) => (hue + ((hash >>> 4) % 5) * 5 - 10 + 360) % 360);
  const paint = ballPaint();
  const mark = paint.fill(0).slice(5, -1);
  paint.defs.append(
    svg("linearGradient", { id: `${mark}-sky`, x1: 0, y1: 0, x2: 0.6, y2: 1 },
      svg("stop", { offset: 0, "stop-color": `hsl(${from} 78% 44%)` }),
      svg("stop", { offset: 1, "stop-color": `hsl(${to} 82% 22%)` })),
    svg("radialGradient", { id: `${mark}-glow`, cx: 0.5, cy: 0.5, r: 0.5 },
      svg("stop", { offset: 0, "stop-color": "#fff2c0", "stop-opacity": 0.85 }),
      svg("stop", { offset: 0.45, "stop-color": "#ffc861", "stop-opacity": 0.4 }),
      svg("stop", { offset: 1, "stop-color": "#ffb347", "stop-opacity": 0 })));
  const subject = SUBJECTS[game.engine] ?? SUBJECTS.other;
  return svg("svg", { class: "tile-art", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" },
    paint.defs,
    svg("rect", { width: WIDTH, height: HEIGHT, fill: `url(#${mark}-sky)` }),
    rays(hash),
    svg("circle", { cx: 160, cy: 104, r: 150, fill: `url(#${mark}-glow)` }),
    bokeh(hash),
    subject({ paint, ball: (where, face) => svgBall(paint, where, face), game, hash }));
}

function rays(hash) {
  const turn = hash % 20;
  const wedges = Array.from({ length: 12 }, (_, index) => {
    const [a, b] = [index * 30 + turn, index * 30 + 13 + turn].map((degrees) => (degrees * Math.PI) / 180);
    return `M160 104L${160 + 260 * Math.cos(a)} ${104 + 260 * Math.sin(a)}L${160 + 260 * Math.cos(b)} ${104 + 260 * Math.sin(b)}Z`;
  });
  return svg("path", { d: wedges.join(""), fill: "#fff4cf", opacity: 0.1 });
}

function bokeh(hash) {
  return svg("g", { fill: "#fff6dc" }, ...Array.from({ length: 14 }, (_, index) => {
    const seed = (hash >>> (index % 13)) + index * 7919;
    return svg("circle", { cx: (seed * 37) % WIDTH, cy: (seed * 53) % HEIGHT, r: 1 + (seed % 4), opacity: 0.12 + (seed % 5) / 14 });
  }));
}

function hashOf(text) {
  let hash = 2166136261;
  for (const letter of text) hash = Math.imul(hash ^ letter.codePointAt(0), 16777619) >>> 0;
  return hash;
}
