/** How symbols are drawn: flat shapes with a dark outline and light from above, within 100 x 100. */

import { svg } from "../../dom.js";

/** Light, body and shade. */
const RAMPS = {
  red: ["#ff8d75", "#e0262c", "#8a0a1c"],
  meat: ["#f08a78", "#cf4a44", "#8c2226"],
  pink: ["#ffd0c4", "#f28d86", "#c4525a"],
  roast: ["#f7b45a", "#c8691c", "#7a320a"],
  brown: ["#c98a52", "#8f4c1e", "#4d220a"],
  gold: ["#fff3b0", "#ffc02e", "#c2670a"],
  yellow: ["#fff6a8", "#ffd62e", "#e59708"],
  butter: ["#fffbd0", "#ffe36e", "#eab32a"],
  orange: ["#ffd08a", "#ff9320", "#c24e06"],
  green: ["#b4f08a", "#3fae3c", "#0e5a2a"],
  leaf: ["#8fdc6a", "#2c8a3a", "#0a4a24"],
  teal: ["#a8f5e8", "#22b3aa", "#08616a"],
  blue: ["#a6dcff", "#2b86ea", "#0c3a96"],
  navy: ["#5f86c8", "#24408c", "#0d1a4a"],
  purple: ["#e6baff", "#9a42e0", "#471086"],
  plum: ["#c98ae8", "#6f2a9c", "#33094f"],
  rose: ["#ffc2e0", "#f0509c", "#90145a"],
  cream: ["#ffffff", "#fff4dc", "#e2c496"],
  white: ["#ffffff", "#f4f4fa", "#b9bfd2"],
  silver: ["#ffffff", "#c8d0dc", "#6c7788"],
  steel: ["#dfe8f2", "#8493a8", "#3d4a5e"],
  night: ["#5a3d6e", "#34183f", "#170719"],
};
const INK = "#2b0b12";

/** @param {keyof typeof RAMPS} name @returns {string} what `fill` takes */
export const ramp = (name) => `url(#ramp-${name})`;

/** @returns {SVGElement[]} the gradients, once for the page */
export function ramps() {
  return Object.entries(RAMPS).map(([name, [light, body, shade]]) =>
    svg("linearGradient", { id: `ramp-${name}`, x1: 0.25, y1: 0, x2: 0.75, y2: 1 },
      svg("stop", { offset: 0, "stop-color": light }),
      svg("stop", { offset: 0.45, "stop-color": body }),
      svg("stop", { offset: 1, "stop-color": shade })));
}

const paint = (fill) => (fill in RAMPS ? ramp(fill) : fill);

/** An outlined body. @param {string} d @param {string} fill a ramp or a colour @param {number} [width] of the outline */
export const body = (d, fill, width = 3) =>
  svg("path", { d, fill: paint(fill), stroke: INK, "stroke-width": width, "stroke-linejoin": "round", "stroke-linecap": "round" });

/** Colour on a body, without an outline. @param {string} d @param {string} fill @param {number} [opacity] */
export const tint = (d, fill, opacity = 1) => svg("path", { d, fill: paint(fill), opacity });

/** A stroke. @param {string} d @param {string} [colour] @param {number} [width] @param {number} [opacity] */
export const line = (d, colour = INK, width = 3, opacity = 1) =>
  svg("path", { d, fill: "none", stroke: paint(colour), "stroke-width": width, opacity, "stroke-linecap": "round", "stroke-linejoin": "round" });

/** A gleam. @param {string} d @param {number} [opacity] */
export const gleam = (d, opacity = 0.65) => tint(d, "#fff", opacity);

/** @param {number} cx @param {number} cy @param {number} rx @param {number} [ry] @returns {string} the path of an ellipse */
export const round = (cx, cy, rx, ry = rx) => `M${cx - rx} ${cy}A${rx} ${ry} 0 1 1 ${cx + rx} ${cy}A${rx} ${ry} 0 1 1 ${cx - rx} ${cy}Z`;

/** @param {string} transform @param {...SVGElement} shapes */
export const turned = (transform, ...shapes) => svg("g", { transform }, ...shapes);

/** The path of a star. @param {number} points @param {number} outer @param {number} inner @param {number} [cx] @param {number} [cy] @param {number} [turn] in degrees */
export function star(points, outer, inner, cx = 50, cy = 50, turn = -90) {
  const corners = Array.from({ length: points * 2 }, (_, index) => {
    const angle = ((turn + (index * 180) / points) * Math.PI) / 180;
    const radius = index % 2 ? inner : outer;
    return `${(cx + radius * Math.cos(angle)).toFixed(1)} ${(cy + radius * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${corners.join("L")}Z`;
}

/** Big letters. @param {string} text @param {{size: number, fill: string, y?: number, serif?: boolean}} options */
export const word = (text, { size, fill, y = 52, serif = false }) =>
  svg("text", { x: 50, y, "text-anchor": "middle", "dominant-baseline": "central", "font-size": size, "font-weight": 900,
    "font-family": serif ? 'Georgia, "Noto Serif", "DejaVu Serif", serif' : "inherit", fill: paint(fill), stroke: INK, "stroke-width": size / 9,
    "stroke-linejoin": "round", "paint-order": "stroke" }, text);
