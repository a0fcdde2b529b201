/** Puts the lobby together: one session, one shell, one view at a time; jackpots and the social side beside it. */

import { toast } from "./toast.js";
import { ask, dialogOpen } from "./dialog.js";
import { announce } from "./announce.js";
import { showHelp, showPlayer } from "./help.js";
import { listenToKeys } from "./keyboard.js";
import { newGuest, remember } from "./player.js";
import { ASKED, Jackpots } from "./jackpots.js";
import { money } from "./money.js";
import { rulesOf } from "./rules.js";
import { Session } from "./session.js";
import { Social } from "./social.js";
import { wantSound } from "./sound.js";
import { BingoTable } from "./views/bingo/table.js";
import { strip } from "./views/jackpots.js";
import { celebrateJackpot } from "./views/jackpotwin.js";
import { Lobby } from "./views/lobby.js";
import { shell } from "./views/shell.js";
import { SlotsTable } from "./views/slots/table.js";
import { showBonus } from "./views/social/bonus.js";
import { showLevel } from "./views/social/level.js";
import { celebrateLevel } from "./views/social/levelup.js";
import { showShop } from "./views/social/shop.js";
import { UnknownGame } from "./views/unknown.js";

/** The tables that this lobby has, by engine. */
const TABLES = { bingo: BingoTable, slots: SlotsTable };

/** @type {import("./player.js").Player} */
let player;
/** @type {Session} */
let session;
/** @type {Jackpots} */
let jackpots;
/** @type {Social} */
let social;
/** @type {ReturnType<typeof shell>} */
let frame;
/** Where the player is when the lobby is not by itself. @type {import("./facebook.js").Facebook|null} */
let host;
/** Whether the last refusal was answered with a fresh proof already. */
let renewed = false;
/** Whether the bonus of this visit was shown by itself. */
let offered = false;
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

/**
 * Opens the lobby. Once per page.
 * @param {import("./player.js").Player} who
 * @param {import("./facebook.js").Facebook|null} [where] the platform that the lobby stands in
 */
export function play(who, where = null) {
  player = who;
  host = where;
  session = new Session(player, { state: onState, component: onComponent, busy: () => view?.refresh(), error: onError, status: onStatus });
  const hiding = () => Boolean(view?.showing);
  jackpots = new Jackpots(session, { hiding, mine: onOwnJackpot, others: onJackpot });
  social = new Social(session, host, { hiding, risen: onLevel, credited: onCredited, moved: onMoved, ready: offerBonus });
  frame = shell({
    back: leave,
    help: () => showHelp(view, social),
    rules: () => view?.showRules?.(),
    sound: toggleSound,
    player: () => showPlayer(player, social),
    retry: () => session.start(),
    shop: () => showShop(social),
    level: () => showLevel(social),
  }, player, social);
  if (!player.session) rulesOf({ platform: player.platform, site: player.site });
  document.getElementById("app").replaceChildren(frame.element);
  listenToKeys(() => ({ help: () => showHelp(view, social), sound: toggleSound, ...(session.state?.gamestate && { back: leave }), ...view?.commands() }));
  session.start();
}

function onState(state, first) {
  // Sent after each login, and again when the site has changed.
  if (state.games) jackpots.refresh();
  if (state.player) frame.who({ ...state.player, picture: host || sameOrigin(state.player.picture) ? state.player.picture : "" });
  const game = runningGame(state);
  const key = game ? `${game.engine}/${game.id}` : "";
  const entered = view === null || key !== viewKey;
  if (entered) enter(game, key);
  setSound(state.userdata?.sound === true);
  // What is seen first is shown as it stands; only changes move.
  view.update(state, { animate: !first && !entered });
  showFrame(state, first);
  if (state.games) social.refresh();
  social.tell();
  if (!view.showing) unveil();
  if (openGame && game?.enabled === false) toast(`${game.title} is closed at the moment. No round can begin.`);
  openGame = game?.enabled !== false;
  if (leaving) {
    leaving = false;
    if (game && session.state.gamestate.name === "idle") session.leave();
  }
}

/** Only the portal's page may show pictures from elsewhere. @param {string} [address] */
function sameOrigin(address) {
  return Boolean(address) && new URL(address, location.origin).origin === location.origin;
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
  view = Table ? new Table(session, game, { reveal }) : new Lobby(session, new Set(Object.keys(TABLES)), jackpots, social);
  frame.show(view, meters?.element);
  if (game) scrollTo(0, 0); // the lobby may have been scrolled
  unveil();
  announce(game ? game.title : "Lobby");
  if (!game) offerBonus();
}

/** All of the state can be seen now. */
function reveal() {
  if (session.state) showFrame(session.state, false);
  unveil();
}

/** What waited for the end of the round. */
function unveil() {
  jackpots.reveal();
  social.reveal();
}

/** @param {string} which @param {any} message */
function onComponent(which, message) {
  if (which === "jackpot") jackpots.receive(message);
  else social.receive(which, message);
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

/** @param {number} level @param {number} reward */
function onLevel(level, reward) {
  celebrateLevel(level, amountOf(reward));
}

/** @param {number} credits of a payment that came through by itself */
function onCredited(credits) {
  toast(`Your payment has come through: ${amountOf(credits)} credits are in your purse.`, "good");
}

/** @param {string} kind of what became of a payment later @param {number} amount below zero: it has left the purse */
function onMoved(kind, amount) {
  const credits = `${amountOf(Math.abs(amount))} credits`;
  if (amount < 0) toast(`A payment was ${kind === "refund" ? "refunded" : "charged back"}: ${credits} have left your purse.`);
  else toast(`A payment counts again: ${credits} are back in your purse.`, "good");
}

/** The first thing of a visit, where the player can see it. */
function offerBonus() {
  if (offered || dialogOpen() || !(view instanceof Lobby) || !social.status?.daily_bonus?.available) return;
  offered = true;
  showBonus(social);
}

/** @param {number} amount @returns {string} "" for nothing */
function amountOf(amount) {
  return amount > 0 ? money(amount, session.state?.wallet.denom_info) : "";
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
  if (error.re === ASKED || social.failed(error)) return;
  refusal = error;
  if (["REPLACED", "PLAYER_BLOCKED", "AUTH_FAILED"].includes(error.code) || !session.live) return; // a dialog says it
  const open = error.code === "NOT_FINISHABLE" && view?.unfinished?.();
  if (open) return askToFinish(open);
  leaving = false;
  if (error.code === "INSUFFICIENT_FUNDS" && social.shop) return showShop(social, "Not enough credits for this bet.");
  toast(error.message || "Something went wrong. Nothing was lost.");
}

function onStatus(status) {
  frame.status({ ...status, why: session.state ? "" : refusal.message });
  view?.refresh();
  if (status.phase === "live") renewed = false;
  else social.lost();
  const again = () => session.start();
  if (status.phase === "replaced") {
    ask({ title: "Playing elsewhere", testid: "replaced-dialog", closable: false }, "You have opened webingo in another window or on another device. Your round goes on there.", [["Play here", again]]);
  } else if (status.phase === "refused" && host && !renewed && refusal.code === "AUTH_FAILED") {
    renew();
  } else if (status.phase === "refused") {
    const asGuest = () => {
      remember(newGuest());
      location.reload();
    };
    const out = host !== null && refusal.code === "AUTH_FAILED";
    const title = refusal.code === "PLAYER_BLOCKED" ? "Account blocked" : out ? "You are logged out" : "Login refused";
    ask({ title, testid: "refused-dialog", closable: false }, refusal.message || "The platform did not accept this login.",
      [out ? ["Log in again", loginAgain] : ["Try again", again], ...(player.given ? [] : [["Play as a new guest", asGuest]])]);
  }
}

/** Proofs of a platform last for an hour or two; who has been here for longer needs a new one. */
async function renew() {
  renewed = true;
  const proof = await host.renew();
  if (!proof || proof.uid !== player.uid) return onStatus({ phase: "refused" });
  player.token = proof.token;
  session.start();
}

/** The platform asks, as the first time: within the click that led here. */
async function loginAgain() {
  const proof = await host.login().catch(() => null);
  if (proof) Object.assign(player, proof);
  session.start();
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
