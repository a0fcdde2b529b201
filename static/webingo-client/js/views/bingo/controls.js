/** The panel under the cards: stake, win, extra ball, collect, new cards and the big button. */

import { h, setText, setUsable, usable } from "../../dom.js";
import { countTo } from "../../motion.js";

/**
 * @typedef {{play: () => void, extra: () => void, end: () => void, newCards: () => void, stakeUp: () => void, stakeDown: () => void}} Deeds
 * @typedef {{can: (action: string) => boolean, rolling: boolean, busy: boolean, game: boolean, stake: number, bet: number,
 *            cards: number, lowest: boolean, highest: boolean, short: boolean, extraCost: number, extraLeft: number,
 *            money: (amount: number) => string}} Look
 *   stake: of the round in all; bet: per card; short: the wallet does not hold the stake
 */

/** @param {Deeds} deeds */
export function controls(deeds) {
  const button = (className, testid, deed, ...content) =>
    h("button", { class: className, type: "button", testid, on: { click: (event) => usable(event.currentTarget) && deed() } }, ...content);
  const stake = h("output", { class: "meter-value", testid: "stake" });
  const stakeNote = h("span", { class: "meter-note" });
  const down = button("step step-down", "stake-down", deeds.stakeDown, "−");
  const up = button("step step-up", "stake-up", deeds.stakeUp, "+");
  down.setAttribute("aria-label", "Lower the stake");
  up.setAttribute("aria-label", "Raise the stake");
  const win = h("output", { class: "meter-value win-value", testid: "total-win", data: { value: "0" } }, "0");
  const winMeter = h("div", { class: "meter meter-win" }, h("span", { class: "meter-label" }, "Win"), win);
  const extraNote = h("small", {});
  const extra = button("button button-extra", "extra", deeds.extra, h("span", { class: "extra-ball", "aria-hidden": "true" }, "+1"),
    h("span", { class: "button-lines" }, h("span", {}, "Extra ball"), extraNote));
  const newCards = button("button button-cards", "new-cards", deeds.newCards, "New cards");
  const endNote = h("small", {});
  const end = button("button button-end", "end", deeds.end, h("span", { class: "button-lines" }, h("span", {}, "Collect"), endNote));
  const playText = h("span", { class: "play-text" }, "Play");
  const playNote = h("small", {});
  const play = button("button button-play", "play", deeds.play, playText, playNote);

  const element = h("section", { class: "controls", "aria-label": "Controls" },
    h("div", { class: "slot-cards" }, newCards, end),
    h("div", { class: "meter meter-stake" }, h("span", { class: "meter-label" }, "Stake"), down, h("div", { class: "meter-middle" }, stake, stakeNote), up),
    winMeter, extra, play);

  return {
    element,
    winMeter,

    /** @param {Look} look */
    update(look) {
      const { can, rolling, money } = look;
      const ready = (action) => can(action) && !rolling;
      element.classList.toggle("is-busy", look.busy);
      element.setAttribute("aria-busy", String(look.busy));
      stake.dataset.value = String(look.stake);
      setText(stake, money(look.stake));
      stake.classList.toggle("is-long", stake.textContent.length > 6);
      setText(stakeNote, look.cards ? `${look.cards} × ${money(look.bet)}` : "no card");
      element.classList.toggle("is-short", look.short);
      setUsable(down, ready("bet") && !look.lowest);
      setUsable(up, ready("bet") && !look.highest);

      newCards.hidden = look.game;
      end.hidden = !look.game;
      setUsable(newCards, ready("cards"));
      setUsable(end, ready("end"));
      setUsable(extra, ready("extra"));
      const offered = ready("extra");
      element.classList.toggle("has-extra", offered);
      setText(extraNote, offered ? `for ${money(look.extraCost)} · ${look.extraLeft} left` : look.game && !rolling ? "not on offer" : "after the draw");

      setUsable(play, rolling || (can("bet") && look.cards > 0));
      play.classList.toggle("is-skip", rolling);
      setText(playText, rolling ? "Skip" : "Play");
      setText(playNote, rolling ? "the draw" : look.game ? "next round" : `for ${money(look.stake)}`);
    },

    /** @param {number} amount @param {(amount: number) => string} money @param {boolean} now without counting */
    win(amount, money, now) {
      countTo(win, amount, money, { now, ms: 600 });
      winMeter.classList.toggle("is-won", amount > 0);
    },

    /** What collecting would bring. @param {string} text */
    endNote: (text) => setText(endNote, text),

    buttons: { play, extra, end, newCards, stakeUp: up, stakeDown: down },
  };
}
