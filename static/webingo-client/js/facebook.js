/** Facebook's own script as the lobby needs it: who the player is, and payments. Nothing of it runs before it is asked for. */

/** The page's script may be kept away by the network or an ad blocker, without any error. */
const LOAD_MS = 12_000;
/** Facebook's code for "the player has changed his mind". */
const CANCELLED = 1383010;

/**
 * @typedef {{platform: string, site: string, title: string, uid: string, token: string, name: string, appId: string, sdk: string,
 *            version: string}} Launch what the portal's page knows; uid and token are empty before the player let us know them
 * @typedef {{uid: string, token: string}} Proof
 */

export class Facebook {
  /** @type {Promise<any>|null} */
  #loading = null;

  /** @param {Launch} launch */
  constructor(launch) {
    this.launch = launch;
  }

  /** @returns {Promise<any>} Facebook's functions; rejects where its script can't be had. May be asked again then. */
  load() {
    if (!this.#loading) {
      this.#loading = this.#fetch();
      this.#loading.catch(() => (this.#loading = null));
    }
    return this.#loading;
  }

  /** Asks the player. Only within a click, or browsers keep the window shut. @returns {Promise<Proof|null>} null for "no" */
  async login() {
    const FB = await this.load();
    return new Promise((resolve) => FB.login((answer) => resolve(proofOf(answer)), { scope: "public_profile", return_scopes: false }));
  }

  /** A fresh proof of the same player, without a question. @returns {Promise<Proof|null>} null where that is impossible */
  async renew() {
    try {
      const FB = await this.load();
      return await new Promise((resolve) => {
        setTimeout(() => resolve(null), LOAD_MS);
        FB.getLoginStatus((answer) => resolve(proofOf(answer)), true);
      });
    } catch {
      return null;
    }
  }

  /**
   * Facebook's dialog for a payment.
   * @param {{request_id: string, url: string}} request as our server answered it; the url may be a path there
   * @returns {Promise<{outcome: "paid"|"cancelled"|"failed", signedRequest?: string, text?: string}>}
   */
  async pay({ request_id: id, url }) {
    let FB;
    try {
      FB = await this.load();
    } catch {
      return { outcome: "failed", text: "Facebook's payments can't be reached. An ad blocker may be in the way." };
    }
    const answer = await new Promise((resolve) =>
      FB.ui({ method: "pay", action: "purchaseitem", product: new URL(url, location.origin).href, quantity: 1, request_id: id }, resolve));
    if (answer?.signed_request) return { outcome: "paid", signedRequest: answer.signed_request };
    // A window that is closed answers nothing at all.
    if (!answer || Number(answer.error_code) === CANCELLED) return { outcome: "cancelled" };
    return { outcome: "failed", text: typeof answer.error_message === "string" ? answer.error_message : "" };
  }

  #fetch() {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const fail = () => {
        script.remove();
        reject(new Error("Facebook's script can't be had."));
      };
      const timer = setTimeout(fail, LOAD_MS);
      script.onerror = () => (clearTimeout(timer), fail());
      script.onload = () => {
        clearTimeout(timer);
        const { FB } = /** @type {any} */ (globalThis);
        if (!FB) return fail();
        const { appId, version } = this.launch;
        FB.init({ appId, version: version || "v24.0", cookie: false, xfbml: false, autoLogAppEvents: false });
        resolve(FB);
      };
      script.src = this.launch.sdk;
      script.crossOrigin = "anonymous";
      document.head.append(script);
    });
  }
}

/** @returns {Proof|null} */
function proofOf(answer) {
  const { userID: uid, accessToken: token } = answer?.authResponse ?? {};
  return answer?.status === "connected" && uid && token ? { uid: String(uid), token: String(token) } : null;
}
