/** Modal dialogs on the browser's own <dialog>, which keeps the focus inside and gives it back. */

import { h } from "./dom.js";

/** A click so soon after another one may be its second half. */
const DOUBLE_CLICK_MS = 700;

/**
 * @param {{title: string, testid: string, className?: string, closable?: boolean}} options
 *   closable false: only a button of the content closes it
 * @param {...Node} content
 * @returns {{element: HTMLDialogElement, close: () => void, body: HTMLElement}}
 */
export function openDialog({ title, testid, className = "", closable = true }, ...content) {
  document.querySelector(`dialog[data-testid="${testid}"]`)?.remove();
  const close = () => element.close();
  const body = h("div", { class: "dialog-body" }, ...content);
  const element = h("dialog", { class: `dialog ${className}`, testid, "aria-label": title },
    h("div", { class: "dialog-frame" },
      h("header", { class: "dialog-head" },
        h("h2", {}, title),
        closable && h("button", { class: "icon-button", "aria-label": "Close", testid: `${testid}-close`, on: { click: close } }, "×")),
      body));
  element.addEventListener("close", () => element.remove());
  // The rest of a double click that has opened it is not meant for what stands there now.
  const opened = performance.now();
  const early = (event) => event.detail > 1 && event.timeStamp - opened < DOUBLE_CLICK_MS && (event.stopPropagation(), event.preventDefault());
  element.addEventListener("click", early, { capture: true });
  element.addEventListener("cancel", (event) => !closable && event.preventDefault());
  element.addEventListener("click", (event) => closable && event.target === element && close());
  document.body.append(element);
  element.showModal();
  return { element, close, body };
}

/**
 * The element to begin with. A frame in somebody else's page may take the focus only once the player has touched it.
 * @param {HTMLElement|null} element
 */
export function beginAt(element) {
  if (window === top || navigator.userActivation?.hasBeenActive) element?.focus();
}

/**
 * A question with buttons; the first is the one that is meant.
 * @param {{title: string, testid: string, closable?: boolean}} options
 * @param {string} text
 * @param {[label: string, action: () => void][]} buttons
 */
export function ask(options, text, buttons) {
  const dialog = openDialog({ className: "dialog-small", ...options },
    h("p", {}, text),
    h("div", { class: "dialog-buttons" },
      ...buttons.map(([label, action], index) =>
        h("button", {
          class: index ? "button" : "button button-main",
          testid: `${options.testid}-${index}`,
          on: { click: () => (dialog.close(), action()) },
        }, label))));
  beginAt(dialog.body.querySelector("button"));
  return dialog;
}

/** @returns {boolean} whether a dialog is open, so that shortcuts stay quiet */
export function dialogOpen() {
  return document.querySelector("dialog[open]") !== null;
}
