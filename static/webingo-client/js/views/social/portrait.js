/** A player's picture, or a drawn head where there is none or where it can't be had. */

import { icon } from "../../art/icons.js";
import { h } from "../../dom.js";

/** @param {string} [className] */
export function portrait(className = "portrait") {
  const element = h("span", { class: className, "aria-hidden": "true" }, icon("person"));
  let shown = "";

  return {
    element,
    /** @param {string} address "" for none */
    show(address) {
      if (address === shown) return;
      shown = address;
      if (!address) return element.replaceChildren(icon("person"));
      const picture = h("img", { src: address, alt: "", referrerpolicy: "no-referrer", decoding: "async", width: 64, height: 64 });
      picture.addEventListener("error", () => element.contains(picture) && element.replaceChildren(icon("person")));
      element.replaceChildren(picture);
    },
  };
}
