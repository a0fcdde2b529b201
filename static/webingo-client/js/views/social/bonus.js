/** The daily bonus: the days in a row, and today's to be taken. */

import { announce } from "../../announce.js";
import { present } from "../../art/treasure.js";
import { beginAt, openDialog } from "../../dialog.js";
import { h, setText, setUsable, usable } from "../../dom.js";
import { coinBurst, confetti, effectsInside } from "../../effects.js";
import { money, shortMoney } from "../../money.js";
import { sounds } from "../../sound.js";

/** So many days are shown at once. */
const WEEK = 7;
/** A day has room for so many characters. */
const ROOM = 7;

/** @typedef {import("../../social.js").Social} Social */

/**
 * The days that stand around the one to collect: a week that it lies in, or that the last one lies in.
 * @param {import("../../types.js").DailyBonus} bonus
 * @returns {{day: number, amount: number}[]} just that one day, where the server tells no others
 */
export function daysAround({ day, amount, available, days = [] }) {
  if (days.length === 0) return [{ day, amount }];
  const first = Math.floor(Math.max(0, available ? day - 1 : day - 2) / WEEK) * WEEK + 1;
  const amountOf = (number) => (number === day ? amount : days[Math.min(number, days.length) - 1]);
  return Array.from({ length: WEEK }, (_, index) => ({ day: first + index, amount: amountOf(first + index) }));
}

/** @param {number} ms @returns {string} such as "5 h 12 min" or "4 min 8 s" */
export function timeText(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** @param {Social} social */
export function showBonus(social) {
  const { daily_bonus: bonus } = social.status ?? {};
  if (!bonus) return;
  const denom = () => social.session.state?.wallet.denom_info;
  const week = h("ol", { class: "bonus-week" });
  const note = h("p", { class: "bonus-note", role: "status" });
  const button = h("button", { class: "button button-main bonus-take", type: "button", testid: "bonus-collect", on: { click: () => usable(button) && act() } });
  const dialog = openDialog({ title: "Daily bonus", testid: "bonus-dialog", className: "dialog-bonus" },
    h("p", { class: "bonus-lead" }, "Come every day: the longer the row, the larger the present."), week, note, h("div", { class: "dialog-buttons bonus-buttons" }, button));
  const clock = setInterval(update, 1000);
  const unwatch = social.watch(update);
  const giveBack = effectsInside(dialog.element);
  dialog.element.addEventListener("close", () => (clearInterval(clock), unwatch(), giveBack()));
  beginAt(button);
  let drawn = "";
  let taking = false;
  update();

  function update() {
    const now = social.status?.daily_bonus;
    if (!now) return;
    const { day, amount, available } = now;
    const key = `${day}/${available}`;
    if (key !== drawn) {
      drawn = key;
      const days = daysAround(now);
      week.dataset.count = String(days.length);
      week.replaceChildren(...days.map((each) => dayTile(each, now)));
      setText(button, available ? `Collect ${money(amount, denom())}` : "Great");
      setUsable(button, true);
    }
    if (available) setText(note, taking ? "One moment…" : note.dataset.problem ?? rowText(now));
    else setText(note, `The next present is ready in ${timeText(social.untilDawn)}.`);
  }

  function rowText({ day, days = [] }) {
    const tomorrow = days[Math.min(day, days.length - 1)];
    return `${day > 1 ? `Day ${day} in a row. ` : ""}${tomorrow ? `Tomorrow: ${money(tomorrow, denom())}.` : ""}`;
  }

  function shortText(amount) {
    const text = money(amount, denom());
    return text.length > ROOM ? shortMoney(amount, denom()) : text;
  }

  function dayTile({ day, amount }, { day: next, available }) {
    const state = day < next ? "taken" : day > next ? "later" : available ? "today" : "next";
    const words = { taken: "collected", today: "yours today", next: "the next one", later: "to come" };
    return h("li", { class: `bonus-day is-${state}`, "aria-label": `Day ${day}: ${money(amount, denom())} credits, ${words[state]}`, "aria-current": state === "today" ? "date" : false },
      h("span", { class: "bonus-day-name" }, state === "today" ? "Today" : `Day ${day}`),
      present(state === "taken"),
      h("span", { class: "bonus-day-amount" }, shortText(amount)),
      state === "taken" && h("span", { class: "bonus-tick", "aria-hidden": "true" }, "✓"));
  }

  async function act() {
    if (!social.status?.daily_bonus?.available) return dialog.close();
    taking = true;
    setUsable(button, false);
    delete note.dataset.problem;
    update();
    try {
      const { amount } = await social.collect();
      const { x, y, width, height } = (week.querySelector(".is-today") ?? week).getBoundingClientRect();
      sounds.win();
      confetti({ x: x + width / 2, y, count: 90 });
      coinBurst({ x: x + width / 2, y: y + height / 2, count: 26 });
      announce(`${money(amount, denom())} credits are in your purse.`);
    } catch (error) {
      note.dataset.problem = error.message;
      social.refresh();
    }
    taking = false;
    setUsable(button, true);
    update();
  }
}
