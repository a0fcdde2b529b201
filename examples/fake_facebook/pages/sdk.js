/* What connect.facebook.net/en_US/sdk.js is to a page on Facebook, as far as a game needs it: FB.init, FB.login,
   FB.getLoginStatus and FB.ui for payments. The page around the frame does the work; both talk by postMessage. */

(() => {
  const home = new URL(document.currentScript.src).origin;
  const waiting = new Map();
  let asked = 0;
  let ready = false;

  addEventListener("message", ({ source, origin, data }) => {
    if (source !== parent || origin !== home || !waiting.has(data?.fake)) return;
    const answer = waiting.get(data.fake);
    waiting.delete(data.fake);
    answer(data.answer);
  });

  function ask(what, params, answer) {
    if (!ready) throw new Error("FB.init has not been called.");
    if (parent === window) return setTimeout(() => answer?.(what === "ui" ? undefined : { status: "unknown", authResponse: null }));
    waiting.set(++asked, (value) => answer?.(value));
    parent.postMessage({ fake: asked, what, params }, home);
  }

  window.FB = {
    init({ appId, version }) {
      if (!appId || !version) throw new Error("FB.init needs appId and version.");
      ready = true;
    },
    login: (answer) => ask("login", {}, answer),
    getLoginStatus: (answer) => ask("status", {}, answer),
    ui: (params, answer) => ask("ui", params, answer),
  };
})();
