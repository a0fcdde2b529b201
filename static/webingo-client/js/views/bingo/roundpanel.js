/** What this round has brought and what it nearly brought, in words, under the machine. */

import { h } from "../../dom.js";
import { ball } from "./tray.js";

const NEAR_SHOWN = 3;

export function roundPanel() {
  const list = h("ul", { class: "round-list" });
  const element = h("section", { class: "round-panel", "aria-label": "This round" }, list);

  return {
    element,

    /**
     * @param {import("../../types.js").BingoData} data
     * @param {(pattern: string) => string} title of a pattern
     * @param {(amount: number) => string} money
     */
    show(data, title, money) {
      const near = [...(data.near ?? [])].sort((a, b) => b.pay - a.pay).slice(0, NEAR_SHOWN);
      const rows = [
        ...(data.prizes ?? []).map(({ card, pattern, pay }) => row("is-prize", h("span", { class: "round-mark", "aria-hidden": "true" }, "★"), title(pattern), card, money(pay))),
        ...near.map(({ card, pattern, ball: missing, pay }) => row("is-near", ball(missing, data.layout.pool), title(pattern), card, money(pay))),
      ];
      if (rows.length === 0) rows.push(h("li", { class: "round-hint" }, data.balls.length ? "Nothing this time. New round, new luck." : "Choose your stake and cards, then press Play."));
      list.replaceChildren(...rows);
    },

    /** While balls are still coming. */
    wait: () => list.replaceChildren(h("li", { class: "round-hint" }, "Here they come…")),
  };
}

function row(className, mark, title, card, amount) {
  return h("li", { class: `round-row ${className}` }, mark, h("span", { class: "round-what" }, h("b", {}, title), h("small", {}, `Card ${card + 1}`)), h("span", { class: "round-pay" }, amount));
}
