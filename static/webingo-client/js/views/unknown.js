/** A game that runs on the server but that this lobby has no table for. */

import { tileArt } from "../art/tiles.js";
import { h } from "../dom.js";
import { showRules } from "./rules.js";

export class UnknownGame {
  /**
   * @param {import("../session.js").Session} session
   * @param {import("../types.js").GameInfo} game
   */
  constructor(session, game) {
    this.game = game;
    this.element = h("main", { class: "unknown", testid: "unknown-game" },
      h("section", { class: "unknown-card" },
        tileArt(game),
        h("h1", {}, game.title),
        h("p", {}, "This lobby can't play this game yet. Your round and your credits are safe."),
        h("button", { class: "button button-main", type: "button", on: { click: () => session.leave() } }, "Back to the lobby")));
  }

  showRules() {
    showRules(this.game.id, this.game.title);
  }

  update() {}
  refresh() {}
  destroy() {}

  commands() {
    return { rules: () => this.showRules() };
  }
}
