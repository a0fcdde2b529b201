/** Elements without a framework: `h("button", {class: "big", testid: "play", on: {click}}, "Play")`. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, any>} [props] attributes; `on` {event: listener}, `testid`, `data` {key: value} are special;
 *   false, null and undefined leave the attribute out, true sets it empty
 * @param {...(Node|string|number|null|false)} children
 * @returns {any} the element
 */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/**
 * The same for SVG.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node|string|number|null|false)} children
 * @returns {any}
 */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "testid") element.dataset.testid = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined).map(asNode));
  return element;
}

function asNode(child) {
  return child instanceof Node ? child : String(child);
}

/** Writes text only when it differs, so that screen readers and layout stay quiet. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A button that cannot be used now keeps the focus: aria-disabled, and its listeners ask `usable`. */
export function setUsable(button, yes) {
  if (yes) button.removeAttribute("aria-disabled");
  else button.setAttribute("aria-disabled", "true");
}

/** @returns {boolean} */
export function usable(button) {
  return button.getAttribute("aria-disabled") !== "true";
}
