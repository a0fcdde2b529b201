/** What covers the reels for a while: one screen at a time, with one thing to do first. */

import { h } from "../../dom.js";

/**
 * @typedef {{kind: string, element: HTMLElement, close: () => void, closed: Promise<void>, main: () => void, pick?: (index: number) => void}} Screen
 */

/**
 * @param {HTMLElement} stage what it covers
 * @param {{kind: string, label: string, main?: HTMLElement|null}} options main: what Space presses
 * @param {...Node} content
 * @returns {Screen}
 */
export function openScreen(stage, { kind, label, main = null }, ...content) {
  const element = h("section", { class: `screen screen-${kind}`, testid: `screen-${kind}`, role: "dialog", "aria-label": label },
    h("span", { class: "screen-rays", "aria-hidden": "true" }), h("div", { class: "screen-body" }, ...content));
  let done = () => {};
  const closed = /** @type {Promise<void>} */ (new Promise((resolve) => (done = () => resolve())));
  stage.append(element);
  main?.focus({ preventScroll: true });
  return {
    kind,
    element,
    closed,
    main: () => main?.click(),
    close() {
      element.remove();
      done();
    },
  };
}

/** A button for screens. @param {string} testid @param {string} text @param {() => void} deed @param {string} [className] */
export function screenButton(testid, text, deed, className = "") {
  return h("button", { class: `button button-main screen-button ${className}`, type: "button", testid, on: { click: deed } }, text);
}
