/** Coins and confetti over everything, on one canvas that works only while something falls. */

import { still } from "./motion.js";

const CONFETTI = ["#ffcf5a", "#ff6b5e", "#37c48b", "#5aa9ff", "#c084fc", "#fff3d6"];
const GRAVITY = 0.0016;
const MOST = 300;
/** The fastest that pieces fall, in pixels per millisecond. */
const COIN_FALLS = 0.75;
const PAPER_FALLS = 0.28;

/** @typedef {{x: number, y: number, vx: number, vy: number, age: number, life: number, spin: number, turn: number,
 *             size: number, colour: string, coin: boolean}} Piece */
/** @type {Piece[]} */
let pieces = [];
let last = 0;
/** @type {HTMLCanvasElement|null} */
let canvas = null;

/**
 * A burst of confetti.
 * @param {{x?: number, y?: number, count?: number}} [where] in CSS pixels
 */
export function confetti({ x = innerWidth / 2, y = innerHeight / 3, count = 90 } = {}) {
  burst(count, (piece) => {
    const angle = Math.random() * Math.PI * 2;
    const speed = 0.25 + Math.random() * 0.75;
    Object.assign(piece, { x, y, vx: Math.cos(angle) * speed, vy: Math.sin(angle) * speed - 0.45, coin: false,
      size: 5 + Math.random() * 6, colour: CONFETTI[Math.floor(Math.random() * CONFETTI.length)] });
  });
}

/** Coins raining from the top. @param {number} [count] */
export function coinRain(count = 90) {
  burst(count, (piece) => Object.assign(piece, { x: Math.random() * innerWidth, y: -30 - Math.random() * innerHeight * 2.2,
    vx: (Math.random() - 0.5) * 0.12, vy: 0.2 + Math.random() * 0.2, coin: true, life: 4200,
    size: Math.max(9, Math.min(17, innerWidth / 70)) * (0.75 + Math.random() * 0.5), colour: "" }));
}

/** A fountain of coins from a point. @param {{x: number, y: number, count?: number}} where */
export function coinBurst({ x, y, count = 16 }) {
  burst(count, (piece) => Object.assign(piece, { x, y, vx: (Math.random() - 0.5) * 0.5, vy: -0.5 - Math.random() * 0.45,
    coin: true, life: 1300, size: 7 + Math.random() * 4, colour: "" }));
}

/** Ends everything that falls. */
export function clearEffects() {
  pieces = [];
}

/**
 * Lets coins fall in front of a modal dialog, which the browser shows before everything else of the page.
 * @param {HTMLDialogElement} dialog @returns {() => void} puts them back over the page
 */
export function effectsInside(dialog) {
  const layer = document.getElementById("effects");
  if (layer) dialog.append(layer);
  return () => {
    clearEffects();
    if (layer) document.body.append(layer);
  };
}

function burst(count, shape) {
  if (still() || document.hidden) return;
  const sleeping = pieces.length === 0;
  for (let index = 0; index < count && pieces.length < MOST; index++) {
    const piece = { age: 0, life: 2600, spin: Math.random() * 6.28, turn: (Math.random() - 0.5) * 0.02 };
    shape(piece);
    pieces.push(piece);
  }
  if (sleeping && pieces.length) {
    resize();
    last = performance.now();
    requestAnimationFrame(frame);
  }
}

function resize() {
  canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("effects"));
  const ratio = Math.min(devicePixelRatio || 1, 2);
  canvas.width = innerWidth * ratio;
  canvas.height = innerHeight * ratio;
  canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
}

function frame(time) {
  const step = Math.min(40, time - last);
  last = time;
  const draw = canvas.getContext("2d");
  draw.clearRect(0, 0, innerWidth, innerHeight);
  pieces = pieces.filter((piece) => (piece.age += step) < piece.life && piece.y < innerHeight + 40);
  for (const piece of pieces) {
    piece.vy += GRAVITY * step * (piece.coin ? 0.8 : 0.45);
    if (!piece.coin) piece.vx *= 0.985;
    piece.vy = Math.min(piece.vy, piece.coin ? COIN_FALLS : PAPER_FALLS);
    piece.x += piece.vx * step;
    piece.y += piece.vy * step;
    piece.spin += piece.turn * step;
    draw.save();
    draw.globalAlpha = Math.min(1, (piece.life - piece.age) / 400);
    draw.translate(piece.x, piece.y);
    if (piece.coin) paintCoin(draw, piece);
    else paintPaper(draw, piece);
    draw.restore();
  }
  if (pieces.length) requestAnimationFrame(frame);
  else draw.clearRect(0, 0, innerWidth, innerHeight);
}

function paintPaper(draw, { spin, size, colour }) {
  draw.rotate(spin);
  draw.scale(1, Math.cos(spin * 2.3));
  draw.fillStyle = colour;
  draw.fillRect(-size / 2, -size / 3, size, size * 0.66);
}

function paintCoin(draw, { spin, size }) {
  const side = Math.cos(spin * 1.7);
  draw.rotate(spin * 0.15);
  draw.scale(Math.max(0.14, Math.abs(side)), 1);
  const shine = draw.createRadialGradient(-size * 0.35, -size * 0.4, size * 0.1, 0, 0, size);
  shine.addColorStop(0, "#fff6c9");
  shine.addColorStop(0.45, "#ffc93c");
  shine.addColorStop(1, "#b36a06");
  draw.fillStyle = shine;
  draw.beginPath();
  draw.arc(0, 0, size, 0, 6.284);
  draw.fill();
  draw.lineWidth = size * 0.12;
  draw.strokeStyle = "#8a4a06";
  draw.beginPath();
  draw.arc(0, 0, size * 0.68, 0, 6.284);
  draw.stroke();
}
