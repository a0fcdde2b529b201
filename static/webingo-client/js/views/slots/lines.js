/** Winning lines over the reels: a glowing line through the cells, a frame around each cell that won, the number of the line. */

import { svg } from "../../dom.js";
import { still } from "../../motion.js";

const COLOURS = ["#ffd23e", "#5ee6ff", "#ff6f91", "#7dff8a", "#ffa14a", "#c79bff", "#fff27a", "#4fd1a5", "#ff8af0", "#8fb8ff"];
const DRAW_MS = 340;

/** @param {number} line @returns {string} */
export const colourOf = (line) => COLOURS[((line % COLOURS.length) + COLOURS.length) % COLOURS.length];

export function winLines() {
  const element = svg("svg", { class: "win-lines", "aria-hidden": "true" });
  let [reels, rows, width, height] = [1, 1, 0, 0];
  /** What is drawn, to be drawn anew in another size. @type {[wins: import("../../types.js").SlotsWin[], brief: boolean]} */
  let shown = [[], true];
  /** @type {number[][]} the row on each reel, of each line; known from the rules */
  let paths = [];

  const centre = ([reel, row]) => [(reel + 0.5) * width, (row + 0.5) * height];

  function draw(wins, brief) {
    shown = [wins, brief];
    element.replaceChildren(...(width ? wins.map((win) => drawing(win, brief)) : []));
  }

  function drawing(win, brief) {
    const colour = win.kind === "line" ? colourOf(win.line) : COLOURS[0];
    const group = svg("g", { class: "win-line" });
    group.style.setProperty("--line", colour);
    if (win.kind === "line") {
      const points = route(win).map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
      for (const name of ["win-line-glow", "win-line-edge", "win-line-core"]) group.append(reveal(svg("path", { class: name, d: `M${points.join("L")}`, pathLength: 1 }), brief));
    }
    if (brief) return group;
    if (win.kind === "line") group.append(badge(win));
    for (const cell of win.cells) group.append(frame(cell));
    return group;
  }

  /** The whole line where its path is known, else through the cells that won and out at their side. */
  function route(win) {
    const known = paths[win.line];
    const cells = known?.length === reels ? known.map((row, reel) => [reel, row]) : [...win.cells].sort((a, b) => a[0] - b[0]);
    const points = cells.map(centre);
    const first = points[0];
    const last = points.at(-1);
    if (cells[0][0] === 0) points.unshift([0, first[1]]);
    if (cells.at(-1)[0] === reels - 1) points.push([reels * width, last[1]]);
    return win.direction === "right" ? points.reverse() : points;
  }

  function frame([reel, row]) {
    return svg("rect", { class: "win-frame", x: reel * width + 4, y: row * height + 4, width: width - 8, height: height - 8, rx: Math.min(16, width / 8) });
  }

  function badge(win) {
    const right = win.direction === "right";
    const [, y] = route(win)[0];
    const radius = Math.max(10, Math.min(15, height / 7));
    return svg("g", { class: "win-badge", transform: `translate(${right ? reels * width - radius * 0.3 : radius * 0.3} ${y})` },
      svg("circle", { r: radius }), svg("text", { "text-anchor": "middle", "dominant-baseline": "central", "font-size": radius * 1.1 }, win.line + 1));
  }

  function reveal(path, brief) {
    if (!still() && !brief) path.animate([{ strokeDasharray: "0 1" }, { strokeDasharray: "1 1" }], { duration: DRAW_MS, easing: "ease-out" });
    return path;
  }

  return {
    element,

    size(layout, cellWidth, cellHeight) {
      ({ reels, rows } = layout);
      [width, height] = [cellWidth, cellHeight];
      element.setAttribute("viewBox", `0 0 ${reels * width} ${rows * height}`);
      draw(...shown);
    },

    /** @param {number[][]} known */
    learn(known) {
      paths = known;
    },

    /** One win in full. @param {import("../../types.js").SlotsWin} win */
    show: (win) => draw([win], false),

    /** Many lines at once, without frames and numbers. @param {import("../../types.js").SlotsWin[]} wins */
    showAll: (wins) => draw(wins, true),

    clear: () => draw([], true),

    /** The first lines of the game, so far as their paths are known. @param {number} count */
    preview: (count) => draw(paths.slice(0, count).map((_, line) => ({ kind: "line", line, cells: [], direction: "left" })), true),

    /** Where the amount of a win stands: in the middle of its cells. @returns {[x: number, y: number]} as shares of the window */
    middle(win) {
      const cells = [...win.cells].sort((a, b) => a[0] - b[0]);
      const [reel, row] = cells[Math.floor((cells.length - 1) / 2)] ?? [0, 0];
      return [(reel + 0.5) / reels, (row + 0.5) / rows];
    },
  };
}
