/** Puts the lobby together: one session, one shell, one view at a time. */

import { toast } from "./toast.js";
import { ask } from "./dialog.js";
import { announce } from "./announce.js";
import { showHelp, showPlayer } from "./help.js";
import { listenToKeys } from "./keyboard.js";
import { currentPlayer, newGuest, remember } from "./player.js";
import { Session } from "./session.js";
import { wantSound } from "./sound.js";
import { BingoTable } from "./views/bingo/table.js";
import { Lobby } from "./views/lobby.js";
import { shell } from "./views/shell.js";
import { UnknownGame } from "./views/unknown.js";

/** The tables that this lobby has, by engine. */
const TABLES = { bingo: BingoTable };

const player = currentPlayer();
const session = new Session(player, { state: onState, busy: () => view?.refresh(), error: onError, status: onStatus });
const frame = shell({
  back: leave,
  help: showHelp,
  rules: () => view?.showRules?.(),
  sound: toggleSound,
  player: () => showPlayer(player),
  retry: () => session.start(),
}, player);

/** @type {any} */
let view = null;
let viewKey = "";
/** The player wants to go as soon as the round is collected. */
let leaving = false;
/** What the server said before it closed the door. */
let refusal = "";

document.getElementById("app").append(frame.element);
listenToKeys(() => ({ help: showHelp, sound: toggleSound, ...(session.state?.gamestate && { back: leave }), ...view?.commands() }));
session.start();

function onState(state, first) {
  const game = runningGame(state);
  const key = game ? `${game.engine}/${game.id}` : "";
  const entered = view === null || key !== viewKey;
  if (entered) enter(game, key);
  frame.update(state, { gameTitle: game?.title ?? "", first });
  setSound(state.userdata?.sound === true);
  // What is seen first is shown as it stands; only changes move.
  view.update(state, { animate: !first && !entered });
  if (leaving) {
    leaving = false;
    if (game && session.can("bet")) session.leave();
  }
}

function enter(game, key) {
  view?.destroy();
  viewKey = key;
  const Table = game && (TABLES[game.engine] ?? UnknownGame);
  view = Table ? new Table(session, game) : new Lobby(session, new Set(Object.keys(TABLES)));
  frame.show(view);
  announce(game ? game.title : "Lobby");
}

/** @param {import("./types.js").State} state @returns {import("./types.js").GameInfo|null} */
function runningGame({ gamestate, curr_game: id = "" }) {
  if (!gamestate) return null;
  const listed = session.games.find((game) => game.id === id);
  const engine = Array.isArray(gamestate.data?.cards) && Array.isArray(gamestate.data?.balls) ? "bingo" : "";
  return listed ?? { id, engine, title: id };
}

function onError(error) {
  refusal = error.message;
  if (error.code === "REPLACED" || !session.live) return;
  if (error.code === "NOT_FINISHABLE" && session.can("end")) return askToCollect();
  leaving = false;
  toast(error.message || "Something went wrong. Nothing was lost.");
}

function onStatus(status) {
  frame.status(status);
  view?.refresh();
  const again = () => session.start();
  if (status.phase === "replaced") {
    ask({ title: "Playing elsewhere", testid: "replaced-dialog", closable: false }, "You have opened webingo in another window or on another device. Your round goes on there.", [["Play here", again]]);
  } else if (status.phase === "refused") {
    const asGuest = () => {
      remember(newGuest());
      location.reload();
    };
    ask({ title: "Login refused", testid: "refused-dialog", closable: false }, refusal || "The platform did not accept this login.",
      [["Try again", again], ...(player.given ? [] : [["Play as a new guest", asGuest]])]);
  }
}

function leave() {
  if (session.state?.gamestate) session.leave();
}

function askToCollect() {
  ask({ title: "The round is still open", testid: "leave-dialog" }, "You could still buy an extra ball. Collect and leave, or stay at the table?", [
    ["Collect and leave", () => {
      leaving = true;
      session.act("end");
    }],
    ["Stay", () => {}],
  ]);
}

function toggleSound() {
  const on = session.state?.userdata?.sound !== true;
  setSound(on);
  session.remember({ sound: on });
}

function setSound(on) {
  wantSound(on);
  frame.sound(on);
}
