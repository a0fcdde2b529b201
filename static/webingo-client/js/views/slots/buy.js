/** Buying a feature: what it costs is said twice before it is bought. */

import { openDialog } from "../../dialog.js";
import { h, setUsable, usable } from "../../dom.js";

/**
 * @param {import("../../types.js").SlotsBuy[]} buys
 * @param {{stake: number, credits: number, money: (amount: number) => string, picture: (buy: import("../../types.js").SlotsBuy) => SVGElement|null, buy: (name: string) => void}} options
 */
export function askBuy(buys, { stake, credits, money, picture, buy }) {
  const items = buys.map((offer) => {
    const { name, title, cost } = offer;
    const price = cost * stake;
    const button = h("button", { class: "button button-main", type: "button", testid: `buy-${name}`, on: { click: () => usable(button) && confirm(name, title, price) } }, `Buy for ${money(price)}`);
    setUsable(button, price <= credits);
    return h("li", { class: "buy-item" }, h("span", { class: "buy-picture" }, picture(offer)), h("span", { class: "buy-text" }, h("b", {}, title), h("small", { class: "muted" }, `${cost.toLocaleString("en")} × the bet of ${money(stake)}`)), button);
  });
  const dialog = openDialog({ title: "Buy a feature", testid: "buy-dialog", className: "dialog-small" }, h("ul", { class: "buy-list" }, ...items));

  function confirm(name, title, price) {
    const yes = h("button", { class: "button button-main", type: "button", testid: "buy-confirm", on: { click: () => (dialog.close(), buy(name)) } }, `Yes, pay ${money(price)}`);
    dialog.body.replaceChildren(
      h("p", {}, `${title} for ${money(price)}?`),
      h("div", { class: "dialog-buttons" }, h("button", { class: "button", type: "button", on: { click: () => dialog.close() } }, "No"), yes));
    yes.focus();
  }
}
