/** The shop: what can be bought, the way of one payment, and what came of it. */

import { announce } from "../../announce.js";
import { present, treasure } from "../../art/treasure.js";
import { openDialog } from "../../dialog.js";
import { h, setUsable, usable } from "../../dom.js";
import { coinBurst, coinRain, effectsInside } from "../../effects.js";
import { money } from "../../money.js";
import { sounds } from "../../sound.js";

/** An offer that gives at least so much more for the money says so. */
const MORE_FROM = 0.05;

/**
 * @typedef {import("../../social.js").Social} Social
 * @typedef {import("../../types.js").Product} Product
 */

/** @param {{amount: string, currency: string}} price @returns {string} such as "$4.99" */
export function priceText({ amount, currency }) {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).format(Number(amount));
  } catch {
    return `${amount} ${currency}`;
  }
}

/**
 * How much more credits an offer gives for the money than the dearest one of its currency.
 * @param {Product[]} products
 * @returns {Map<string, number>} by id; 0.25 for a quarter more
 */
export function bargains(products) {
  const worth = ({ credits, price }) => credits / Number(price.amount);
  return new Map(products.map((product) => {
    const rivals = products.filter(({ price }) => price.currency === product.price.currency);
    return [product.id, worth(product) / Math.min(...rivals.map(worth)) - 1];
  }));
}

/** What the player is told. @type {Record<string, {title: string, text: string}>} */
const OUTCOMES = {
  pending: { title: "Your payment is under way", text: "It has not been confirmed yet. As soon as it is, the credits come into your purse by themselves, also while you are away." },
  failed: { title: "The payment did not work", text: "Nothing was paid, and nothing has changed." },
  cancelled: { title: "Nothing was bought", text: "You have left the payment. Nothing was paid." },
};

/** @param {Social} social @param {string} [why] the shop opened by itself */
export function showShop(social, why = "") {
  const { products } = social;
  const dialog = openDialog({ title: "Get credits", testid: "shop-dialog", className: "dialog-shop" });
  const giveBack = effectsInside(dialog.element);
  dialog.element.addEventListener("close", giveBack);
  const denom = social.session.state?.wallet.denom_info;
  /** A payment of this dialog that is under way. */
  let open = false;
  offers(why);

  function offers(note = "") {
    const gains = bargains(products);
    const best = products.length > 2 ? [...gains].sort((a, b) => b[1] - a[1])[0][0] : "";
    const ranks = [...products].sort((a, b) => a.credits - b.credits).map(({ id }) => id);
    dialog.body.replaceChildren(...[
      note && h("p", { class: "shop-why", role: "status", testid: "shop-why" }, note),
      h("ul", { class: "shop-list", data: { count: products.length } }, ...products.map((product) => item(product, ranks.indexOf(product.id), gains.get(product.id) ?? 0, product.id === best))),
      social.status?.manual_credit && testers(),
      h("p", { class: "shop-small" }, "Credits are for play here. They are worth no money and can't be paid out."),
    ].filter(Boolean));
    dialog.body.scrollTop = 0;
  }

  function item(product, rank, gain, best) {
    const { id, title, description, credits, price, image } = product;
    const picture = image ? h("img", { class: "treasure", src: image, alt: "", width: 100, height: 100, decoding: "async" }) : treasure(rank, products.length);
    if (image) picture.addEventListener("error", () => picture.replaceWith(treasure(rank, products.length)));
    const amount = money(credits, denom);
    return h("li", {}, h("button", { class: `offer${best ? " is-best" : ""}`, type: "button", testid: `product-${id}`,
      "aria-label": `${title}: ${amount} credits for ${priceText(price)}${gain >= MORE_FROM ? `, ${Math.round(gain * 100)} percent more for the money` : ""}`, title: description, on: { click: () => buy(product, picture) } },
    best && h("span", { class: "offer-flag" }, "Best value"),
    h("span", { class: "offer-picture" }, picture),
    h("span", { class: "offer-text" },
      h("span", { class: "offer-title" }, title),
      h("strong", { class: "offer-credits" }, amount),
      gain >= MORE_FROM ? h("span", { class: "offer-more" }, `+${Math.round(gain * 100)} % more`) : h("span", { class: "offer-unit" }, "credits")),
    h("span", { class: "offer-price" }, priceText(price))));
  }

  async function buy(product, picture) {
    if (open) return;
    open = true;
    waiting(product, picture.cloneNode(true), "One moment…");
    try {
      const steps = { paying: "Go on in Facebook's window.", confirming: "Confirming your payment…" };
      const { outcome, credits, text } = await social.buy(product, (step) => waiting(product, picture.cloneNode(true), steps[step]));
      open = false;
      if (!dialog.element.open) return outcome === "purchased" && social.house.credited(credits ?? product.credits);
      if (outcome === "purchased") done(product, credits ?? product.credits);
      else if (outcome === "cancelled") offers(OUTCOMES.cancelled.title + ".");
      else told(outcome, text);
    } catch (error) {
      open = false;
      if (dialog.element.open) offers(error.message);
    }
  }

  function waiting(product, picture, text) {
    if (!dialog.element.open) return;
    dialog.body.replaceChildren(h("div", { class: "shop-stage", testid: "shop-waiting", role: "status" },
      h("span", { class: "shop-picture is-waiting" }, picture), h("strong", { class: "shop-what" }, `${money(product.credits, denom)} credits`),
      h("p", {}, text), h("span", { class: "shop-dots", "aria-hidden": "true" }, h("i", {}), h("i", {}), h("i", {}))));
  }

  function done(product, credits) {
    const amount = money(credits, denom);
    stage("shop-done", present(true, "present shop-present"), `+${amount}`, `Thank you! ${amount} credits are in your purse.`, ["Play on", () => dialog.close()]);
    const { x, y, width, height } = dialog.element.getBoundingClientRect();
    announce(`${amount} credits are in your purse.`);
    sounds.bigWin();
    coinBurst({ x: x + width / 2, y: y + height / 2, count: 40 });
    coinRain(70);
  }

  function told(outcome, text) {
    const { title, text: usual } = OUTCOMES[outcome] ?? OUTCOMES.failed;
    const again = outcome === "failed" ? ["Back to the shop", () => offers()] : ["Play on", () => dialog.close()];
    stage(`shop-${outcome}`, h("span", { class: `shop-mark is-${outcome}`, "aria-hidden": "true" }, outcome === "pending" ? "…" : "!"), title, outcome === "failed" && text ? `${text} ${usual}` : usual, again);
  }

  function stage(testid, picture, title, text, [label, deed]) {
    const button = h("button", { class: "button button-main", type: "button", testid: `${testid}-on`, on: { click: deed } }, label);
    dialog.body.replaceChildren(h("div", { class: "shop-stage", testid, role: "status" }, h("span", { class: "shop-picture" }, picture), h("strong", { class: "shop-what" }, title), h("p", {}, text), button));
    button.focus();
  }

  function testers() {
    const field = h("input", { class: "field", type: "number", min: 0, max: 2 ** 53 - 1, step: 1, value: 1000, inputmode: "numeric", "aria-label": "Credits", testid: "give-amount" });
    const button = (testid, label, what) => {
      const element = h("button", { class: "button", type: "button", testid, on: { click: () => usable(element) && field.reportValidity() && social.give(what, Number(field.value)) } }, label);
      setUsable(element, true);
      return element;
    };
    return h("section", { class: "shop-testers" }, h("h3", {}, "For testers"), h("div", { class: "shop-give" }, field, button("give-buy", "Add", "manual_buy"), button("give-set", "Set to this", "set_credits")));
  }
}
