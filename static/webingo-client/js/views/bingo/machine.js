/** The glass globe in which the balls tumble; only for the eye, the draw was decided by the house. */

import { h } from "../../dom.js";
import { still } from "../../motion.js";
import { BALL_COLOURS } from "../../art/ball.js";
import { ball } from "./tray.js";

const BALLS = 26;
const RADIUS = 0.125;
const WALL = 0.9;
/** Frames after the draw until the last ball lies still. */
const SETTLING = 140;

export function machine() {
  const canvas = h("canvas", { class: "globe", "aria-hidden": "true" });
  const outlet = h("div", { class: "outlet", "aria-hidden": "true" });
  const element = h("div", { class: "machine" }, canvas, h("div", { class: "machine-foot", "aria-hidden": "true" }, outlet));
  const balls = Array.from({ length: BALLS }, (_, index) => ({
    x: ((index % 6) - 2.5) * 0.24, y: 0.65 - Math.floor(index / 6) * 0.25, vx: 0, vy: 0, colour: (index * 7 + Math.floor(index / 6) * 2) % 6,
  }));
  let turning = false;
  let frames = 0;
  for (let step = 0; step < 240; step++) move(balls, false);

  const paint = () => {
    const size = canvas.clientWidth;
    if (!size) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    if (canvas.width !== Math.round(size * ratio)) canvas.width = canvas.height = Math.round(size * ratio);
    paintGlobe(canvas.getContext("2d"), canvas.width / 2, balls);
  };
  const loop = () => {
    move(balls, turning);
    move(balls, turning);
    paint();
    frames = turning ? SETTLING : frames - 1;
    if (frames > 0 && canvas.isConnected) requestAnimationFrame(loop);
    else frames = 0;
  };
  const observer = new ResizeObserver(paint);
  observer.observe(canvas);

  return {
    element,
    stop: () => observer.disconnect(),

    /** @param {boolean} on */
    turn(on) {
      turning = on && !still();
      if (turning && frames <= 0) {
        frames = SETTLING;
        requestAnimationFrame(loop);
      }
    },

    /**
     * The ball that is being called; none without a number.
     * @param {number|null} number @param {number} [pool]
     */
    call(number, pool = 60) {
      outlet.replaceChildren(...(number ? [ball(number, pool, "is-called")] : []));
    },

    /** @returns {DOMRect} where balls come out */
    place: () => outlet.getBoundingClientRect(),
  };
}

/** One step of tumbling: gravity, a jet from below while turning, walls, and balls that push each other apart. */
function move(balls, turning) {
  for (const each of balls) {
    each.vy += 0.0012;
    if (turning) {
      const jet = each.y > 0.1 && Math.abs(each.x) < 0.3 ? 0.011 : 0;
      each.vx += (Math.random() - 0.5) * 0.014;
      each.vy += (Math.random() - 0.5) * 0.012 - jet;
    }
    const brake = turning ? 0.985 : 0.965;
    each.vx *= brake;
    each.vy *= brake;
    each.x += each.vx;
    each.y += each.vy;
  }
  for (let a = 0; a < balls.length; a++) for (let b = a + 1; b < balls.length; b++) part(balls[a], balls[b]);
  for (const each of balls) {
    const distance = Math.hypot(each.x, each.y);
    const most = WALL - RADIUS;
    if (distance <= most) continue;
    const [nx, ny] = [each.x / distance, each.y / distance];
    const into = each.vx * nx + each.vy * ny;
    each.x = nx * most;
    each.y = ny * most;
    each.vx -= 1.6 * into * nx;
    each.vy -= 1.6 * into * ny;
  }
}

function part(a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const distance = Math.hypot(dx, dy) || 0.001;
  const overlap = (2 * RADIUS - distance) / 2;
  if (overlap <= 0) return;
  const [nx, ny] = [dx / distance, dy / distance];
  a.x -= nx * overlap;
  a.y -= ny * overlap;
  b.x += nx * overlap;
  b.y += ny * overlap;
  const closing = (b.vx - a.vx) * nx + (b.vy - a.vy) * ny;
  if (closing > 0) return;
  a.vx += closing * nx * 0.9;
  a.vy += closing * ny * 0.9;
  b.vx -= closing * nx * 0.9;
  b.vy -= closing * ny * 0.9;
}

/** One picture per colour: gradients are too slow to mix anew for every ball of every frame. @type {HTMLCanvasElement[]} */
const sprites = [];
const SPRITE = 72;

function sprite(colour) {
  if (!sprites[colour]) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SPRITE;
    const draw = canvas.getContext("2d");
    draw.setTransform(SPRITE / 2, 0, 0, SPRITE / 2, SPRITE / 2, SPRITE / 2);
    const [light, body, shade] = BALL_COLOURS[colour];
    disc(draw, 0, 0, 1, [[0, light], [0.45, body], [1, shade]], -0.3);
    disc(draw, 0.08, 0.08, 0.5, [[0, "#fffdf6"], [1, "#efe0c6"]]);
    disc(draw, -0.35, -0.45, 0.32, [[0, "rgba(255,255,255,.9)"], [1, "rgba(255,255,255,0)"]]);
    sprites[colour] = canvas;
  }
  return sprites[colour];
}

function paintGlobe(draw, unit, balls) {
  draw.setTransform(unit, 0, 0, unit, unit, unit);
  draw.clearRect(-1, -1, 2, 2);
  disc(draw, 0, 0, 0.97, [[0, "rgba(140,36,64,.5)"], [0.75, "rgba(60,8,34,.82)"], [1, "rgba(255,205,120,.5)"]]);
  for (const { x, y, colour } of balls) draw.drawImage(sprite(colour), x - RADIUS, y - RADIUS, RADIUS * 2, RADIUS * 2);
  disc(draw, 0, 0, 0.97, [[0, "rgba(255,255,255,0)"], [0.8, "rgba(255,235,200,.03)"], [0.96, "rgba(255,225,170,.28)"], [1, "rgba(255,240,210,.7)"]]);
  draw.save();
  draw.rotate(-0.6);
  draw.scale(1, 0.5);
  disc(draw, -0.05, -1.25, 0.52, [[0, "rgba(255,255,255,.5)"], [1, "rgba(255,255,255,0)"]]);
  draw.restore();
}

/** @param {[number, string][]} stops @param {number} [shift] of the light from the middle, in radii */
function disc(draw, x, y, radius, stops, shift = 0) {
  const gradient = draw.createRadialGradient(x + shift * radius, y + shift * radius, 0, x, y, radius * (shift ? 1.15 : 1));
  for (const [at, colour] of stops) gradient.addColorStop(at, colour);
  draw.fillStyle = gradient;
  draw.beginPath();
  draw.arc(x, y, radius, 0, 6.2832);
  draw.fill();
}
