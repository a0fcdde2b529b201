/** The door of the lobby inside Facebook, for players who have not let us know who they are. */

import { logo } from "../art/logo.js";
import { medal, present, treasure } from "../art/treasure.js";
import { h, setText, setUsable, usable } from "../dom.js";

const TEXTS = {
  loading: "One moment…",
  ready: "Log in with Facebook, and your credits, your level and your bonus wait for you on every device.",
  asking: "Go on in Facebook's window.",
  no: "You have not logged in. That is fine; but without it we can't keep your credits for you.",
  blocked: "Facebook can't be reached. An ad blocker or the network may be in the way: allow it for this page, then try again.",
};

/**
 * @param {import("../facebook.js").Facebook} facebook
 * @param {string} title of the site
 * @returns {Promise<import("../facebook.js").Proof>} once the player has said yes
 */
export function welcome(facebook, title) {
  const text = h("p", { class: "welcome-text", role: "status", testid: "welcome-text" });
  const label = h("span", {});
  const button = h("button", { class: "button welcome-login", type: "button", testid: "facebook-login", on: { click: () => usable(button) && deed() } }, h("span", { class: "welcome-f", "aria-hidden": "true" }, "f"), label);
  const element = h("main", { class: "welcome", testid: "welcome" },
    h("section", { class: "welcome-card" },
      logo("hero-logo"),
      h("h1", { class: "welcome-title" }, title === "webingo" ? "Welcome" : `Welcome to ${title}`),
      h("div", { class: "welcome-pictures", "aria-hidden": "true" }, medal(12), treasure(3, 6), present(true)),
      text, button,
      h("p", { class: "welcome-small" }, "We see your name and your picture, and nothing is posted for you. Credits are for play: they are worth no money.")));
  document.getElementById("app").replaceChildren(element);
  let deed = () => {};

  return new Promise((resolve) => {
    function show(state, doing, caption) {
      element.dataset.state = state;
      setText(text, TEXTS[state]);
      setText(label, caption);
      setUsable(button, Boolean(doing));
      deed = doing ?? (() => {});
    }
    async function load() {
      show("loading", null, "Continue with Facebook");
      try {
        await facebook.load();
        const known = await facebook.renew();
        if (known) return resolve(known);
        show("ready", ask, "Continue with Facebook");
      } catch {
        show("blocked", load, "Try again");
      }
    }
    async function ask() {
      show("asking", null, "Continue with Facebook");
      const proof = await facebook.login().catch(() => null);
      if (proof) resolve(proof);
      else show("no", ask, "Continue with Facebook");
    }
    load();
  });
}
