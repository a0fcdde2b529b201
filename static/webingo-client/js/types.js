/**
 * What the server sends, as far as the lobby reads it. Amounts are integers of the denomination's smallest unit.
 *
 * @typedef {{prefix: string, suffix: string, integer: boolean, money_multiplier: number, rgs_id?: string}} DenomInfo
 * @typedef {{credits: number, denom: string, denom_info: DenomInfo}} Wallet
 * @typedef {{seconds: number, rounds: number, wagered: number, won: number, net: number}} SessionTotals
 * @typedef {{id: string, engine: string, title: string, description?: string, enabled?: boolean}} GameInfo
 * @typedef {{id: string, name: string, data: any, actions: string[]}} GameState
 * @typedef {{autoplay: boolean, turbo: boolean, min_spin_ms: number}} Flags what the site allows
 * @typedef {{id: string, title: string, flags: Flags}} Site
 * @typedef {{name: string, picture: string}} Profile
 * @typedef {{t: "state", curr_game?: string, gamestate?: GameState, wallet: Wallet, session?: SessionTotals,
 *            userdata?: Record<string, any>, site?: Site, games?: GameInfo[], player?: Profile, re?: string|number}} State
 * @typedef {{t: "error", code: string, message: string, re?: string|number}} ServerError
 *
 * @typedef {{id: string, title: string, denom: string, storage_multiplier: number, min: number, max: number, value: number,
 *            trigger: "game"|"mystery", before?: number, games: string[]}} JackpotInfo amounts in storage units: `storage_multiplier`
 *   of them are a smallest unit; `games` feed it
 *
 * @typedef {{id: string, title: string, description: string, credits: number, price: {amount: string, currency: string}, image: string, url: string}} Product
 * @typedef {{day: number, amount: number, available: boolean, next_ms: number, now_ms?: number, days?: number[]}} DailyBonus day: the one in a row that
 *   can be collected now, else the next one; next_ms: when the next day begins, since 1970; now_ms: the server's time; days: amounts of the first, second … day
 * @typedef {{level: number, progress: number, spend: number, next: {level: number, spend: number, reward: number}|null,
 *            daily_bonus: DailyBonus|null, manual_credit: boolean, products: Product[]}} SocialStatus
 *
 * @typedef {{pool: number, draw: number, rows: number, columns: number, free: number[]}} Layout
 * @typedef {{card: number, pattern: string, pay: number}} Prize
 * @typedef {{card: number, pattern: string, ball: number, pay: number}} Near
 * @typedef {{cards: number[][], open: number[], balls: number[], layout: Layout, bets: number[], max_stake?: number,
 *            stake?: number, extra_cost?: number, extra_left?: number, winnings?: number[], total_winnings?: number,
 *            prizes?: Prize[], near?: Near[]}} BingoData
 *
 * @typedef {[reel: number, row: number]} Cell
 * @typedef {{reels: number, rows: number, pay_by: "lines"|"ways", lines: number, symbols: string[]}} SlotsLayout
 * @typedef {{kind: "line"|"ways"|"scatter", pay: string, count: number, line: number, direction: string, ways: number,
 *            multiplier: number, win: number, cells: Cell[]}} SlotsWin
 * @typedef {{feature: string, spins?: number, multiplier?: number, by?: {pay?: string, count?: number, cells?: Cell[], random?: boolean}}} SlotsAward
 * @typedef {{mode: string, landed: string[][], window: string[][], expanded: number[], extra_wilds: number[], multiplier: number,
 *            wins: SlotsWin[], win: number, awards: SlotsAward[], jackpots: string[]}} SlotsSpin
 * @typedef {{open: boolean, name?: string, pay?: number, end?: boolean, award?: SlotsAward, jackpot?: string}} SlotsItem
 * @typedef {{name: string, type: "free_spins"|"pick"|"wheel", title?: string, win: number, left: number, played: number, total: number,
 *            multiplier: number|null, retriggered: number, items: SlotsItem[], last: number|null}} SlotsFeature
 * @typedef {{type: string, context: string, won: boolean, amount: number}} GambleStep
 * @typedef {{types: string[], spin_types: string[], amount: number, spin_amount: number, steps_left: number, history: GambleStep[]}} SlotsGamble
 * @typedef {{name: string, title: string, cost: number}} SlotsBuy
 * @typedef {{layout: SlotsLayout, bets: number[], line_choices: number[], coins: number|null, max_stake: number, bet: number, lines: number,
 *            stake: number, spin: SlotsSpin|null, spins: SlotsSpin[], idle_window: string[][], feature: SlotsFeature|null,
 *            queue: {feature: string, spins?: number}[], done: SlotsFeature|null, win: number, capped: boolean, gamble: SlotsGamble|null,
 *            buys: SlotsBuy[], bought: string|null}} SlotsData
 *
 * @typedef {{name: string, title: string, pay: number|null, odds: string, pictures: string[][]}} Pay
 * @typedef {{name: string, kind: string, symbols: string[], unit: string, counts: [count: number, pay: number][], awardsFrom: number,
 *            reels: number[]|null}} PayRow of a slot game: one symbol, several mixed, or a combination with "*" for anything
 * @typedef {{title: string, summary: string, howToPlay: string[], pays: Pay[], notes: string[], facts: [string, string][], maxExtra: number,
 *            sections: {title: string, texts: string[]}[], symbols: string[], lines: number[][], rows: number, wilds: string[], table: PayRow[],
 *            jackpots: {id: string, title: string, texts: string[]}[]}} Rules
 */
export {};
