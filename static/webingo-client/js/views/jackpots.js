/** Jackpots as they are seen: plaques in the lobby, a strip on the tables, chips on the games, and all about one of them. */

import { openDialog } from "../dialog.js";
import { h, setText } from "../dom.js";
import { exactMoney, money } from "../money.js";
import { fetchRules } from "../rules.js";

/**
 * @typedef {import("../jackpots.js").Jackpots} Jackpots
 * @typedef {import("../jackpots.js").Jackpot} Jackpot
 */

/** The shelf of the lobby. @param {Jackpots} jackpots */
export function shelf(jackpots) {
  return board(jackpots, { className: "jackpot-shelf", testid: "jackpots", of: () => jackpots.all, face: plaque });
}

/** The strip on a table. @param {Jackpots} jackpots @param {string} gameid */
export function strip(jackpots, gameid) {
  return board(jackpots, { className: "jackpot-strip", testid: "jackpot-strip", of: () => jackpots.of(gameid), face: pill, gameid });
}

/**
 * A row of meters that follows the list.
 * @param {Jackpots} jackpots
 * @param {{className: string, testid: string, of: () => Jackpot[], face: Function, gameid?: string}} options
 */
function board(jackpots, { className, testid, of, face, gameid = "" }) {
  const element = h("section", { class: className, testid, "aria-label": "Jackpots", hidden: true });
  /** @type {{jackpot: Jackpot, element: HTMLElement, end: () => void, refresh: () => void}[]} */
  let meters = [];

  function refresh() {
    const there = of();
    if (there.length !== meters.length || there.some((jackpot, index) => jackpot !== meters[index].jackpot)) {
      for (const meter of meters) meter.end();
      meters = there.map((jackpot) => ({ jackpot, ...meterOf(jackpots, jackpot, face, gameid) }));
      element.replaceChildren(...meters.map((meter) => meter.element));
      element.hidden = there.length === 0;
      element.dataset.count = String(there.length);
    }
    for (const meter of meters) meter.refresh();
  }

  const unwatch = jackpots.watch(refresh);
  refresh();
  return { element, destroy: () => (unwatch(), meters.forEach((meter) => meter.end())) };
}

function meterOf(jackpots, jackpot, face, gameid) {
  const { about, ticker } = jackpot;
  const denom = () => jackpots.session.state?.wallet.denom_info;
  const whole = h("span", { class: "meter-whole" });
  const rest = h("small", { class: "meter-rest" });
  const value = h("span", { class: "meter-value", testid: `jackpot-value-${about.id}` }, whole, rest);
  const note = h("span", { class: "meter-note" });
  const deed = () => showJackpot(jackpots, jackpot, gameid);
  const element = face({ title: about.title || about.id, value, note, about, deed });
  const end = ticker.watch((units) => {
    const [shown, fraction] = exactMoney(units / about.storage_multiplier, denom());
    value.dataset.value = String(units);
    setText(whole, shown);
    setText(rest, fraction);
  });

  function refresh() {
    const { lastWin } = jackpot;
    element.classList.toggle("is-won", lastWin !== null);
    setText(note, lastWin ? `Won! ${money(lastWin.amount, denom())}` : noteOf(jackpots, about, denom()));
  }

  return { element, end, refresh };
}

/** How it is won, in a word or two. */
function noteOf(jackpots, { trigger, before, storage_multiplier: multiplier, games }, denom) {
  if (trigger === "mystery" && before) return `Must drop before ${money(Math.floor(before / multiplier), denom, { brief: true })}`;
  if (games.length === jackpots.session.games.length) return "In every game";
  const titles = games.map((id) => jackpots.session.games.find((game) => game.id === id)?.title ?? id);
  return titles.length > 2 ? `In ${titles.length} games` : titles.join(" and ");
}

function plaque({ title, value, note, about, deed }) {
  return h("button", { class: `plaque is-${about.trigger}`, type: "button", testid: `jackpot-${about.id}`, on: { click: deed } },
    h("span", { class: "plaque-glass" },
      h("span", { class: "plaque-title" }, title), h("span", { class: "plaque-window" }, value), note));
}

function pill({ title, value, note, about, deed }) {
  return h("button", { class: `meter-pill is-${about.trigger}`, type: "button", testid: `jackpot-${about.id}`, on: { click: deed } },
    h("span", { class: "meter-star", "aria-hidden": "true" }, "★"), h("span", { class: "meter-title" }, title), value, note);
}

/**
 * What a game's tile shows: the highest of its own.
 * @param {Jackpots} jackpots @param {string} gameid
 */
export function chip(jackpots, gameid) {
  const amount = h("b", {});
  const element = h("span", { class: "tile-jackpot", testid: `tile-jackpot-${gameid}`, hidden: true }, h("span", { "aria-hidden": "true" }, "★ "), "Jackpot ", amount);
  let end = () => {};
  /** @type {Jackpot|undefined} */
  let shown;

  function refresh() {
    const best = jackpots.own(gameid).sort((a, b) => b.about.value - a.about.value)[0];
    if (best === shown) return;
    shown = best;
    end();
    element.hidden = !best;
    end = best ? best.ticker.watch((units) => {
      setText(amount, money(Math.floor(units / best.about.storage_multiplier), jackpots.session.state?.wallet.denom_info));
    }) : () => {};
  }

  const unwatch = jackpots.watch(refresh);
  refresh();
  return { element, destroy: () => (unwatch(), end()) };
}

/** All about one: its value, and its rules. @param {Jackpots} jackpots @param {Jackpot} jackpot @param {string} gameid */
async function showJackpot(jackpots, jackpot, gameid) {
  const { about } = jackpot;
  const meter = meterOf(jackpots, jackpot, ({ value, note }) => h("p", { class: "jackpot-now" }, value, note), gameid);
  meter.refresh();
  const rules = h("div", {}, h("p", { class: "muted" }, "One moment…"));
  const dialog = openDialog({ title: about.title || about.id, testid: "jackpot-dialog", className: "dialog-jackpot" }, meter.element, rules);
  dialog.element.addEventListener("close", meter.end);
  try {
    const told = await fetchRules(gameid || about.games[0] || jackpots.session.games[0]?.id);
    const texts = told.jackpots.find(({ id }) => id === about.id)?.texts ?? [];
    rules.replaceChildren(h("ul", { class: "jackpot-rules" }, ...texts.map((text) => h("li", {}, text))));
  } catch {
    rules.replaceChildren(h("p", {}, "The rules could not be read. Close this and try again in a moment."));
  }
}
