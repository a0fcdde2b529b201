/** One bingo card: its numbers, daubs, won patterns and the cell that nearly wins. */

import { h, setText } from "../../dom.js";

/**
 * @param {number} index of the card in the series
 * @param {{rows: number, columns: number}} layout
 * @param {() => void} toggle opens or closes the card
 */
export function bingoCard(index, { rows, columns }, toggle) {
  const note = h("span", { class: "card-note" });
  const head = h("button", { class: "card-head", type: "button", on: { click: toggle } },
    h("span", { class: "card-number", "aria-hidden": "true" }, index + 1),
    h("span", { class: "card-name", "aria-hidden": "true" }, `Card ${index + 1}`),
    note, h("span", { class: "card-switch", "aria-hidden": "true" }));
  const cells = Array.from({ length: rows * columns }, () => cell());
  const grid = h("div", { class: "card-grid", role: "table", "aria-label": `Card ${index + 1}` },
    ...Array.from({ length: rows }, (_, row) =>
      h("div", { class: "card-row", role: "row" }, ...cells.slice(row * columns, (row + 1) * columns).map((each) => each.element))));
  const closed = h("div", { class: "card-closed", "aria-hidden": "true", on: { click: toggle } }, h("span", {}, "Not playing"));
  const ribbon = h("div", { class: "card-ribbon", "aria-hidden": "true" });
  const element = h("section", { class: `card card-tone-${index % 6}`, testid: `card-${index}` }, head, grid, closed, ribbon);
  let dealt = "";

  return {
    element,

    /**
     * @param {{numbers: number[], free: Set<number>, open: boolean, changeable: boolean, shuffle: boolean}} look
     *   shuffle: new numbers turn over
     */
    deal({ numbers, free, open, changeable, shuffle }) {
      const key = numbers.join();
      if (key !== dealt) {
        cells.forEach((each, position) => each.number(numbers[position], free.has(position)));
        if (dealt && shuffle) restart(element, "is-dealt");
        dealt = key;
      }
      element.dataset.open = String(open);
      element.classList.toggle("is-closed", !open);
      head.setAttribute("aria-pressed", String(open));
      head.setAttribute("aria-label", `Card ${index + 1}, ${open ? "playing" : "not playing"}${changeable ? open ? ". Close it" : ". Open it" : ""}`);
      if (changeable) head.removeAttribute("aria-disabled");
      else head.setAttribute("aria-disabled", "true");
      setText(closed.firstChild, changeable ? "Tap to play this card" : "Not playing");
    },

    /** @param {Set<number>} marks @param {boolean} fresh whether new marks are stamped in */
    mark(marks, fresh) {
      cells.forEach((each, position) => each.mark(marks.has(position), fresh));
    },

    /** @param {number[]} positions @param {string} [title] of the pattern, shown on the ribbon */
    win(positions, title) {
      positions.forEach((position) => cells[position]?.win(true));
      element.classList.add("is-winning");
      if (title) {
        setText(ribbon, title);
        restart(ribbon, "is-shown");
      }
    },

    /** @param {Map<number, string>} near position to the prize as text */
    near(near) {
      cells.forEach((each, position) => each.near(near.get(position) ?? ""));
      element.classList.toggle("is-near", near.size > 0);
    },

    /** Forgets prizes and near misses; marks stay. */
    calm() {
      cells.forEach((each) => (each.win(false), each.near("")));
      element.classList.remove("is-winning", "is-near");
      ribbon.classList.remove("is-shown");
    },

    /** @param {string} text at the right of the head @param {boolean} won */
    note(text, won) {
      setText(note, text);
      note.classList.toggle("is-win", won);
    },

    click: () => head.click(),
  };
}

function cell() {
  const number = h("span", { class: "cell-number" });
  const badge = h("span", { class: "cell-prize" });
  const element = h("div", { class: "cell", role: "cell" }, h("span", { class: "cell-daub", "aria-hidden": "true" }), number, badge);
  let value = 0;
  let isFree = false;
  const label = () => {
    const what = isFree ? "free" : String(value);
    const state = element.classList.contains("is-marked") ? " marked" : "";
    element.setAttribute("aria-label", badge.textContent ? `${what}, would win ${badge.textContent}` : what + state);
  };
  return {
    element,
    number(next, free) {
      value = next;
      isFree = free;
      setText(number, free ? "★" : String(next));
      element.classList.toggle("is-free", free);
      element.dataset.number = String(next);
      // A stamp by hand never sits straight; the number decides how, so that it never jumps.
      element.style.setProperty("--tilt", `${(next * 47) % 360}deg`);
      label();
    },
    mark(yes, fresh) {
      if (element.classList.contains("is-marked") === yes) return;
      element.classList.toggle("is-marked", yes);
      element.classList.toggle("is-fresh", yes && fresh);
      element.dataset.marked = String(yes);
      label();
    },
    win: (yes) => element.classList.toggle("is-win", yes),
    near(prize) {
      if (badge.textContent === prize) return;
      setText(badge, prize);
      element.classList.toggle("is-near", prize !== "");
      label();
    },
  };
}

function restart(element, name) {
  element.classList.remove(name);
  void element.offsetWidth;
  element.classList.add(name);
}
