/** Puts the lobby together: one session, one shell, one view at a time. */

import { toast } from "./toast.js";
import { ask } from "./dialog.js";
import { announce } from "./announce.js";
import { showHelp, showPlayer } from "./help.js";
import { listenToKeys } from "./keyboard.js";
import { currentPlayer, newGuest, remember } from "./player.js";
import { ASKED, Jackpots } from "./jackpots.js";
import { money } from "./money.js";
import { rulesOf } from "./rules.js";
import { Session } from "./session.js";
import { wantSound } from "./sound.js";
import { BingoTable } from "./views/bingo/table.js";
import { strip } from "./views/jackpots.js";
import { celebrateJackpot } from "./views/jackpotwin.js";
import { Lobby } from "./views/lobby.js";
import { shell } from "./views/shell.js";
import { SlotsTable } from "./views/slots/table.js";
import { UnknownGame } from "./views/unknown.js";

/** The tables that this lobby has, by engine. */
const TABLES = { bingo: BingoTable, slots: SlotsTable };

const player = currentPlayer();
const session = new Session(player, { state: onState, component: onComponent, busy: () => view?.refresh(), error: onError, status: onStatus });
const jackpots = new Jackpots(session, { hiding: () => Boolean(view?.showing), mine: onOwnJackpot, others: onJackpot });
const frame = shell({
  back: leave,
  help: () => showHelp(view),
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
/** What the server said before it closed the door. @type {{code?: string, message?: string}} */
let refusal = {};
/** What the session had won in all when it was last shown. */
let shownWon = 0;
/** What the purse said then. */
let shownCredits = 0;
/** Whether the game on the table could be played when it was last shown. */
let openGame = true;
/** The meters over the table. @type {{element: HTMLElement, destroy: () => void}|null} */
let meters = null;

if (!player.session) rulesOf({ platform: player.platform, site: player.site });
document.getElementById("app").append(frame.element);
listenToKeys(() => ({ help: () => showHelp(view), sound: toggleSound, ...(session.state?.gamestate && { back: leave }), ...view?.commands() }));
session.start();

function onState(state, first) {
  // Sent after each login, and again when the site has changed.
  if (state.games) jackpots.refresh();
  const game = runningGame(state);
  const key = game ? `${game.engine}/${game.id}` : "";
  const entered = view === null || key !== viewKey;
  if (entered) enter(game, key);
  setSound(state.userdata?.sound === true);
  // What is seen first is shown as it stands; only changes move.
  view.update(state, { animate: !first && !entered });
  showFrame(state, first);
  if (!view.showing) jackpots.reveal();
  if (openGame && game?.enabled === false) toast(`${game.title} is closed at the moment. No round can begin.`);
  openGame = game?.enabled !== false;
  if (leaving) {
    leaving = false;
    if (game && session.state.gamestate.name === "idle") session.leave();
  }
}

/** The purse tells a win no sooner than the table does; nor a jackpot, which comes into it by itself. */
function showFrame(state, first) {
  const won = state.session?.won ?? 0;
  let hidden = view.showing && !first ? Math.max(0, won - shownWon) : 0;
  if (!hidden) shownWon = won;
  const { credits } = state.wallet;
  if (view.showing && !first) hidden = Math.max(hidden, credits - shownCredits);
  shownCredits = credits - hidden;
  frame.update(state, { gameTitle: runningGame(state)?.title ?? "", first, hidden });
}

function enter(game, key) {
  view?.destroy();
  viewKey = key;
  const Table = game && (TABLES[game.engine] ?? UnknownGame);
  meters?.destroy();
  meters = game ? strip(jackpots, game.id) : null;
  view = Table ? new Table(session, game, { reveal }) : new Lobby(session, new Set(Object.keys(TABLES)), jackpots);
  frame.show(view, meters?.element);
  jackpots.reveal();
  announce(game ? game.title : "Lobby");
}

/** All of the state can be seen now. */
function reveal() {
  if (session.state) showFrame(session.state, false);
  jackpots.reveal();
}

/** @param {string} which @param {any} message */
function onComponent(which, message) {
  if (which === "jackpot") jackpots.receive(message);
}

/** @param {import("./jackpots.js").OwnWin} win */
async function onOwnJackpot({ jackpot, amount }) {
  view?.interrupt?.();
  await celebrateJackpot(jackpot.about.title, amount, (value) => money(value, session.state?.wallet.denom_info));
}

/** @param {import("./jackpots.js").OwnWin} win */
function onJackpot({ jackpot, amount }) {
  announce(`The jackpot ${jackpot.about.title} was won: ${money(amount, session.state?.wallet.denom_info)}.`);
}

/** @param {import("./types.js").State} state @returns {import("./types.js").GameInfo|null} */
function runningGame({ gamestate, curr_game: id = "" }) {
  if (!gamestate) return null;
  const listed = session.games.find((game) => game.id === id);
  const { data = {} } = gamestate;
  const engine = Array.isArray(data.cards) && Array.isArray(data.balls) ? "bingo" : data.layout?.reels ? "slots" : "";
  return listed ?? { id, engine, title: id };
}

function onError(error) {
  if (error.re === ASKED) return;
  refusal = error;
  if (error.code === "REPLACED" || error.code === "PLAYER_BLOCKED" || !session.live) return; // a dialog says it
  const open = error.code === "NOT_FINISHABLE" && view?.unfinished?.();
  if (open) return askToFinish(open);
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
    const title = refusal.code === "PLAYER_BLOCKED" ? "Account blocked" : "Login refused";
    ask({ title, testid: "refused-dialog", closable: false }, refusal.message || "The platform did not accept this login.",
      [["Try again", again], ...(player.given ? [] : [["Play as a new guest", asGuest]])]);
  }
}

function leave() {
  if (session.state?.gamestate) session.leave();
}

/** @param {{title: string, text: string, yes: string, action: string, params?: object}} open what holds the player back, and what ends it */
function askToFinish({ title, text, yes, action, params }) {
  ask({ title, testid: "leave-dialog" }, text, [
    [yes, () => {
      leaving = true;
      session.act(action, params);
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
