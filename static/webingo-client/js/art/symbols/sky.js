/** Heaven and what shines there. */

import { body, gleam, line, round, star, tint, turned } from "./pen.js";

/** @type {Record<string, () => SVGElement[]>} */
export const SKY = {
  sun: () => [
    body(star(12, 47, 31), "orange"), body(round(50, 50, 28), "gold", 2.8),
    line("M38 47Q41 42 44 47M56 47Q59 42 62 47M40 58Q50 68 60 58", "#8a3404", 3.4), tint(round(35, 56, 4) + round(65, 56, 4), "#ff7a3c", 0.7), gleam("M28 44Q32 28 48 26Q36 32 32 46Z", 0.7),
  ],
  moon: () => [
    body("M60 6C30 6 10 28 12 54C14 80 38 96 62 92C74 90 84 82 89 72C66 78 44 66 42 44C40 28 48 14 60 6Z", "yellow"),
    tint(round(26, 58, 5) + round(42, 76, 6) + round(28, 38, 3.500) + round(60, 84, 3), "#d98a0a", 0.5), body(star(5, 15, 6.500, 74, 38), "white", 2.4), gleam("M18 48Q20 28 36 18Q26 30 23 50Z", 0.7),
  ],
  planet: () => [
    turned("rotate(-20 50 50)", line("M50 38C80 38 98 44 98 50S80 62 50 62S2 56 2 50S20 38 50 38", "#2b0b12", 9), line("M50 38C80 38 98 44 98 50S80 62 50 62S2 56 2 50S20 38 50 38", "gold", 5)),
    body(round(50, 50, 31), "purple"), tint("M22 40Q50 32 78 42Q80 46 80.500 50Q50 40 20 48Q20 44 22 40ZM24 64Q50 54 76 66Q72 73 68 75Q50 66 30 74Q26 69 24 64Z", "#f0b0ff", 0.5),
    turned("rotate(-20 50 50)", line("M98 50C98 56 80 62 50 62S2 56 2 50", "#2b0b12", 9), line("M98 50C98 56 80 62 50 62S2 56 2 50", "gold", 5)), gleam("M27 40Q32 26 46 23Q36 30 32 42Z", 0.7),
  ],
  comet: () => [
    body("M94 6Q70 14 52 34Q42 40 34 50Q50 76 66 66Q88 42 94 6Z", "orange"), tint("M84 18Q66 28 56 44L50 56 60 62Q76 46 84 18Z", "#ffe36e", 0.9),
    body(star(5, 33, 15.500, 34, 64, -110), "gold"), gleam("M27 48 32 58 26 60 20 58Z", 0.6),
  ],
  rocket: () => [
    turned("rotate(40 50 50)", body("M42 76H58Q60 90 50 99Q40 90 42 76Z", "orange", 2.6), tint("M46 77H54Q55 86 50 91Q45 86 46 77Z", "#fff0a0"),
      body("M36 52 22 68V84L38 76ZM64 52 78 68V84L62 76Z", "red", 2.8), body("M50 2C66 16 70 44 64 78H36C30 44 34 16 50 2Z", "white"), body("M50 2C57 8 61 17 63.500 26H36.500C39 17 43 8 50 2Z", "red", 2.600),
      body(round(50, 42, 8.500), "blue", 2.800), gleam(round(47, 39, 2.500), 0.9), gleam("M40 34Q42 30 43 29L41 70H39Z", 0.8)),
  ],
  meteor: () => SKY.comet(),
  alien: () => [
    line("M34 20 26 6M66 20 74 6", "#0e5a2a", 4.500), body(round(26, 7, 5), "green", 2.4), body(round(74, 7, 5), "green", 2.4),
    body("M50 14C82 14 94 38 88 56C82 78 62 94 50 94S18 78 12 56C6 38 18 14 50 14Z", "green"),
    body("M20 46Q42 44 44 66Q22 68 20 46ZM80 46Q58 44 56 66Q78 68 80 46Z", "night", 2.4), gleam("M25 50Q31 50 34 54Q30 56 27 55ZM75 50Q69 50 66 54Q70 56 73 55Z", 0.8), line("M44 80Q50 84 56 80", "#0a4a24", 3.2), gleam("M20 36Q28 22 46 20Q30 27 25 38Z", 0.6),
  ],
  lightning: () => [body("M60 3 18 54H42L32 97 82 40H56L70 3Z", "yellow"), gleam("M57 9 26 51H34L62 9Z", 0.7)],
  lotus: () => [
    body("M50 88C20 92 6 76 4 54Q22 52 36 66ZM50 88C80 92 94 76 96 54Q78 52 64 66Z", "rose"), body("M50 88C26 78 18 52 24 30Q44 38 50 64ZM50 88C74 78 82 52 76 30Q56 38 50 64Z", "pink"),
    body("M50 88C32 66 34 34 50 14C66 34 68 66 50 88Z", "rose"), gleam("M44 44Q45 30 50 23Q49 38 48 58Q44 54 44 44Z", 0.55),
  ],
  lantern: () => [
    line("M50 2V12M50 84V97", "gold", 4), body("M34 12H66V22H34Z", "gold", 2.600), body("M34 74H66V84H34Z", "gold", 2.600),
    body("M34 20C10 28 10 68 34 76H66C90 68 90 28 66 20Z", "red"), line("M42 21C32 34 32 62 42 75M58 21C68 34 68 62 58 75M50 21V75", "#6a0614", 2.4, 0.6), gleam("M22 46Q22 32 34 25Q28 36 28 50Q23 56 22 46Z", 0.65),
    line("M44 88V96M56 88V96", "#e0262c", 3),
  ],
};
