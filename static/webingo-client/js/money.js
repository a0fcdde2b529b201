/** Amounts as people read them. */

/** @typedef {import("./types.js").DenomInfo} DenomInfo */

/** @type {DenomInfo} */
const PLAIN = { prefix: "", suffix: "", integer: true, money_multiplier: 1 };

/**
 * @param {number} amount in smallest units
 * @param {DenomInfo} [denom]
 * @param {{sign?: boolean, brief?: boolean}} [options] sign: also show a plus; brief: no cents where there are none
 * @returns {string} such as "$1,234.50"
 */
export function money(amount, denom = PLAIN, { sign = false, brief = false } = {}) {
  const digits = denom.integer || (brief && amount % denom.money_multiplier === 0) ? 0 : Math.round(Math.log10(denom.money_multiplier || 1));
  const value = Math.abs(amount) / (denom.money_multiplier || 1);
  const number = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const mark = amount < 0 ? "−" : sign && amount > 0 ? "+" : "";
  return `${mark}${denom.prefix || ""}${number}${denom.suffix || ""}`;
}

/**
 * An amount that is finer than the smallest unit, in two parts: what can be paid, and the fraction behind it.
 * @param {number} amount in smallest units, with a fraction
 * @param {DenomInfo} [denom]
 * @returns {[string, string]} such as ["1,234", ".05"]
 */
export function exactMoney(amount, denom = PLAIN) {
  const whole = Math.floor(amount);
  const parts = Math.floor((amount - whole) * 100 + 1e-6);
  const text = money(whole, { ...denom, suffix: "" });
  return denom.integer ? [text, `.${String(parts).padStart(2, "0")}${denom.suffix || ""}`] : [text, denom.suffix || ""];
}

/**
 * The shortest form, for badges on a cell: no prefix, thousands as K.
 * @param {number} amount
 * @param {DenomInfo} [denom]
 */
export function shortMoney(amount, denom = PLAIN) {
  const value = amount / (denom.money_multiplier || 1);
  if (value < 100 && !denom.integer) return money(amount, { ...denom, prefix: "", suffix: "" });
  return value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 });
}

/**
 * For tables: no currency, no cents where there are none, thousands as K from five digits on.
 * @param {number} amount
 * @param {DenomInfo} [denom]
 */
export function plainMoney(amount, denom = PLAIN) {
  const large = amount / (denom.money_multiplier || 1) >= 10_000;
  return large ? shortMoney(amount, denom) : money(amount, { ...denom, prefix: "", suffix: "" }, { brief: true });
}
