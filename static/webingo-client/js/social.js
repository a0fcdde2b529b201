/** The social side of a site: the player's level, the daily bonus and what can be bought, as the server tells them. */

const COMPONENT = "fb_social";
/** Marks what is asked here, so that errors come back here; what comes after the colon was meant by the player. */
const ASKED = "social";
/** A payment that is not confirmed by then is on its way by itself. */
const ANSWER_MS = 15_000;
/** What the server says of a payment. */
const PAID = ["purchased", "pending", "failed"];

/**
 * @typedef {import("./types.js").SocialStatus} SocialStatus
 * @typedef {import("./types.js").Product} Product
 * @typedef {{level: number, progress: number, spend: number}} Standing
 * @typedef {{outcome: "purchased"|"pending"|"failed"|"cancelled", credits?: number, text?: string}} Purchase
 * @typedef {{pay: (request: any) => Promise<{signedRequest?: string, outcome: "paid"|"cancelled"|"failed", text?: string}>}} Payer
 * @typedef {{answers: string[], resolve: (message: any) => void, reject: (error: Error) => void, timer: number}} Waiting
 */

export class Social {
  /** What the server last said of it; null before, and where the site is no social casino. @type {SocialStatus|null} */
  status = null;
  /** @type {Map<string, Waiting>} by what was asked */
  #waiting = new Map();
  /** Level-ups that came while a round was still being shown. @type {{level: number, reward: number}[]} */
  #risen = [];
  /** Payments whose confirmation has not got through. @type {Set<string>} */
  #unsaid = new Set();
  /** @type {Set<() => void>} */
  #watchers = new Set();
  #dawn = 0;
  /** When the next day begins, by this computer's clock, which may be wrong. */
  #dawnMs = 0;
  /** Purchases that are under way on this page, and say themselves what came of them. */
  #buying = 0;

  /**
   * @param {import("./session.js").Session} session
   * @param {Payer|null} payer
   * @param {{hiding: () => boolean, risen: (level: number, reward: number) => void, credited: (credits: number) => void,
   *   moved: (kind: string, amount: number) => void, ready: () => void}} house
   *   hiding: whether a round is still on its way to the eye; risen: the player has a new level; credited: a payment came
   *   through by itself; moved: one was refunded or charged back, or a charge back was undone; ready: the first answer of a login is there
   */
  constructor(session, payer, house) {
    this.session = session;
    this.payer = payer;
    this.house = house;
  }

  /** @returns {Standing|null} null where there are no levels: then everybody stays at the first one, which is complete */
  get standing() {
    const { soc_level: level, soc_level_progress: progress, spend_total: spend } = this.session.state?.userdata ?? {};
    if (typeof level !== "number" || (level === 1 && progress >= 1)) return null;
    return { level, progress: typeof progress === "number" ? Math.min(1, Math.max(0, progress)) : 0, spend: Number(spend) || 0 };
  }

  /** What is still to be wagered for the next level; null at the last one. @returns {number|null} */
  get toGo() {
    const next = this.status?.next;
    return next && this.standing ? Math.max(0, next.spend - this.standing.spend) : null;
  }

  /** @returns {number} milliseconds until the next day begins */
  get untilDawn() {
    return this.#dawnMs - Date.now();
  }

  /** @returns {Product[]} what can be bought here: nothing without somebody who takes the payment */
  get products() {
    return this.payer ? this.status?.products ?? [] : [];
  }

  /** @returns {boolean} whether there is anything to get in the shop */
  get shop() {
    return this.products.length > 0 || Boolean(this.status?.manual_credit);
  }

  /** Asks how things are, after each login. */
  refresh() {
    if (typeof this.session.state?.userdata?.soc_level !== "number") return this.#known(null);
    this.#send({ what: "status" }, ASKED);
    for (const signed of this.#unsaid) this.#send({ what: "paid", signed_request: signed }, ASKED);
  }

  /** The line is broken: nothing that was asked will be answered. */
  lost() {
    for (const waiting of this.#waiting.values()) waiting.reject(new Error("The connection was lost."));
  }

  /** @param {string} which @param {any} message @returns {boolean} whether it was for here */
  receive(which, message) {
    if (which !== COMPONENT) return false;
    if (message.what === "status") this.#known(message);
    else if (message.what === "level_up") this.#rose(message);
    else if (message.what === "moved") this.#moved(message);
    else {
      const waiting = [...this.#waiting.values()].find(({ answers }) => answers.includes(message.what));
      if (waiting) waiting.resolve(message);
      else if (PAID.includes(message.what)) this.#cameThrough(message);
    }
    return true;
  }

  /** @param {import("./types.js").ServerError} error @returns {boolean} whether it was for here */
  failed({ re, code, message }) {
    const [asked, name] = String(re).split(":");
    this.#waiting.get(name)?.reject(Object.assign(new Error(message), { code }));
    return asked === ASKED && name !== "give";
  }

  /** Everything that was held back is seen now. Several levels at once are one reason to be glad. */
  reveal() {
    if (this.#risen.length === 0 || this.house.hiding()) return;
    const risen = this.#risen.splice(0);
    this.house.risen(Math.max(...risen.map(({ level }) => level)), risen.reduce((sum, { reward }) => sum + reward, 0));
  }

  /** @returns {Promise<{amount: number, day: number}>} rejects with what to say */
  async collect() {
    const got = await this.#ask("bonus", { what: "daily_bonus" }, ["daily_bonus"]);
    this.#send({ what: "status" }, ASKED);
    return got;
  }

  /**
   * From the order to the credits in the purse.
   * @param {Product} product @param {(step: "paying"|"confirming") => void} step is told how far it is
   * @returns {Promise<Purchase>} rejects with what to say when it did not come so far
   */
  async buy(product, step) {
    this.#buying++;
    try {
      return await this.#buy(product, step);
    } finally {
      this.#buying--;
    }
  }

  async #buy(product, step) {
    const request = await this.#ask("buy", { what: "buy", product: product.id }, ["request"]);
    step("paying");
    const paid = await this.payer.pay(request);
    if (!paid.signedRequest) return { outcome: paid.outcome === "cancelled" ? "cancelled" : "failed", text: paid.text };
    step("confirming");
    this.#unsaid.add(paid.signedRequest);
    try {
      const { what, credits } = await this.#ask("paid", { what: "paid", signed_request: paid.signedRequest }, PAID);
      this.#unsaid.delete(paid.signedRequest);
      return { outcome: what, credits };
    } catch (error) {
      if (error.code !== "BAD_PARAMS") return { outcome: "pending" }; // the server learns it after the next login, or from the platform
      this.#unsaid.delete(paid.signedRequest);
      return { outcome: "failed", text: error.message };
    }
  }

  /** For testers, where the site lets them. @param {"manual_buy"|"set_credits"} what @param {number} amount */
  give(what, amount) {
    this.#send({ what, amount }, `${ASKED}:give`);
  }

  /** @param {() => void} watcher is told when any of this changes @returns {() => void} ends it */
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** The state has changed. */
  tell() {
    for (const watcher of this.#watchers) watcher();
  }

  #send(message, re) {
    return this.session.connection.send({ t: "component", which: COMPONENT, message, re });
  }

  /** @returns {Promise<any>} the answer, which is one of `answers` */
  #ask(name, message, answers) {
    if (this.#waiting.has(name)) return Promise.reject(new Error("One moment: the last one is still under way."));
    return new Promise((resolve, reject) => {
      const end = (then) => (value) => {
        clearTimeout(waiting.timer);
        this.#waiting.delete(name);
        then(value);
      };
      const waiting = { answers, resolve: end(resolve), reject: end(reject), timer: 0 };
      if (!this.#send(message, `${ASKED}:${name}`)) return reject(new Error("There is no connection at the moment. Try again when it is back."));
      this.#waiting.set(name, waiting);
      waiting.timer = setTimeout(() => waiting.reject(new Error("No answer came. Try again in a moment.")), ANSWER_MS);
    });
  }

  /** @param {SocialStatus|null} status */
  #known(status) {
    const first = this.status === null && status !== null;
    this.status = status;
    clearTimeout(this.#dawn);
    const { next_ms: next = 0, now_ms: now = Date.now(), available = true } = status?.daily_bonus ?? {};
    this.#dawnMs = Date.now() + next - now;
    const dawn = available ? 0 : next - now;
    // Timers of more than 24 days fire at once.
    if (dawn > 0) this.#dawn = setTimeout(() => this.refresh(), Math.min(dawn + 1500, 2 ** 31 - 1));
    this.tell();
    if (first) this.house.ready();
  }

  #rose({ level, reward }) {
    this.#risen.push({ level, reward: Number(reward) || 0 });
    this.#send({ what: "status" }, ASKED);
    // The state with the reward comes with it.
    queueMicrotask(() => this.reveal());
  }

  /** The platform has moved the purse by itself. */
  #moved({ kind, amount }) {
    if (kind !== "purchase") this.house.moved(kind, Number(amount) || 0);
    else if (!this.#buying) this.house.credited(Number(amount) || 0);
  }

  #cameThrough({ what, credits }) {
    this.#unsaid.clear();
    if (what === "purchased") this.house.credited(Number(credits) || 0);
  }
}
