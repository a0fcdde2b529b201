/** The lobby inside Facebook: who plays comes from the page that Facebook opened, else from the player's own "yes". */

import { play } from "./app.js";
import { Facebook } from "./facebook.js";
import { welcome } from "./views/welcome.js";

const launch = read();
const facebook = new Facebook(launch);

if (launch.uid && launch.token) {
  begin(launch);
  // Payments need it later; loaded now they open at once.
  facebook.load().catch(() => {});
} else welcome(facebook, launch.title).then(begin);

/** @param {import("./facebook.js").Proof} proof */
function begin({ uid, token }) {
  play({ uid, token, platform: launch.platform, site: launch.site, session: "", given: true, name: launch.name }, facebook);
}

/** @returns {import("./facebook.js").Launch} */
function read() {
  const given = document.querySelector('meta[name="webingo-launch"]')?.getAttribute("content");
  return { platform: "facebook", site: "", title: "webingo", uid: "", token: "", name: "", appId: "", sdk: "", version: "", ...JSON.parse(given || "{}") };
}
