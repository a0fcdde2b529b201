/** The player's level: a medal in the bar that fills, and all about it. */

import { medal } from "../../art/treasure.js";
import { openDialog } from "../../dialog.js";
import { h, setText } from "../../dom.js";
import { money } from "../../money.js";
import { still } from "../../motion.js";

/** A bar that has run full stays so for a moment, before the new level begins. */
const FULL_MS = 650;

/** @typedef {import("../../social.js").Social} Social */

/**
 * A bar of the way to the next level. It runs full before it begins anew.
 * @param {string} testid
 */
export function progressBar(testid) {
  const fill = h("span", { class: "xp-fill" });
  const element = h("span", { class: "xp", testid, role: "progressbar", "aria-label": "Way to the next level", "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
  let level = 0;
  let timer = 0;
  const run = (part) => element.style.setProperty("--progress", part.toFixed(4));

  return {
    element,
    /** @param {import("../../social.js").Standing} standing */
    update({ level: now, progress }) {
      const percent = Math.floor(progress * 100);
      if (element.dataset.level === String(now) && element.getAttribute("aria-valuenow") === String(percent) && element.dataset.progress === String(progress)) return;
      element.setAttribute("aria-valuenow", String(percent));
      element.dataset.level = String(now);
      element.dataset.progress = String(progress);
      clearTimeout(timer);
      const rose = level > 0 && now > level && !still();
      level = now;
      if (!rose) return run(progress);
      run(1);
      timer = setTimeout(() => {
        element.classList.add("is-anew");
        run(0);
        // The browser has to have seen it empty.
        element.getBoundingClientRect();
        element.classList.remove("is-anew");
        run(progress);
      }, FULL_MS);
    },
  };
}

/** What stands in the bar. @param {Social} social @param {() => void} deed */
export function levelBadge(social, deed) {
  const bar = progressBar("level-progress");
  const picture = h("span", { class: "level-medal" });
  const name = h("span", { class: "level-name", testid: "level" });
  const note = h("span", { class: "level-note" });
  const element = h("button", { class: "level", type: "button", testid: "level-badge", hidden: true, on: { click: deed } }, picture, h("span", { class: "level-text" }, name, note, bar.element));
  let shown = 0;

  function update() {
    const { standing } = social;
    element.hidden = !standing;
    if (!standing) return;
    bar.update(standing);
    setText(name, `Level ${standing.level}`);
    setText(note, `${Math.floor(standing.progress * 100)} %`);
    note.hidden = standing.progress >= 1;
    if (shown === standing.level) return;
    if (shown) {
      element.classList.remove("is-risen");
      element.getBoundingClientRect();
      element.classList.add("is-risen");
    }
    shown = standing.level;
    picture.replaceChildren(medal(shown));
  }

  social.watch(update);
  return { element, update };
}

/** @param {Social} social @returns {string} what the next level takes and brings */
export function nextText(social) {
  const { toGo, status } = social;
  if (toGo === null || !status?.next) return social.status ? "The highest level: you have seen it all." : "";
  const denom = social.session.state?.wallet.denom_info;
  return `Play ${money(toGo, denom)} more for level ${status.next.level}`;
}

/** @param {Social} social */
export function showLevel(social) {
  const bar = progressBar("level-dialog-progress");
  const picture = h("div", { class: "level-stage-medal" });
  const name = h("strong", { class: "level-stage-name" });
  const next = h("p", { class: "level-stage-next", testid: "level-next" });
  const reward = h("p", { class: "level-stage-reward" });
  const spent = h("dd", { testid: "level-spend" });
  const share = h("dd", {});
  let shown = 0;

  function update() {
    const { standing, status } = social;
    if (!standing) return;
    const denom = social.session.state?.wallet.denom_info;
    if (shown !== standing.level) picture.replaceChildren(medal(standing.level));
    shown = standing.level;
    setText(name, `Level ${standing.level}`);
    bar.update(standing);
    setText(next, nextText(social));
    setText(reward, status?.next?.reward ? `It brings ${money(status.next.reward, denom)} credits.` : "");
    reward.hidden = !status?.next?.reward;
    setText(spent, money(standing.spend, denom));
    setText(share, `${Math.floor(standing.progress * 100)} %`);
  }

  const dialog = openDialog({ title: "Your level", testid: "level-dialog", className: "dialog-small dialog-level" },
    h("div", { class: "level-stage" }, picture, name, bar.element, next, reward),
    h("dl", { class: "level-facts" }, h("dt", {}, "Played so far"), spent, h("dt", {}, "Of this level"), share),
    h("p", { class: "muted small" }, "Everything that you bet counts, won or lost. A level is never taken away."));
  dialog.element.addEventListener("close", social.watch(update));
  update();
}
