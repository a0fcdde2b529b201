/** Line icons of the bar. */

import { svg } from "../dom.js";

const PATHS = {
  back: "M14 5 7 12l7 7",
  rules: "M6 4h9l3 3v13H6zM9 10h6M9 14h6M9 18h3",
  help: "M9 9a3 3 0 1 1 4.5 2.6C12.5 12.2 12 13 12 14M12 18v.01",
  soundOn: "M4 9.5v5h3.5L12 18V6L7.5 9.5zM15.5 9a4.5 4.5 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  soundOff: "M4 9.5v5h3.5L12 18V6L7.5 9.5zM16 10l4 4M20 10l-4 4",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20c1-4 4-5.5 7.500-5.500s6.500 1.500 7.500 5.500",
};

/** @param {keyof typeof PATHS} name @returns {SVGElement} */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" },
    svg("path", { d: PATHS[name], fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round" }));
}
