/** Every sound is synthesised; nothing sounds before the player wants it and has touched the page. */

/** @type {AudioContext|null} */
let context = null;
let wanted = false;
/** @type {GainNode|null} */
let master = null;

/** @param {boolean} on */
export function wantSound(on) {
  wanted = on;
  if (!on) context?.suspend();
  else if (context) context.resume();
}

// Browsers let sound start only inside a gesture, so every gesture tries.
for (const gesture of ["pointerdown", "keydown"]) {
  addEventListener(gesture, () => wanted && start(), { capture: true, passive: true });
}

function start() {
  if (!context) {
    context = new AudioContext();
    master = context.createGain();
    master.gain.value = 0.22;
    const limiter = context.createDynamicsCompressor();
    master.connect(limiter).connect(context.destination);
  }
  if (context.state === "suspended") context.resume();
}

/**
 * @param {number} pitch in Hz
 * @param {{at?: number, length?: number, type?: OscillatorType, level?: number, glide?: number}} [options]
 *   at and length in seconds; glide: the pitch at the end
 */
export function tone(pitch, { at = 0, length = 0.15, type = "triangle", level = 0.5, glide = pitch } = {}) {
  if (!wanted || !context || context.state !== "running") return;
  const begin = context.currentTime + at;
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = type;
  oscillator.frequency.setValueAtTime(pitch, begin);
  oscillator.frequency.exponentialRampToValueAtTime(glide, begin + length);
  gain.gain.setValueAtTime(0.0001, begin);
  gain.gain.exponentialRampToValueAtTime(level, begin + 0.012);
  gain.gain.exponentialRampToValueAtTime(0.0001, begin + length);
  oscillator.connect(gain).connect(master);
  oscillator.start(begin);
  oscillator.stop(begin + length + 0.02);
}

/** @type {AudioBuffer|null} */
let noise = null;

/**
 * Air that moves: noise through a filter.
 * @param {{at?: number, length?: number, level?: number, from?: number, to?: number}} options seconds; from and to: the filter's pitch in Hz
 */
export function hiss({ at = 0, length = 0.2, level = 0.2, from = 800, to = from }) {
  if (!wanted || !context || context.state !== "running") return;
  if (!noise) {
    noise = context.createBuffer(1, context.sampleRate, context.sampleRate);
    const samples = noise.getChannelData(0);
    for (let index = 0; index < samples.length; index++) samples[index] = Math.random() * 2 - 1;
  }
  const begin = context.currentTime + at;
  const source = context.createBufferSource();
  const filter = context.createBiquadFilter();
  const gain = context.createGain();
  source.buffer = noise;
  filter.type = "bandpass";
  filter.frequency.setValueAtTime(from, begin);
  filter.frequency.exponentialRampToValueAtTime(to, begin + length);
  gain.gain.setValueAtTime(0.0001, begin);
  gain.gain.exponentialRampToValueAtTime(level, begin + length * 0.2);
  gain.gain.exponentialRampToValueAtTime(0.0001, begin + length);
  source.connect(filter).connect(gain).connect(master);
  source.start(begin);
  source.stop(begin + length + 0.02);
}

// A pentatonic scale never sounds wrong, however fast the balls come.
export const SCALE = [523.25, 587.33, 659.25, 783.99, 880, 1046.5, 1174.66, 1318.51, 1567.98];

export const sounds = {
  click: () => tone(320, { length: 0.06, level: 0.25, glide: 240 }),
  /** @param {number} index of the ball in the draw */
  ball: (index) => tone(180 + (index % 8) * 14, { length: 0.09, type: "sine", level: 0.5, glide: 110 }),
  /** @param {number} count of marks in this draw so far */
  daub: (count) => tone(SCALE[count % SCALE.length], { length: 0.12, level: 0.16 }),
  prize: () => [0, 2, 4].forEach((step, index) => tone(SCALE[step], { at: index * 0.06, length: 0.3, level: 0.35 })),
  win: () => [0, 2, 3, 5, 7].forEach((step, index) => tone(SCALE[step], { at: index * 0.09, length: 0.45, level: 0.4 })),
  bigWin: () => [0, 2, 3, 5, 3, 5, 7, 8, 7, 8].forEach((step, index) => {
    tone(SCALE[step], { at: index * 0.11, length: 0.5, level: 0.4 });
    tone(SCALE[step] / 2, { at: index * 0.11, length: 0.5, type: "sawtooth", level: 0.08 });
  }),
  jackpot: () => [0, 2, 3, 5, 2, 3, 5, 7, 3, 5, 7, 8, 5, 7, 8, 8].forEach((step, index) => {
    tone(SCALE[step], { at: index * 0.13, length: 0.6, level: 0.4 });
    tone(SCALE[step] * 1.5, { at: index * 0.13 + 0.04, length: 0.5, type: "sine", level: 0.18 });
    if (index % 4 === 0) tone(SCALE[step] / 4, { at: index * 0.13, length: 0.6, type: "sawtooth", level: 0.12 });
  }),
  levelUp: () => [0, 2, 4, 5, 7, 8].forEach((step, index) => {
    tone(SCALE[step], { at: index * 0.1, length: index === 5 ? 0.9 : 0.35, level: 0.4 });
    tone(SCALE[step] / 2, { at: index * 0.1, length: 0.4, type: "sawtooth", level: 0.07 });
  }),
  near: () => [0, 0.16].forEach((at) => tone(392, { at, length: 0.13, type: "sine", level: 0.3, glide: 415 })),
  coins: () => [7, 8, 6, 8].forEach((step, index) => tone(SCALE[step] * 2, { at: index * 0.045, length: 0.1, level: 0.14 })),
};
