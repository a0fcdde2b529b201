/** Who plays where: from the address, else remembered, else a new guest. */

const KEY = "webingo.uid";

/**
 * @typedef {{uid: string, token: string, platform: string, site: string, session: string, given: boolean, name?: string,
 *            picture?: string}} Player
 *   `session` is a login that the address carries (a launch address); `given` means that the address or the platform names the
 *   player, so that it cannot be switched here; name and picture: as people know the player
 */

/** @returns {Player} */
export function currentPlayer(search = location.search) {
  const query = new URLSearchParams(search);
  const session = query.get("session") || "";
  const given = session ? "You" : query.get("uid");
  return {
    uid: given || remembered() || remember(newGuest()),
    session,
    token: query.get("token") || "",
    platform: query.get("platform") || "demo",
    site: query.get("site") || "demo",
    given: Boolean(given),
  };
}

/** @param {string} uid @returns {string} */
export function remember(uid) {
  try {
    localStorage.setItem(KEY, uid);
  } catch {
    // Storage may be forbidden (a private window, a frame): the guest then lasts as long as the page.
  }
  return uid;
}

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @returns {string} a uid that nobody else has */
export function newGuest() {
  // randomUUID exists only on https and localhost.
  const id = crypto.randomUUID ? crypto.randomUUID() : [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(16)).join("-");
  return `guest-${id}`;
}

/** @param {string} uid @returns {string} what fits a button: guests are known by four letters */
export function shortName(uid) {
  if (uid.startsWith("guest-")) return `Guest ${uid.slice(6, 10).toUpperCase()}`;
  return uid.length > 14 ? `${uid.slice(0, 13)}…` : uid;
}
