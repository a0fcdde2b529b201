/** Shortcuts of the whole page; a view says which it has. */

import { dialogOpen } from "./dialog.js";

/** What the help lists, per view and for all. @type {Record<string, [keys: string[], what: string][]>} */
export const SHORTCUTS = {
  bingo: [
    [["Space", "Enter"], "Play, or skip the draw"],
    [["E"], "Buy the extra ball"],
    [["C"], "New cards"],
    [["F"], "Collect and end the round"],
    [["↑", "→"], "Raise the stake"],
    [["↓", "←"], "Lower the stake"],
    [["1", "…", "9"], "Open or close a card"],
  ],
  slots: [
    [["Space", "Enter"], "Spin, stop quickly, go on"],
    [["G"], "Gamble the win"],
    [["F"], "Collect the win"],
    [["↑", "↓"], "Raise or lower the bet"],
    [["→", "←"], "More or fewer lines"],
    [["A"], "Autoplay"],
    [["T"], "Turbo"],
    [["B"], "Buy a feature"],
    [["1", "…", "9"], "Open a chest"],
  ],
  all: [
    [["R"], "Pay table and rules"],
    [["M"], "Sound on or off"],
    [["?"], "This help"],
    [["Esc"], "Back to the lobby"],
  ],
};

/** Commands of each key; the first that the view knows is meant. */
const NAMES = { " ": ["play"], Enter: ["play"], e: ["extra"], c: ["newCards"], f: ["end"], g: ["gamble"], a: ["auto"], t: ["turbo"], b: ["buy"],
  ArrowUp: ["stakeUp"], ArrowRight: ["linesUp", "stakeUp"], ArrowDown: ["stakeDown"], ArrowLeft: ["linesDown", "stakeDown"],
  r: ["rules"], m: ["sound"], "?": ["help"], Escape: ["back"] };

/** @param {() => Record<string, (digit?: number) => void>} commands of the view that is shown now */
export function listenToKeys(commands) {
  addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || dialogOpen() || typing(event.target)) return;
    const digit = /^[1-9]$/.test(event.key);
    const names = digit ? ["card"] : NAMES[event.key] ?? NAMES[event.key.toLowerCase()] ?? [];
    // The focused button has the first right to Space and Enter.
    if (names[0] === "play" && event.target instanceof HTMLElement && event.target.closest("button, a")) return;
    const known = names.length ? commands() : {};
    const command = names.map((name) => known[name]).find(Boolean);
    if (!command) return;
    event.preventDefault();
    command(digit ? Number(event.key) - 1 : undefined);
  });
  // After a click the keyboard goes on meaning the game, not the button that was clicked.
  addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button");
    if (button && event.detail > 0 && !button.closest("dialog")) button.blur();
  });
}

function typing(target) {
  return target instanceof Element && target.closest("input, textarea, select") !== null;
}
