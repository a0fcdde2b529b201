/** Line icons of the bar. */

import { svg } from "../dom.js";

const PATHS = {
  back: "M14 5 7 12l7 7",
  rules: "M6 4h9l3 3v13H6zM9 10h6M9 14h6M9 18h3",
  help: "M9 9a3 3 0 1 1 4.5 2.6C12.5 12.2 12 13 12 14M12 18v.01",
  soundOn: "M4 9.5v5h3.5L12 18V6L7.5 9.5zM15.5 9a4.5 4.5 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  soundOff: "M4 9.5v5h3.5L12 18V6L7.5 9.5zM16 10l4 4M20 10l-4 4",
  spin: "M19.500 9.500A8 8 0 0 0 5 8.500M4.500 14.500A8 8 0 0 0 19 15.500M5 3.800V8.500h4.700M19 20.200V15.500h-4.700",
  stop: "M7.500 7.500h9v9h-9z",
  go: "M8.500 5.500 17.500 12l-9 6.500z",
  auto: "M4 12a8 8 0 0 1 14-5.300M20 12a8 8 0 0 1-14 5.300M18 3v4h-4M6 21v-4h4M10.500 9.500v5l4-2.500z",
  turbo: "M13 3 6 13.500h5L10.500 21 18 10h-5.500z",
  buy: "M4 9h16l-1.500 11h-13zM8.500 9a3.500 3.500 0 0 1 7 0M12 12.500v4M10 14.500h4",
  cards: "M10 4.500 19.500 7l-3 12L7 16.500zM7.500 9 4.500 17.500M13.300 8.500q3 1.500 1.500 4-2 .5-4.500 2.500-.5-3 .5-4.800 1-.5 2.500-1.700z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20c1-4 4-5.5 7.500-5.500s6.500 1.500 7.500 5.500",
};

/** @param {keyof typeof PATHS} name @returns {SVGElement} */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" },
    svg("path", { d: PATHS[name], fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round" }));
}
