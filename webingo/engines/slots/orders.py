"""What a player may stake: bets, lines and bought features, within a site's settings."""

from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from webingo.engines.slots.definition import Math, Settings
from webingo.engines.slots.features import Buy
from webingo.errors import Code, Refused


class Order(NamedTuple):
    """A bet per line (or coin) on so many lines, which comes to the total bet `stake`; `cost` is what leaves the wallet, more
    than that where a feature is bought."""

    bet: int
    lines: int
    stake: int
    cost: int
    bought: Buy | None = None


class Orders:
    """The bets of one game on one site. `line_choices` is empty where ways pay.

    Raises ValueError where the settings don't fit the mathematics.
    """

    def __init__(self, math: Math, settings: Settings) -> None:
        self._math = math
        self._settings = settings
        self.buys = {buy.name: buy for buy in math.buy} if settings.buy else {}
        all_lines = (len(math.lines),) if math.lines else ()
        self.line_choices = choices = settings.lines or all_lines
        if choices != all_lines and (math.coins or not math.lines):
            raise ValueError(f"lines: {list(choices)} can't be chosen, since a spin costs {math.coins} bets whatever is played")
        if choices and choices[-1] > len(math.lines):
            raise ValueError(f"lines: {choices[-1]} can't be played, the game has {len(math.lines)}")
        least = settings.bets[-1] * math.total_bet(min(choices, default=0))
        if settings.max_stake < least:
            raise ValueError(f"max_stake: {settings.max_stake} doesn't reach for the highest of bets, which comes to {least}")

    def first(self) -> Order:
        """What is shown before a player has chosen: the lowest bet on as many lines as it may be played on."""
        orders = [self._order(self._settings.bets[0], lines) for lines in self.line_choices or (0,)]
        return [order for order in orders if order.stake <= self._settings.max_stake][-1]

    def read(self, name: str, params: Mapping[str, Any]) -> Order:
        """What `spin` or `buy` asks for. Raises Refused (BAD_PARAMS, LIMIT)."""
        allowed = ("bet", "lines") if name == "spin" else ("name", "bet", "lines")
        if not params.keys() <= set(allowed):
            bad(f'"{name}" takes {", ".join(allowed)} and nothing else')
        bought = self._bought(params.get("name")) if name == "buy" else None
        bet = params.get("bet")
        if type(bet) is not int or bet not in self._settings.bets:
            bad(f'"bet" must be one of {", ".join(map(str, self._settings.bets))}')
        order = self._order(bet, self._lines(params), bought)
        if order.stake > self._settings.max_stake:
            raise Refused(Code.LIMIT, f"The highest total bet is {self._settings.max_stake}.")
        return order

    def _order(self, bet: int, lines: int, bought: Buy | None = None) -> Order:
        stake = bet * self._math.total_bet(lines)
        return Order(bet, lines, stake, stake * bought.cost if bought else stake, bought)

    def _bought(self, name: Any) -> Buy:
        buy = self.buys.get(name) if isinstance(name, str) else None
        return buy or bad(f'"name" must be one of {", ".join(self.buys)}')

    def _lines(self, params: Mapping[str, Any]) -> int:
        choices = self.line_choices
        if "lines" not in params and len(choices) <= 1:
            return choices[0] if choices else 0
        lines = params.get("lines")
        if type(lines) is not int or lines not in choices:
            bad(f'"lines" must be one of {", ".join(map(str, choices))}' if choices else "this game has no lines to choose")
        return lines


def bad(reason: str) -> NoReturn:
    raise Refused(Code.BAD_PARAMS, reason + ".")
