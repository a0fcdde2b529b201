/** Plays the new balls of a round: each leaves the machine, rolls into the tray and stamps the cards. */

import { wait } from "../../motion.js";
import { sounds } from "../../sound.js";
import { marked } from "./round.js";

const WHOLE_MS = 2000;
const LONGEST_PACE_MS = 120;
const EXTRA_MS = 475;

/**
 * @param {import("../../types.js").BingoData} data
 * @param {number} from index of the first new ball
 * @param {ReturnType<typeof import("./round.js").wonPatterns>} prizes
 * @param {{machine: any, tray: any, cards: any[], onPrize: (prize: any) => void}} table
 * @param {AbortSignal} signal ends it early
 */
export async function playDraw(data, from, prizes, { machine, tray, cards, onPrize }, signal) {
  const count = data.balls.length - from;
  const pace = count === 1 ? EXTRA_MS : Math.min(LONGEST_PACE_MS, WHOLE_MS / count);
  machine.turn(true);
  if (count === 1) await wait(EXTRA_MS, signal);
  const place = machine.place();
  const start = performance.now();
  let next = from;
  while (next < data.balls.length && !signal.aborted) {
    // A slow device shows several balls at a time rather than making its player wait.
    const due = Math.min(data.balls.length, from + 1 + Math.floor((performance.now() - start) / pace));
    if (due > next) machine.call(data.balls[due - 1], data.layout.pool);
    for (; next < due; next++) {
      tray.roll(data, next, place, Math.max(220, pace * 4));
      stamp(data, next, cards);
      for (const prize of prizes) if (prize.step === next) onPrize(prize);
    }
    await wait(Math.max(16, start + (next - from) * pace - performance.now()), signal);
  }
  if (!signal.aborted) await wait(300, signal);
  machine.turn(false);
}

function stamp(data, index, cards) {
  let hit = false;
  for (const card of data.open) {
    cards[card].mark(marked(data, card, index + 1), true);
    hit ||= data.cards[card].includes(data.balls[index]);
  }
  sounds.ball(index);
  if (hit) sounds.daub(index);
}
