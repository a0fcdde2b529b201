/** What the slots sound like. */

import { hiss, SCALE, sounds as common, tone } from "../../sound.js";

const run = (steps, gap, length, level, type = /** @type {OscillatorType} */ ("triangle")) =>
  steps.forEach((step, index) => tone(SCALE[step % SCALE.length] * (step >= SCALE.length ? 2 : 1), { at: index * gap, length, level, type }));

export const sounds = {
  ...common,
  start: () => hiss({ length: 0.32, level: 0.16, from: 500, to: 2400 }),
  stop: (reel) => {
    tone(150 - reel * 6, { length: 0.11, type: "sine", level: 0.7, glide: 70 });
    hiss({ length: 0.05, level: 0.12, from: 1800, to: 700 });
  },
  /** @param {number} count of scatters so far */
  scatter: (count) => [0, 4].forEach((step) => tone(SCALE[Math.min(8, step + count)], { at: step * 0.015, length: 0.5, level: 0.4 })),
  tease: (reel) => {
    tone(180 + reel * 20, { length: 1.1, type: "sawtooth", level: 0.06, glide: 420 + reel * 40 });
    [0, 0.18, 0.34, 0.48, 0.6, 0.71, 0.81, 0.9].forEach((at) => tone(620, { at, length: 0.07, level: 0.14 }));
  },
  expand: () => tone(220, { length: 0.5, type: "sawtooth", level: 0.12, glide: 880 }),
  line: (index) => run([index % 6, (index % 6) + 2], 0.05, 0.22, 0.22),
  tick: () => tone(1400, { length: 0.03, level: 0.07 }),
  feature: () => {
    run([0, 2, 4, 5, 7, 8, 9, 11], 0.09, 0.6, 0.34);
    run([0, 0, 2, 2, 4, 4], 0.13, 0.4, 0.07, "sawtooth");
  },
  total: () => run([4, 5, 7, 4, 5, 7, 8, 11], 0.1, 0.5, 0.32),
  flip: () => hiss({ length: 0.14, level: 0.15, from: 900, to: 3000 }),
  lost: () => run([4, 2, 0], 0.14, 0.3, 0.22),
  open: () => run([2, 4, 7], 0.06, 0.35, 0.28),
  wheel: () => tone(900, { length: 0.035, type: "square", level: 0.05 }),
};
