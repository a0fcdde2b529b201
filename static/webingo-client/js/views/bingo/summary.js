/** A round in a sentence, for those who hear the table instead of seeing it. */

/**
 * @param {import("../../types.js").BingoData} data
 * @param {number} from index of the first new ball
 * @param {(pattern: string) => string} title of a pattern
 * @param {(amount: number) => string} money
 */
export function describe(data, from, title, money) {
  const count = data.balls.length - from;
  const drawn = count === 1 ? `Ball ${data.balls.at(-1)}.` : `${count} balls drawn.`;
  const won = (data.prizes ?? []).map(({ card, pattern }) => `${title(pattern)} on card ${card + 1}`);
  const result = data.total_winnings ? `You won ${money(data.total_winnings)}: ${won.join(", ")}.` : "No prize.";
  const [best] = [...(data.near ?? [])].sort((a, b) => b.pay - a.pay);
  const near = best ? `${best.ball} would bring ${title(best.pattern)} on card ${best.card + 1} for ${money(best.pay)}.` : "";
  const extra = data.extra_left ? `Extra ball for ${money(data.extra_cost ?? 0)}.` : "";
  return [drawn, result, near, extra].filter(Boolean).join(" ");
}
