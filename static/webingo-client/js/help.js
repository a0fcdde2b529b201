/** The help and the player's dialog. */

import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { SHORTCUTS } from "./keyboard.js";
import { newGuest, remember } from "./player.js";
import { portrait } from "./views/social/portrait.js";

const TEXTS = {
  bingo: ["Choose a stake and the cards that play, then press Play. Completed patterns pay; a pulsing number is one ball away from a prize.",
    "Winnings are paid out when you collect, or with the next Play. Tap the table to skip the draw."],
  slots: ["Choose a bet, then press Spin. What pays, and on which lines or ways, is in the rules; tap the reels to stop them quickly.",
    "Free spins and other features wait for you: if the connection is lost or you close the page, they go on where they were."],
  social: ["Everything that you bet fills your level; a new one may bring credits. The bonus is yours once a day, and grows as long as you leave out no day."],
  lobby: ["Choose a game. Its rules, with all odds, are behind the little i."],
};

/** @param {{kind?: string}|null} view that is shown now @param {import("./social.js").Social} social */
export function showHelp(view, social) {
  const kind = view?.kind ?? "lobby";
  openDialog({ title: "Help", testid: "help-dialog" },
    ...[...(TEXTS[kind] ?? TEXTS.lobby), ...(social.standing ? TEXTS.social : [])].map((text) => h("p", {}, text)),
    h("section", { class: "help-keys" }, h("h3", {}, "Keyboard"),
      h("dl", { class: "shortcuts" }, ...[...(SHORTCUTS[kind] ?? []), ...SHORTCUTS.all].flatMap(([keys, what]) => [
        h("dt", {}, ...keys.map((key) => h("kbd", {}, key))), h("dd", {}, what)]))));
}

/** @param {import("./player.js").Player} player @param {import("./social.js").Social} social */
export function showPlayer(player, social) {
  const field = h("input", { class: "field", name: "uid", value: player.uid, maxlength: 128, autocomplete: "off", spellcheck: "false", required: true, "aria-label": "Player's name" });
  const change = (uid) => {
    remember(uid);
    location.reload();
  };
  const submit = (event) => {
    event.preventDefault();
    if (field.value.trim()) change(field.value.trim());
  };
  const form = h("form", { class: "player-form", on: { submit } },
    h("label", {}, "Play as", field),
    h("div", { class: "dialog-buttons" },
      h("button", { class: "button button-main", type: "submit" }, "Switch"),
      h("button", { class: "button", type: "button", on: { click: () => change(newGuest()) } }, "New guest")));
  openDialog({ title: "Player", testid: "player-dialog", className: "dialog-small" },
    ...(social.payer ? platformCard(player) : [h("p", { class: "muted" }, `Platform ${player.platform}, site ${player.site}.`),
      player.given ? h("p", {}, `You play as ${player.name || player.uid}, as the address of this page says.`) : form]));
}

/** A player whom a platform has brought. */
function platformCard({ name, uid, picture }) {
  const face = portrait("portrait player-portrait");
  face.show(picture ?? "");
  return [
    h("div", { class: "player-card" }, face.element, h("strong", { class: "player-name" }, name || "Facebook player")),
    h("p", {}, "You are logged in with Facebook. Your credits and your level are kept for you on every device."),
    h("p", { class: "muted small" }, `Your number for our staff: ${uid}`),
  ];
}
