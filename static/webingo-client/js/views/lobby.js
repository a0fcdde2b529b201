/** The lobby: a picture for every game of the site. */

import { logo } from "../art/logo.js";
import { tileArt } from "../art/tiles.js";
import { h, setUsable, usable } from "../dom.js";
import { chip, shelf } from "./jackpots.js";
import { showRules } from "./rules.js";
import { socialStrip } from "./social/strip.js";

const KINDS = { bingo: "Video bingo", slots: "Slots", ladder: "Step game", instant: "Instant win", poker: "Poker" };

export class Lobby {
  #key = "";
  /** @type {HTMLButtonElement[]} */
  #buttons = [];
  /** @type {{destroy: () => void}[]} */
  #chips = [];

  /**
   * @param {import("../session.js").Session} session
   * @param {Set<string>} playable engines that this lobby has a table for
   * @param {import("../jackpots.js").Jackpots} jackpots
   * @param {import("../social.js").Social} social
   */
  constructor(session, playable, jackpots, social) {
    this.session = session;
    this.playable = playable;
    this.jackpots = jackpots;
    this.shelf = shelf(jackpots);
    this.strip = socialStrip(social);
    this.grid = h("div", { class: "tiles" });
    this.element = h("main", { class: "lobby", testid: "lobby" },
      h("header", { class: "hero" }, logo("hero-logo"), h("h1", { class: "hero-line" }, "Pull up a chair. The next win could be yours.")),
      this.strip.element,
      this.shelf.element,
      this.grid,
      h("footer", { class: "lobby-foot" }, "The rules of every game tell its odds. Play for the fun of it, and stop when it stops being fun."));
  }

  update() {
    const { games } = this.session;
    const key = JSON.stringify(games);
    if (key !== this.#key) {
      this.#key = key;
      this.#buttons = [];
      this.#endChips();
      const order = [...games].sort((a, b) => this.#rank(a) - this.#rank(b));
      this.grid.replaceChildren(...order.map((game) => this.#tile(game)));
      if (games.length === 0) this.grid.append(h("p", { class: "muted" }, "This site offers no games at the moment."));
    }
    this.refresh();
  }

  refresh() {
    for (const button of this.#buttons) setUsable(button, this.session.live && !this.session.busy);
  }

  destroy() {
    this.shelf.destroy();
    this.strip.destroy();
    this.#endChips();
  }

  #endChips() {
    for (const each of this.#chips.splice(0)) each.destroy();
  }

  commands() {
    return {};
  }

  #rank(game) {
    return game.enabled === false ? 2 : this.playable.has(game.engine) ? 0 : 1;
  }

  #tile(game) {
    const closed = game.enabled === false;
    const here = this.playable.has(game.engine);
    const note = closed ? "Closed at the moment" : "This lobby can't play this game yet";
    const open = (event) => usable(event.currentTarget) && this.session.load(game.id);
    const jackpot = chip(this.jackpots, game.id);
    this.#chips.push(jackpot);
    const face = [
      h("span", { class: "tile-picture" }, tileArt(game), jackpot.element, h("span", { class: "tile-kind" }, KINDS[game.engine] ?? game.engine)),
      h("span", { class: "tile-text" },
        h("span", { class: "tile-title" }, game.title || game.id),
        h("span", { class: "tile-description" }, game.description ?? ""),
        closed || !here ? h("span", { class: "tile-note" }, note) : h("span", { class: "tile-play", "aria-hidden": "true" }, "Play")),
    ];
    const rules = h("button", { class: "tile-rules", type: "button", "aria-label": `Rules of ${game.title}`, on: { click: () => showRules(game.id, game.title) } }, "i");
    if (closed || !here) return h("article", { class: "tile is-closed", testid: `game-tile-${game.id}` }, h("div", { class: "tile-face" }, ...face), rules);
    const button = h("button", { class: "tile-face", type: "button", testid: `game-tile-${game.id}`, on: { click: open } }, ...face);
    this.#buttons.push(button);
    return h("article", { class: "tile" }, button, rules);
  }
}
