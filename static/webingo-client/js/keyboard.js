/** Shortcuts of the whole page; a view says which it has. */

import { dialogOpen } from "./dialog.js";

/** What the help lists. @type {[keys: string[], what: string][]} */
export const SHORTCUTS = [
  [["Space", "Enter"], "Play, or skip the draw"],
  [["E"], "Buy the extra ball"],
  [["C"], "New cards"],
  [["F"], "Collect and end the round"],
  [["↑", "→"], "Raise the stake"],
  [["↓", "←"], "Lower the stake"],
  [["1", "…", "9"], "Open or close a card"],
  [["R"], "Pay table and rules"],
  [["M"], "Sound on or off"],
  [["?"], "This help"],
  [["Esc"], "Back to the lobby"],
];

const NAMES = { " ": "play", Enter: "play", e: "extra", c: "newCards", f: "end", ArrowUp: "stakeUp", ArrowRight: "stakeUp",
  ArrowDown: "stakeDown", ArrowLeft: "stakeDown", r: "rules", m: "sound", "?": "help", Escape: "back" };

/** @param {() => Record<string, (digit?: number) => void>} commands of the view that is shown now */
export function listenToKeys(commands) {
  addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || dialogOpen() || typing(event.target)) return;
    const digit = /^[1-9]$/.test(event.key);
    const name = digit ? "card" : NAMES[event.key] ?? NAMES[event.key.toLowerCase()];
    // The focused button has the first right to Space and Enter.
    if (name === "play" && event.target instanceof HTMLElement && event.target.closest("button, a")) return;
    const command = name && commands()[name];
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
