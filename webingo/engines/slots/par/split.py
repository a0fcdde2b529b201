"""The rows of a PAR sheet about what follows a spin: where the return comes from, and how features are reached and pay."""

from collections import defaultdict
from fractions import Fraction
from math import sqrt
from typing import Any

from webingo.engines.slots.features import Award, FreeSpins
from webingo.engines.slots.par.pay_rows import one_in
from webingo.engines.slots.par.rounds import Capped
from webingo.engines.slots.par.values import Round, Values
from webingo.engines.slots.spin import BASE


def split_rows(values: Values, round_: Round, capped: Capped | None) -> list[dict[str, Any]]:
    """The parts add up to the RTP: what base spins pay on lines or ways and by scatters, what each feature wins itself, and
    what the win cap takes from all of them."""
    math, base = values.math, values.spins(BASE)
    factor = values.factor(None).mean / values.bet
    parts = [
        (math.pay_by, factor * Fraction(base.lines, base.total)),
        ("scatters", factor * Fraction(base.scatters, base.total)),
    ]
    own: dict[str, Fraction] = defaultdict(Fraction)
    for award, times in values.visits(round_.given).items():
        own[award.feature] += times * values.worth(award).own / values.bet
    parts += [(name, own[name]) for name in math.features if name in own]
    total = round_.mean / values.bet
    rows: list[dict[str, Any]] = [
        {"part": name, "rtp": rtp, "share": float(rtp / total) if total else 0.0} for name, rtp in parts if rtp
    ]
    if capped and capped.taken:
        taken = -capped.taken / values.bet
        rows.append({"part": "win cap", "rtp": taken if capped.exact else float(taken), "share": float(taken / total)})
    return rows


def trigger_rows(values: Values, round_: Round) -> list[dict[str, Any]]:
    """How often a base spin gives each award, and how often a round does."""
    visits = values.visits(round_.given)
    return [
        {
            **_named(award),
            "by_spin": round_.given.get(award, Fraction(0)),
            "one_in": one_in(round_.given.get(award, Fraction(0))),
            "by_round": times,
        }
        for award, times in sorted(visits.items(), key=lambda row: (row[0].feature, row[0].spins or 0))
    ]


def feature_rows(values: Values, round_: Round) -> list[dict[str, Any]]:
    """What each award is worth, in total bets: with what it leads to in turn, and what the feature itself wins. The parts of
    the RTP are those of the feature itself."""
    awards = {*values.visits(round_.given), *values.visits({buy.award: Fraction(1) for buy in values.math.buy})}
    visits = values.visits(round_.given)
    rows = []
    for award in sorted(awards, key=lambda award: (award.feature, award.spins or 0, award.multiplier or 0)):
        worth = values.worth(award)
        row: dict[str, Any] = {**_named(award), "type": values.math.features[award.feature].type}
        if worth.run:
            row |= {"mean_spins": worth.run.spins, **_retriggers(values, award)}
        row |= {
            "mean": worth.mean / values.bet,
            "standard_deviation": sqrt(worth.variance) / values.bet,
            "hit_rate": 1 - worth.nothing,
            "rtp": visits.get(award, Fraction(0)) * worth.own / values.bet,
        }
        rows.append(row)
    return rows


def _named(award: Award) -> dict[str, Any]:
    named: dict[str, Any] = {"feature": award.feature}
    if award.spins:
        named["spins"] = award.spins
    if award.multiplier:
        named["multiplier"] = award.multiplier
    return named


def _retriggers(values: Values, award: Award) -> dict[str, Any]:
    """A free spin: how often it gives more of them, how many on average, and what it wins (x total bet)."""
    name = award.feature
    feature = values.math.features[name]
    assert isinstance(feature, FreeSpins)
    found = values.spins(name)
    chance = more = Fraction(0)
    for awards, part in found.parts.items():
        if given := sum(other.spins or 0 for other in awards if other.feature == name):
            chance += Fraction(part.weight, found.total)
            more += given * Fraction(part.weight, found.total)
    win = values.factor(award).mean * Fraction(found.lines + found.scatters, found.total) / values.bet
    shown: dict[str, Any] = {"retrigger": chance, "more_spins": more} if more else {}
    return {**shown, "win_of_a_spin": win}
