/** Short messages that come and go. */

import { h } from "./dom.js";

const SECONDS = 6;
const MOST = 3;
const region = h("div", { class: "toasts", role: "alert", "aria-live": "assertive" });
/** Where it was mounted. @type {HTMLElement|null} */
let home = null;

/** @returns {HTMLElement} the place for toasts, to be mounted once */
export function toasts() {
  return region;
}

/** What is behind a dialog is seen by nobody, so they stand inside the topmost one while it is open. */
function comeForward() {
  home ??= region.parentElement;
  const top = [...document.querySelectorAll("dialog[open]")].at(-1) ?? home;
  if (!home || top === region.parentElement) return;
  top.append(region);
  if (top !== home) top.addEventListener("close", () => home.append(region), { once: true });
}

/** @param {string} text @param {"bad"|"good"} [kind] bad: something went wrong */
export function toast(text, kind = "bad") {
  const known = [...region.children].find((child) => child.dataset.text === text);
  known?.remove();
  const element = h("div", { class: `toast is-${kind}`, testid: "toast", data: { text } },
    h("span", { class: "toast-mark", "aria-hidden": "true" }, kind === "good" ? "✓" : "!"),
    h("span", { class: "toast-text" }, text),
    h("button", { class: "toast-close", "aria-label": "Dismiss", on: { click: () => element.remove() } }, "×"));
  comeForward();
  region.append(element);
  while (region.children.length > MOST) region.firstChild.remove();
  setTimeout(() => element.remove(), SECONDS * 1000);
}
