/**
 * What the server sends, as far as the lobby reads it. Amounts are integers of the denomination's smallest unit.
 *
 * @typedef {{prefix: string, suffix: string, integer: boolean, money_multiplier: number, rgs_id?: string}} DenomInfo
 * @typedef {{credits: number, denom: string, denom_info: DenomInfo}} Wallet
 * @typedef {{seconds: number, rounds: number, wagered: number, won: number, net: number}} SessionTotals
 * @typedef {{id: string, engine: string, title: string, description?: string, enabled?: boolean}} GameInfo
 * @typedef {{id: string, name: string, data: any, actions: string[]}} GameState
 * @typedef {{t: "state", curr_game?: string, gamestate?: GameState, wallet: Wallet, session?: SessionTotals,
 *            userdata?: Record<string, any>, games?: GameInfo[]}} State
 * @typedef {{t: "error", code: string, message: string, re?: string|number}} ServerError
 *
 * @typedef {{pool: number, draw: number, rows: number, columns: number, free: number[]}} Layout
 * @typedef {{card: number, pattern: string, pay: number}} Prize
 * @typedef {{card: number, pattern: string, ball: number, pay: number}} Near
 * @typedef {{cards: number[][], open: number[], balls: number[], layout: Layout, bets: number[], max_stake?: number,
 *            stake?: number, extra_cost?: number, extra_left?: number, winnings?: number[], total_winnings?: number,
 *            prizes?: Prize[], near?: Near[]}} BingoData
 *
 * @typedef {{name: string, title: string, pay: number|null, odds: string, pictures: string[][]}} Pay
 * @typedef {{title: string, summary: string, howToPlay: string[], pays: Pay[], notes: string[], facts: [string, string][], maxExtra: number}} Rules
 */
export {};
