/** The panel under the reels: bet, lines, win, what can be done with a win, and the round button. */

import { icon } from "../../art/icons.js";
import { h, setText, setUsable, usable } from "../../dom.js";
import { countTo } from "../../motion.js";

/**
 * @typedef {{spin: () => void, auto: () => void, turbo: () => void, buy: () => void, gamble: () => void, collect: () => void, rules: () => void,
 *            bet: (step: -1|1) => void, lines: (step: -1|1) => void}} Deeds
 * @typedef {{stake: import("./stake.js").Stake, can: (action: string) => boolean, ready: boolean, busy: boolean, live: boolean, short: boolean,
 *            face: "spin"|"stop"|"continue"|"collect"|"auto"|"wait", left: number, showAuto: boolean, showTurbo: boolean, turbo: boolean,
 *            auto: boolean, buys: boolean, canAuto: boolean, money: (amount: number) => string, win: number}} Look
 *   ready: nothing moves and no screen is open; left: spins of the autoplay; short: the wallet does not hold the stake
 */

const FACES = { spin: "Spin", stop: "Stop", continue: "Go on", collect: "Collect", auto: "Stop", wait: "Spin" };
/** @type {Record<string, Parameters<typeof icon>[0]>} */
const PICTURES = { stop: "stop", continue: "go", collect: "go" };

/** @param {Deeds} deeds */
export function deck(deeds) {
  const button = (className, testid, label, deed, ...content) =>
    h("button", { class: className, type: "button", testid, "aria-label": label, title: label, on: { click: (event) => usable(event.currentTarget) && deed() } }, ...content);
  const stepper = (name, testid, deed) => {
    const value = h("output", { class: "meter-value", testid });
    const note = h("span", { class: "meter-note" });
    const down = button("step step-down", `${testid}-down`, `Less ${name}`, () => deed(-1), "−");
    const up = button("step step-up", `${testid}-up`, `More ${name}`, () => deed(1), "+");
    const element = h("div", { class: `meter deck-${testid}` }, h("span", { class: "meter-label" }, name), down, h("div", { class: "meter-middle" }, value, note), up);
    return { element, value, note, down, up };
  };
  const press = (target) => () => target.offsetParent && target.click();
  const bet = stepper("Bet", "stake", deeds.bet);
  const lines = stepper("Lines", "lines", deeds.lines);
  const win = h("output", { class: "meter-value win-value", testid: "total-win", data: { value: "0" } }, "0");
  const winMeter = h("div", { class: "meter meter-win deck-win" }, h("span", { class: "meter-label" }, "Win"), win);
  const collectNote = h("small", {});
  const collect = button("button button-collect", "collect", "Collect the win", deeds.collect, h("span", { class: "button-lines" }, h("span", {}, "Collect"), collectNote));
  const gamble = button("button button-gamble", "gamble", "Gamble the win", deeds.gamble, icon("cards"), h("span", { class: "button-lines" }, h("span", {}, "Gamble"), h("small", {}, "double it")));
  const choice = h("div", { class: "deck-choice", hidden: true }, gamble, collect);
  const auto = button("deck-tool", "auto", "Autoplay", deeds.auto, icon("auto"), h("span", {}, "Auto"));
  const turbo = button("deck-tool", "turbo", "Turbo: quicker spins", deeds.turbo, icon("turbo"), h("span", {}, "Turbo"));
  const buy = button("deck-tool deck-buy", "buy", "Buy a feature", deeds.buy, icon("buy"), h("span", {}, "Buy"));
  const pays = button("deck-tool", "pays", "Pay table and rules", deeds.rules, icon("rules"), h("span", {}, "Pays"));
  const tools = h("div", { class: "deck-tools" }, h("div", { class: "deck-left" }, auto, buy), h("div", { class: "deck-right" }, turbo, pays));
  const spinIcon = h("span", { class: "spin-icon" }, icon("spin"));
  const spinLeft = h("strong", { class: "spin-left", testid: "auto-left", hidden: true });
  const spinText = h("span", { class: "spin-text" }, "Spin");
  const spin = button("spin-button", "play", "Spin", deeds.spin, spinIcon, spinLeft, spinText);
  const element = h("section", { class: "deck", "aria-label": "Controls" }, bet.element, lines.element, choice, winMeter, tools, h("div", { class: "deck-spin" }, spin));

  return {
    element,
    winMeter,
    /** What the keyboard presses, by the names of its commands. */
    commands: { end: press(collect), gamble: press(gamble), auto: press(auto), turbo: press(turbo), buy: press(buy),
      stakeUp: press(bet.up), stakeDown: press(bet.down), linesUp: press(lines.up), linesDown: press(lines.down) },

    /** @param {Look} look */
    update(look) {
      const { stake, can, ready, money, face } = look;
      const free = ready && can("spin") && !look.auto;
      element.setAttribute("aria-busy", String(look.busy));
      element.classList.toggle("is-busy", look.busy);
      element.classList.toggle("is-short", look.short);
      element.classList.toggle("has-lines", stake.chooseLines);
      bet.value.dataset.value = String(stake.stake);
      setText(bet.value, money(stake.stake));
      bet.value.classList.toggle("is-long", bet.value.textContent.length > 6);
      setText(bet.note, `${stake.units} × ${money(stake.bet)}`);
      setUsable(bet.down, free && stake.lowerBet !== null);
      setUsable(bet.up, free && stake.higherBet !== null);
      lines.element.hidden = !stake.chooseLines;
      setText(lines.value, String(stake.lines));
      setUsable(lines.down, free && stake.fewerLines !== null);
      setUsable(lines.up, free && stake.moreLines !== null);

      const choosing = ready && can("collect") && !look.auto;
      choice.hidden = !choosing;
      element.classList.toggle("is-choosing", choosing);
      setUsable(collect, can("collect"));
      setUsable(gamble, can("gamble"));
      setText(collectNote, money(look.win));

      auto.hidden = !look.showAuto;
      setUsable(auto, look.auto || (free && look.canAuto));
      auto.setAttribute("aria-pressed", String(look.auto));
      turbo.hidden = !look.showTurbo;
      turbo.setAttribute("aria-pressed", String(look.turbo));
      buy.hidden = !look.buys;
      setUsable(buy, free && can("buy"));

      if (element.dataset.face !== face) spinIcon.replaceChildren(icon(PICTURES[face] ?? "spin"));
      element.dataset.face = face;
      setText(spinText, FACES[face]);
      spin.setAttribute("aria-label", face === "spin" ? `Spin for ${money(stake.stake)}` : FACES[face]);
      spin.title = FACES[face];
      spinLeft.hidden = face !== "auto";
      spinIcon.hidden = face === "auto";
      setText(spinLeft, String(look.left));
      const always = face === "stop" || face === "auto";
      setUsable(spin, always || (face === "spin" ? ready && can("spin") : face !== "wait" && look.live && !look.busy));
    },

    /** @param {number} amount @param {(amount: number) => string} money @param {{now?: boolean, ms?: number}} [options] */
    win(amount, money, options = {}) {
      countTo(win, amount, money, options);
      winMeter.classList.toggle("is-won", amount > 0);
    },
  };
}
