"""The exact figures of a slot game: `odds`, per unit of the total bet, with the highest number of lines that may be played.

`details` is the PAR sheet; docs/par-sheets.md explains every figure of it. Fractions stay fractions.
"""

from fractions import Fraction
from functools import lru_cache
from math import sqrt
from typing import Any

from webingo.engines.bingo.odds import volatility
from webingo.engines.engine import Odds
from webingo.engines.slots.definition import Math, Settings
from webingo.engines.slots.features import Buy
from webingo.engines.slots.models import refused
from webingo.engines.slots.par.bounds import largest, max_win
from webingo.engines.slots.par.jackpots import jackpot_rows
from webingo.engines.slots.par.pay_rows import line_rows, scatter_rows, symbol_rows
from webingo.engines.slots.par.rounds import Capped, Rounds
from webingo.engines.slots.par.split import feature_rows, split_rows, trigger_rows
from webingo.engines.slots.par.transform import Unknown
from webingo.engines.slots.par.values import Round, Values, base_round, spins_of_round
from webingo.engines.slots.spin import BASE, modes

_Z = 1.96


@lru_cache(64)
def odds(math: Math, settings: Settings) -> Odds:
    """Raises ValueError (pydantic's, with the place in `math`) where free spins never end, or where the game is too big to be
    counted."""
    lines = (settings.lines or (len(math.lines),))[-1] if math.lines else 0
    return _Sheet(math, settings, lines).odds()


class _Sheet:
    def __init__(self, math: Math, settings: Settings, lines: int) -> None:
        self._math = math
        self._settings = settings
        self._lines = lines
        self._values = Values(math, lines)
        self._bet = self._values.bet
        self._round: Round = base_round(self._values)
        self._distributions: Rounds | None
        self._capped: Capped | None = None
        self._why = ""
        try:
            self._distributions = Rounds(self._values)
            self._capped = self._distributions.capped()
        except Unknown as unknown:
            self._distributions = None
            self._why = str(unknown)
            if math.win_cap and largest(math, lines).round(0) > math.win_cap * self._bet:
                raise refused("Math", [(("win_cap",), f"what it takes away can't be counted: {unknown}")]) from None

    def odds(self) -> Odds:
        capped = self._capped
        mean = capped.mean if capped else self._round.mean
        variance = (capped.variance if capped else self._round.variance) / self._bet**2
        highest = Fraction(max_win(self._math, self._settings))
        return Odds(mean / self._bet, 1 - self._round.nothing, variance, highest, self._details(mean / self._bet, variance))

    def _details(self, rtp: Fraction, variance: Fraction) -> dict[str, Any]:
        math, values = self._math, self._values
        names = list(modes(math))
        base = values.spins(BASE)
        visits = values.visits(self._round.given)
        times = {name: spins_of_round(values, name, visits) for name in names}
        deviation = sqrt(variance)
        shown: dict[str, Any] = {
            "basis": self._basis(),
            "volatility": {"level": volatility(variance), "standard_deviation": deviation, "index": _Z * deviation},
            "split": split_rows(values, self._round, self._capped),
            "hit_rates": {
                "round": 1 - self._round.nothing,
                "spin": base.paid,
                **({"line": Fraction(base.hits.paid, base.hits.lines)} if base.hits.lines else {}),
            },
            "triggers": trigger_rows(values, self._round),
            "features": feature_rows(values, self._round),
            "pays": {name: rows for name in names if (rows := line_rows(values, name, times[name]))},
            "scatters": {name: rows for name in names if (rows := scatter_rows(values, name, times[name]))},
            "buys": [self._bought(buy) for buy in math.buy],
            "jackpots": jackpot_rows(values, self._settings, self._capped),
            "largest_win": self._largest(),
            "win_cap": self._cap(rtp),
            **self._bands(),
            "cycle": {name: values.spins(name).cycle for name in names},
            "symbols": {name: symbol_rows(math, name) for name in names},
            "method": self._method(names),
        }
        found = {name: value for name, value in shown.items() if value}
        return found if self._capped is None or self._capped.exact else {**found, "exact": False}

    def _basis(self) -> dict[str, Any]:
        played: dict[str, Any] = {"pays_by": self._math.pay_by}
        if self._lines:
            played["lines"] = self._lines
        return {**played, "total_bet": self._bet, "unit": "bets per line" if self._lines and not self._math.coins else "coins"}

    def _bought(self, buy: Buy) -> dict[str, Any]:
        worth = self._values.worth(buy.award)
        capped = self._distributions.bought(buy.award) if self._distributions else None
        cost = buy.cost * self._bet
        mean, variance = (capped.mean, capped.variance) if capped else (worth.mean, worth.variance)
        return {
            "name": buy.name,
            "title": buy.title,
            "cost": buy.cost,
            "rtp": mean / cost,
            "hit_rate": 1 - worth.nothing,
            "standard_deviation": sqrt(variance) / cost,
        }

    def _largest(self) -> dict[str, Any]:
        found: dict[str, Any] = {"times_total_bet": max_win(self._math, self._settings)}
        base = self._values.spins(BASE)
        if base.distribution is not None:
            factor = max(self._values.factor(None).values)
            amount = max(int(part.amounts[-1]) for part in base.distribution.values())
            weight = sum(int(part.weights[-1]) for part in base.distribution.values() if int(part.amounts[-1]) == amount)
            chance = Fraction(weight, base.total) * (self._values.factor(None).values[factor] if amount else 1)
            found["spin"] = {
                "times_total_bet": Fraction(amount * factor, self._bet),
                "probability": chance,
                "one_in": 1 / chance,
            }
        return found

    def _cap(self, rtp: Fraction) -> dict[str, Any]:
        if self._math.win_cap is None:
            return {}
        found: dict[str, Any] = {"times_total_bet": self._math.win_cap}
        if self._capped is None:
            return {**found, "rtp_taken": Fraction(0), "note": "no round can win more"}
        taken, reached = self._capped.taken / self._bet, self._capped.reached
        if not self._capped.exact:
            taken, reached = float(taken), float(reached)  # type: ignore[assignment]
        return {**found, "rtp_before": self._round.mean / self._bet, "rtp_taken": taken, "reached": reached, "rtp": float(rtp)}

    def _bands(self) -> dict[str, Any]:
        if self._distributions is None:
            return {}
        rows = self._distributions.spin_bands()
        spin = [{"from": low, "to": high, "probability": chance} for low, high, chance in rows]
        if self._distributions.single:
            return {"distribution": spin}
        try:
            bands = self._distributions.bands()
        except Unknown:
            return {"spin_distribution": spin}
        found = [{"from": low, "to": high, "probability": chance} for low, high, chance in bands]
        return {"distribution": found, "spin_distribution": spin}

    def _method(self, names: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = {f"spins of {name}": self._values.spins(name).method for name in names}
        runs = [worth.run for award in self._values.visits(self._round.given) if (worth := self._values.worth(award)).run]
        if any(run and run.limited and run.spins for run in runs):
            found["free spins"] = "state by state, up to max_spins"
        if any(run and not run.limited for run in runs):
            found["free spins without a limit that matters"] = "in closed form"
        if self._distributions is None:
            found["not known"] = f"the distribution of wins, and the odds of the largest one: {self._why}"
        elif not self._distributions.single:
            found["distribution of rounds"] = "generating functions and FFT, in double precision"
        if self._capped and not self._capped.exact:
            found["win cap"] = "generating functions and FFT, in double precision"
        if self._math.gamble:
            found["gamble"] = "fair, so it changes no return; not counted here"
        return found
