/** Short messages that come and go. */

import { h } from "./dom.js";

const SECONDS = 6;
const MOST = 3;
const region = h("div", { class: "toasts", role: "alert", "aria-live": "assertive" });

/** @returns {HTMLElement} the place for toasts, to be mounted once */
export function toasts() {
  return region;
}

/** @param {string} text @param {"bad"|"good"} [kind] bad: something went wrong */
export function toast(text, kind = "bad") {
  const known = [...region.children].find((child) => child.dataset.text === text);
  known?.remove();
  const element = h("div", { class: `toast is-${kind}`, testid: "toast", data: { text } },
    h("span", { class: "toast-mark", "aria-hidden": "true" }, kind === "good" ? "✓" : "!"),
    h("span", { class: "toast-text" }, text),
    h("button", { class: "toast-close", "aria-label": "Dismiss", on: { click: () => element.remove() } }, "×"));
  region.append(element);
  while (region.children.length > MOST) region.firstChild.remove();
  setTimeout(() => element.remove(), SECONDS * 1000);
}
