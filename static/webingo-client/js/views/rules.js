/** The rules dialog: every pattern with its pay and odds (a phone has no other pay table), how to play, and the figures of the game. */

import { openDialog } from "../dialog.js";
import { h } from "../dom.js";
import { fetchRules } from "../rules.js";
import { patternPicture } from "./bingo/paytable.js";
import { linePictures, payTable } from "./slots/rules.js";

/** @param {string} gameid @param {string} title shown until the rules are there */
export async function showRules(gameid, title) {
  const dialog = openDialog({ title: `${title}: rules`, testid: "rules-dialog", className: "dialog-rules" }, h("p", { class: "muted" }, "One moment…"));
  try {
    dialog.body.replaceChildren(...content(await fetchRules(gameid)));
  } catch {
    dialog.body.replaceChildren(h("p", {}, "The rules could not be read. Close this and try again in a moment."));
  }
}

/** @param {import("../types.js").Rules} rules */
function content(rules) {
  const { summary, howToPlay, notes, facts, sections } = rules;
  return [
    summary && h("p", { class: "rules-summary" }, summary),
    ...(rules.table.length ? payTable(rules) : patterns(rules)),
    howToPlay.length > 0 && h("section", {}, h("h3", {}, "How to play"), h("ol", { class: "rules-steps" }, ...howToPlay.map((step) => h("li", {}, step)))),
    ...sections.map(({ title, texts }) => h("section", { class: "rules-section" }, h("h3", {}, title), ...texts.map((each) => h("p", {}, each)))),
    ...linePictures(rules),
    ...notes.map((note) => h("p", {}, note)),
    ...rules.jackpots.map(({ title, texts }) => h("section", { class: "rules-section rules-jackpot" }, h("h3", {}, `★ ${title}`), ...texts.map((each) => h("p", {}, each)))),
    facts.length > 0 && h("section", {}, h("h3", {}, "Figures"),
      h("dl", { class: "rules-facts" }, ...facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))),
  ].filter(Boolean);
}

function patterns({ pays }) {
  return pays.length === 0 ? [] : [h("section", {}, h("h3", {}, "Patterns"),
    h("ul", { class: "rules-pays" }, ...pays.map(payItem)),
    h("p", { class: "muted" }, "Pays are times the stake of the card."))];
}

function payItem({ title, pay, odds, pictures }) {
  const more = pictures.length - 1;
  return h("li", { class: "rules-pay" },
    h("div", { class: "rules-picture" }, pictures[0] && patternPicture(pictures[0]), more > 0 && h("span", { class: "rules-more" }, `+${more}`)),
    h("span", { class: "rules-title" }, title),
    pay !== null && h("strong", { class: "rules-pay-amount" }, `${pay.toLocaleString("en")} ×`),
    odds && h("span", { class: "muted" }, odds));
}
