/** A spin as it is shown: the reels stop, wilds spread, the wins light up and are counted, what was awarded is announced. */

import { still } from "../../motion.js";
import { celebrate } from "../celebrate.js";
import { retriggered } from "./freespins.js";
import { firstStop, pause } from "./pace.js";
import { awardCells, moreSpins, paidWins, teasing } from "./read.js";
import { sounds } from "./sounds.js";

const AWARD_MS = 1500;

/**
 * @param {import("../../types.js").SlotsData} data of which `spin` is shown
 * @param {{reels: any, parade: any, light: (spin: any) => void, hud: (feature: any, options: object) => void, deck: any, cabinet: HTMLElement, stage: HTMLElement, say: (text: string, tone?: string) => void, money: (amount: number) => string}} table
 * @param {{pace: import("./pace.js").Pace, least: number, teasers: {symbol: string, count: number, reels?: number[]|null}[]}} how
 *   least: the site's min_spin_ms, where this spin begins a round
 * @param {AbortSignal} signal the player is in a hurry
 */
export async function showSpin(data, { reels, parade, light, hud, deck, cabinet, stage, say, money }, { pace, least, teasers }, signal) {
  const spin = /** @type {import("../../types.js").SlotsSpin} */ (data.spin);
  const wins = paidWins(spin);
  let seen = 0;
  const counted = teasers.map(({ symbol }) => symbol);
  const onStop = (reel) => {
    sounds.stop(reel);
    const landed = reels.bounce(reel, counted);
    if (landed) sounds.scatter((seen += landed));
  };
  const first = firstStop(pace, data.layout.reels, least);
  await reels.land(spin.landed, { pace, first, teasing: teasing(spin.landed, teasers), onStop }, signal);
  await reels.turn([...new Set([...spin.expanded, ...spin.extra_wilds])], spin.window, signal);
  if (wins.length) {
    const ms = countMs(spin.win / Math.max(1, data.stake)) * pace.count;
    if (spin.multiplier > 1) await multiply(spin.multiplier, cabinet, signal);
    parade.start(wins, money, true);
    light(spin);
    if (spin.mode !== "base") hud(data.feature ?? data.done, { counting: true });
    deck.win(data.win, money, { ms, now: signal.aborted });
    const big = celebrate(spin.win, data.stake, { place: deck.winMeter, stage, money });
    ticking(ms, signal);
    await pause(still() ? 0 : ms, signal);
    deck.win(data.win, money, { now: true });
    await big;
  } else say(spin.awards.length ? "" : "No win this time");
  if (spin.awards.some(({ by }) => by?.random)) say("A surprise feature!", "win");
  const cells = awardCells(spin);
  if (!spin.awards.length) return;
  if (wins.length) await pause(still() ? 0 : pace.afterWin, signal);
  parade.stop();
  reels.light(cells, "is-award");
  const more = moreSpins(spin, data.feature ?? data.done);
  if (more) await retriggered(cabinet, more, signal);
  else {
    sounds.scatter(4);
    await pause(still() ? 0 : AWARD_MS, signal);
  }
}

/** How long an amount is counted, by how often it is the stake. */
const countMs = (times) => Math.min(2400, 350 + 160 * Math.sqrt(times) * 2);

async function ticking(ms, signal) {
  for (let at = 0; at < ms && !signal.aborted; at += 70) {
    sounds.tick();
    await pause(70, signal);
  }
}

/** All that the spin wins is multiplied: said in big letters. */
async function multiply(times, stage, signal) {
  const element = document.createElement("strong");
  element.className = "multiply";
  element.dataset.testid = "multiply";
  element.textContent = `× ${times}`;
  stage.append(element);
  sounds.expand();
  await pause(still() ? 0 : 750, signal);
  element.remove();
}
