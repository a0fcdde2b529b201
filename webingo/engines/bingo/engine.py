"""Bingo: the states `idle` and `game`, and the actions that lead from one to the other.

Source: the sections on the bingo engine in the original session-server document. `bet` draws the balls, `extra` buys one
more, `end` pays the round's prizes; `bet` in a game ends it and starts the next one. `cards` deals a new series or chooses
the cards that play. A round's money stays open until it ends: the wager at the bet, one win at the end.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar, NoReturn

from webingo.engines.bingo import definition
from webingo.engines.bingo.cards import FREE, Dealer
from webingo.engines.bingo.prizes import prizes_of
from webingo.engines.engine import Action, GameState, Move, Odds, Sample, Step
from webingo.errors import Code, Refused
from webingo.rng import Rng

IDLE_ACTIONS = ("bet", "cards")
GAME_ACTIONS = ("bet", "end")
OFFER_ACTIONS = ("extra", "bet", "end")

NO_HITS = b"0" * 256
ONE = ord("1")
FREE_CELLS = bytes([FREE])


class BingoEngine:
    """One bingo game with one site's settings. See webingo.engines.engine.Engine for the contract."""

    Math: ClassVar[type[definition.Math]] = definition.Math
    Settings: ClassVar[type[definition.Settings]] = definition.Settings

    def __init__(self, math: definition.Math, settings: definition.Settings) -> None:
        if settings.jackpot is not None and math.jackpot_within is None:
            raise ValueError(f"jackpot: {settings.jackpot!r} is set, but the game's math has no jackpot_within")
        self._math = math
        self._settings = settings
        self._dealer = Dealer(math)
        self._prizes = prizes_of(math)
        # The cards of a series share no number, so the whole series is judged by one mask of cards x numbers bits. The mean
        # over the open cards is at most what the best card can pay, and one card alone can be opened and filled: the draw
        # is long enough, and no hit lowers a prize. So the full card is the exact maximum for any number of open cards.
        self.max_win: int = self._prizes.outcome(self._prizes.full).pay
        self._pool = range(1, math.pool + 1)
        self._margin, self._margin_of = math.margin.as_integer_ratio()
        self._all_open = list(range(math.cards))
        self._layout = {
            "pool": math.pool,
            "draw": math.draw,
            "rows": math.rows,
            "columns": math.columns,
            "free": list(math.free),
        }
        self._bets = list(settings.bets)
        self.jackpots: tuple[str, ...] = () if settings.jackpot is None else (settings.jackpot,)

    # States

    def start(self, rng: Rng) -> Step:
        deal = self._dealer.deal(rng)
        return self._idle(self._dealer.cards(deal), self._all_open, {"deal": deal})

    def apply(self, state: GameState, action: Action, rng: Rng) -> Step:
        name, params = action
        if name not in state.actions:
            raise Refused(Code.ACTION_NOT_ALLOWED, f"{name!r} is not possible now; possible: {', '.join(state.actions)}.")
        if name == "bet":
            amount = self._stake(params, len(state.data["open"]))
            if state.name == "game":
                return self._end(state, then=action)
            balls = rng.sample(self._pool, self._math.draw)
            return self._game(state, balls, amount, Move("wager", amount))
        if name == "cards":
            return self._cards(state, params, rng)
        if params:
            raise Refused(Code.BAD_PARAMS, f"{name!r} takes no parameters.")
        return self._extra(state, rng) if name == "extra" else self._end(state)

    def finish(self, state: GameState) -> Sequence[Action]:
        if "extra" in state.actions:
            raise Refused(Code.NOT_FINISHABLE, "An extra ball is on offer: buy it or end the round first.")
        return self.abandon(state)

    def abandon(self, state: GameState) -> Sequence[Action]:
        return (Action("end", {}),) if state.name == "game" else ()

    # Actions

    def _stake(self, params: Mapping[str, Any], cards: int) -> int:
        """The total stake of a bet on so many cards, checked."""
        amount = params.get("amount")
        if len(params) != 1 or type(amount) is not int or amount <= 0:
            _bad('"bet" takes {"amount": the total stake, a whole number above 0}')
        if amount > self._settings.max_stake:
            raise Refused(Code.LIMIT, f"The highest total stake is {self._settings.max_stake}.")
        each, rest = divmod(amount, cards)
        if rest or each not in self._bets:
            _bad(f"{amount} on {cards} cards: the stake per card must be one of {', '.join(map(str, self._bets))}")
        return amount

    def _cards(self, state: GameState, params: Mapping[str, Any], rng: Rng) -> Step:
        data = state.data
        if not params:
            deal = self._dealer.deal(rng)
            return self._idle(self._dealer.cards(deal), data["open"], {"deal": deal})
        chosen = params.get("open")
        if len(params) != 1 or not isinstance(chosen, list) or not chosen:
            _bad('"cards" takes nothing (a new series) or {"open": [the cards that play, at least one]}')
        if any(type(card) is not int or not 0 <= card < self._math.cards for card in chosen) or chosen != sorted(set(chosen)):
            _bad(f"the open cards must be from 0 to {self._math.cards - 1}, ascending, each once")
        return self._idle(data["cards"], list(chosen), state.private)

    def _extra(self, state: GameState, rng: Rng) -> Step:
        data = state.data
        drawn = data["balls"]
        ball = rng.sample([ball for ball in self._pool if ball not in drawn], 1)
        return self._game(state, drawn + ball, data["stake"], Move("wager", data["extra_cost"]))

    def _end(self, state: GameState, then: Action | None = None) -> Step:
        total = state.data["total_winnings"]
        moves = (Move("win", total),) if total else ()
        return self._idle(state.data["cards"], state.data["open"], state.private, moves, then)

    # The steps that they lead to

    def _idle(
        self,
        cards: list[list[int]],
        open_cards: list[int],
        private: dict[str, Any],
        moves: tuple[Move, ...] = (),
        then: Action | None = None,
    ) -> Step:
        data: dict[str, Any] = {
            "cards": cards,
            "open": open_cards,
            "balls": [],
            "layout": self._layout,
            "bets": self._bets,
            "max_stake": self._settings.max_stake,
        }
        if self._settings.jackpot is not None:
            data["jackpot"] = self._jackpot([])
        return Step("idle", data, IDLE_ACTIONS, private, moves, over=True, then=then)

    def _game(self, state: GameState, balls: list[int], stake: int, wager: Move) -> Step:
        math = self._math
        outcome, numbers, full = self._prizes.outcome, self._prizes.numbers, self._prizes.full
        cards = state.data["cards"]
        open_cards = state.data["open"]
        each = stake // len(open_cards)
        hits = self._hits(cards, balls)
        winnings = [0] * math.cards
        prizes: list[dict[str, Any]] = []
        near: list[dict[str, Any]] = []
        gain = 0
        for card in open_cards:
            pay, won, missing, raised = outcome(hits >> card * numbers & full)
            if pay:
                winnings[card] = pay * each
                for pattern, worth in won:
                    prizes.append({"card": card, "pattern": pattern, "pay": worth * each})
            if raised:
                gain += raised
                cells = cards[card]
                for position, pattern, worth in missing:
                    near.append({"card": card, "pattern": pattern, "ball": cells[position], "pay": worth * each})
        jackpots: tuple[str, ...] = ()
        left = math.draw + math.max_extra - len(balls)
        offered = left > 0 and gain > 0
        data = {
            "cards": cards,
            "open": open_cards,
            "balls": balls,
            "layout": self._layout,
            "bets": self._bets,
            "max_stake": self._settings.max_stake,
            "stake": stake,
            "extra_cost": self._price(gain * each, math.pool - len(balls)) if offered else 0,
            "extra_left": left,
            "winnings": winnings,
            "total_winnings": sum(winnings),
            "prizes": prizes,
            "near": near,
        }
        if self._settings.jackpot is not None:
            within = self._hits(cards, balls[: math.jackpot_within])
            filled = [card for card in open_cards if within >> card * numbers & full == full]
            data["jackpot"] = self._jackpot(filled)
            # The draw decides it. Extra balls come later: the state goes on showing what it has won, and nothing is won again.
            if filled and len(balls) == math.draw:
                jackpots = self.jackpots
        actions = OFFER_ACTIONS if offered else GAME_ACTIONS
        return Step("game", data, actions, state.private, (wager,), over=False, jackpots=jackpots)

    def _hits(self, cards: list[list[int]], balls: list[int]) -> int:
        """The hit cells of the whole series: card c's mask begins at bit c x numbers.

        Numbers are bytes here: a table turns the drawn ones into the digit 1 and the others into 0, free cells fall out,
        and the digits, last cell first, are the mask in base 2. Half the time of a dict from numbers to bits.
        """
        digits = bytearray(NO_HITS)
        for ball in balls:
            digits[ball] = ONE
        return int(bytes(chain.from_iterable(cards)).translate(digits, FREE_CELLS)[::-1], 2)

    def _price(self, gain: int, balls_left: int) -> int:
        """Of an extra ball, where `gain` is summed over the balls left: margin x gain / balls left, rounded up."""
        return -(-gain * self._margin // (balls_left * self._margin_of))

    def _jackpot(self, won: list[int]) -> dict[str, Any]:
        return {"id": self._settings.jackpot, "within": self._math.jackpot_within, "won": won}

    # The mathematics, for people

    def rules(self) -> dict[str, Any]:
        from webingo.engines.bingo.rules import rules

        return rules(self._math, self._settings)

    def odds(self) -> Odds:
        from webingo.engines.bingo.odds import odds

        return odds(self._math, self._settings)

    def simulate(self, rounds: int, seed: int) -> Sample:
        """The base draw with all cards open, without extra balls."""
        from webingo.engines.bingo.simulation import simulate

        return simulate(self._math, rounds, seed)


def _bad(reason: str) -> NoReturn:
    raise Refused(Code.BAD_PARAMS, reason + ".")
