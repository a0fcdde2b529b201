/** The session's time and result; ticks on its own between two pushes. */

import { h, setText } from "./dom.js";
import { money } from "./money.js";

/** @returns {{element: HTMLElement, update: (state: import("./types.js").State, hidden: number) => void}} */
export function sessionClock() {
  const time = h("span", { class: "clock-time", testid: "session-time" }, "0:00");
  const net = h("span", { testid: "session-net" });
  const result = h("span", { class: "clock-net" }, h("span", { class: "clock-label" }, "Result "), net);
  const element = h("div", { class: "clock", title: "Time played and result of this session", hidden: true },
    h("span", { class: "clock-label" }, "Session "), time, result);
  let since = 0;
  const tick = () => since && setText(time, clockText(Math.max(0, Math.floor((Date.now() - since) / 1000))));
  setInterval(tick, 1000);

  return {
    element,
    update({ session, wallet }, hidden) {
      element.hidden = !session;
      if (!session) return;
      since = Date.now() - session.seconds * 1000;
      tick();
      const shown = session.net - hidden;
      setText(net, money(shown, wallet.denom_info, { sign: true }));
      net.dataset.value = String(shown);
      result.classList.toggle("is-up", shown > 0);
    },
  };
}

/** @param {number} seconds @returns {string} such as 1:05 or 1:02:03 */
export function clockText(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
