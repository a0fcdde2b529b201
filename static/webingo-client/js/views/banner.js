/** Says that the connection is lost and when the next attempt is made. */

import { h, setText } from "../dom.js";

/** A first connection that is this quick needs no word. */
const QUIET_MS = 800;

/** @param {() => void} retry */
export function banner(retry) {
  const text = h("span", {});
  const now = h("button", { class: "banner-now", type: "button", on: { click: retry } }, "Try now");
  const element = h("div", { class: "banner", testid: "banner", role: "status", hidden: true }, h("span", { class: "banner-dot", "aria-hidden": "true" }), text, now);
  let timer = 0;

  return {
    element,
    /** @param {import("../connection.js").Status & {why?: string}} status why: what the server has said about it */
    update({ phase, retryAt = 0, code, why: said }) {
      clearTimeout(timer);
      if (phase === "connecting") {
        now.hidden = true;
        setText(text, "Connecting…");
        timer = setTimeout(() => (element.hidden = false), QUIET_MS);
      } else if (phase === "waiting") {
        now.hidden = code === 4429;
        element.hidden = false;
        count();
      } else element.hidden = true;

      function count() {
        const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
        const why = code === 4429 ? "Too many messages; a short pause." : said || "Connection lost. Your round is safe.";
        setText(text, `${why} Trying again${seconds ? ` in ${seconds} s` : ""}…`);
        if (seconds > 0) timer = setTimeout(count, 500);
      }
    },
  };
}
