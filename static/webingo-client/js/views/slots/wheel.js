/** The wheel feature: it turns until the segment that the house has drawn stands under the pointer. */

import { h, setText, setUsable, svg, usable } from "../../dom.js";
import { still } from "../../motion.js";
import { pause } from "./pace.js";
import { contentOf } from "./pick.js";
import { titled } from "./read.js";
import { openScreen, screenButton } from "./screen.js";
import { sounds } from "./sounds.js";

const COLOURS = ["#c8203f", "#1d5fc4", "#0f8a4a", "#8a2fc9", "#d9780f", "#0f8a90", "#b8237c", "#4a5568"];
const TURNS = 5;
const SPIN_MS = 4200;
const SHOWN_MS = 1900;
const R = 100;

/**
 * @param {HTMLElement} stage
 * @param {import("../../types.js").SlotsFeature} feature
 * @param {{money: (amount: number) => string, act: () => void}} options
 */
export function wheelScreen(stage, feature, { money, act }) {
  const count = feature.items.length;
  const step = 360 / count;
  const disc = svg("g", { class: "wheel-disc" }, ...feature.items.map((item, index) => segment(item, index, step, money)));
  const result = h("p", { class: "wheel-result", testid: "wheel-result" });
  const button = screenButton("wheel-spin", "Spin the wheel", () => usable(button) && act());
  const screen = openScreen(stage, { kind: "wheel", label: feature.title || "Wheel", main: button },
    h("h2", { class: "screen-title screen-title-small" }, feature.title || titled(feature.name)),
    svg("svg", { class: "wheel", viewBox: "-116 -122 232 238", role: "img", "aria-label": feature.items.map((item) => contentOf(item, money)).join(", ") },
      svg("circle", { r: 110, class: "wheel-rim" }), disc,
      svg("circle", { r: 17, class: "wheel-hub" }),
      svg("path", { d: "M-12-121H12L0-92Z", class: "wheel-pointer" })),
    result, button);
  const angle = (index) => -(index + 0.5) * step;
  return {
    ...screen,
    /** @param {import("../../types.js").SlotsFeature} now @param {{usable: boolean, over: boolean}} options */
    update(now, { usable: open }) {
      setUsable(button, open);
      // Kept in its place, so that the wheel does not move.
      button.style.visibility = open ? "visible" : "hidden";
      setText(result, "");
    },
    /** @param {import("../../types.js").SlotsFeature} now @param {AbortSignal} signal */
    async turn(now, signal) {
      const to = angle(now.last ?? 0);
      if (!still()) {
        const spin = disc.animate([{ transform: "rotate(0deg)" }, { transform: `rotate(${to + TURNS * 360}deg)` }], { duration: SPIN_MS, easing: "cubic-bezier(.16, .7, .12, 1)", fill: "forwards" });
        ticks(signal);
        await pause(SPIN_MS, signal);
        spin.cancel();
      }
      disc.style.transform = `rotate(${to}deg)`;
      setText(result, contentOf(now.items[now.last ?? 0], money));
      sounds.open();
      await pause(SHOWN_MS, signal);
    },
  };
}

/** The clicks of the pointer, slower and slower. */
async function ticks(signal) {
  for (let wait = 45; wait < 420 && !signal.aborted; wait *= 1.09) {
    sounds.wheel();
    await pause(wait, signal);
  }
}

function segment(item, index, step, money) {
  const at = (degrees, radius) => {
    const angle = ((degrees - 90) * Math.PI) / 180;
    return `${(radius * Math.cos(angle)).toFixed(2)} ${(radius * Math.sin(angle)).toFixed(2)}`;
  };
  const [from, to] = [index * step, (index + 1) * step];
  const text = contentOf(item, money);
  return svg("g", {},
    svg("path", { d: `M0 0L${at(from, R)}A${R} ${R} 0 ${step > 180 ? 1 : 0} 1 ${at(to, R)}Z`, fill: COLOURS[index % COLOURS.length], class: "wheel-segment" }),
    svg("text", { transform: `rotate(${from + step / 2}) translate(0 -94) rotate(90)`, class: "wheel-text", "dominant-baseline": "central", "font-size": Math.min(15, 84 / Math.max(4, text.length) * 1.5, step * 0.75) }, text));
}
