"""What a jackpot's meter does, as arithmetic: no I/O, no clock, whole numbers only.

Amounts are millionths of a smallest unit of the denomination, exact however large they get. Always, and after every step:

    value + overflow + reserve == seeded + contributed - paid

`value` is what can be won, `overflow` what came in above the ceiling and goes into the next run, `reserve` what later runs'
first values are paid from; `contributed` came from wagers, `seeded` from the house, `paid` went to winners.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from webingo.resources.jackpots import MILLION, Jackpot, Mystery, millionths
from webingo.rng import Rng


class MeterId(NamedTuple):
    """The jackpot of a site. With its denomination: a site that changes its own begins with new meters."""

    platform: str
    denom: str
    site: str
    jackpot: str

    def __str__(self) -> str:
        return ":".join(self)

    @classmethod
    def parse(cls, text: str) -> "MeterId":
        return cls(*text.split(":"))


class Terms(NamedTuple):
    """A jackpot's rules as its meter knows them: bounds in units (`before` 0: the game says when it is won), rates in
    millionths of a wager."""

    min: int
    max: int
    before: int
    contribution: int
    reserve: int

    @classmethod
    def of(cls, jackpot: Jackpot) -> "Terms":
        scale, trigger = jackpot.storage_multiplier, jackpot.trigger
        return cls(
            jackpot.min // scale,
            jackpot.max // scale,
            trigger.before // scale if isinstance(trigger, Mystery) else 0,
            millionths(jackpot.contribution),
            millionths(jackpot.reserve),
        )


class Claim(NamedTuple):
    """Who wins, under a name that is used once for ever: "<round>:<jackpot>" of a game's trigger, "<ledger entry>:<jackpot>"
    of a mystery. `wallet` is str(WalletId)."""

    id: str
    wallet: str
    round: str
    game: str


class Win(NamedTuple):
    """A claim that was granted: `amount` whole units, to be paid into the wallet."""

    claim: str
    wallet: str
    round: str
    game: str
    amount: int
    at_ms: int


class Contribution(NamedTuple):
    """What one ledger entry feeds, and who wins where a mystery is hit by it."""

    position: str
    amount: int
    claim: Claim


class Feed(NamedTuple):
    """The contributions of a page of a shard's ledger, in its order."""

    shard: int
    contributions: Sequence[Contribution]


class Lost(NamedTuple):
    """What a meter should know of and does not: millionths that were fed, wins that were paid, and how far that goes in each
    shard."""

    fed: int
    wins: Sequence[Win]
    passed: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Meter:
    """`n` counts its changes. `hit` is the secret value, in units, at which a mystery is won; 0 where there is none.
    `drawn_before` is the bound under which it was drawn (0 in meters of the time before that was kept). `passed` has for each
    shard the position up to which its ledger is in this meter."""

    n: int = 0
    value: int = 0
    overflow: int = 0
    reserve: int = 0
    seeded: int = 0
    contributed: int = 0
    paid: int = 0
    hit: int = 0
    drawn_before: int = 0
    terms: Terms | None = None
    passed: Mapping[int, str] = field(default_factory=dict)

    @property
    def units(self) -> int:
        """What a win pays now."""
        return self.value // MILLION

    @property
    def before(self) -> int:
        """What this run is won before, in units, whatever its terms say by now; 0 where no secret was drawn."""
        return (self.drawn_before or (self.terms.before if self.terms else 0)) if self.hit else 0

    @property
    def unexplained(self) -> int:
        """0, or the books are wrong by so much."""
        return self.value + self.overflow + self.reserve - (self.seeded + self.contributed - self.paid)

    def shown(self, storage_multiplier: int) -> int:
        """The value in storage units."""
        return self.value * storage_multiplier // MILLION


class Change(NamedTuple):
    """A meter's next state, who won with it, and what of it the house answers for: it all is written in one step."""

    meter: Meter
    wins: tuple[Win, ...] = ()
    notes: tuple[dict[str, Any], ...] = ()


def after(position: str, passed: str) -> bool:
    """Whether a ledger's position lies behind another one of the same shard; "" is before all."""
    return _ordered(position) > _ordered(passed)


def _ordered(position: str) -> tuple[int, ...]:
    return tuple(int(number) for number in position.split("-")) if position else ()


def configured(meter: Meter, terms: Terms, rng: Rng, at_ms: int) -> Change | None:
    """The meter under these terms; None where nothing changes. A new one gets its first value.

    The ceiling of a meter is never lowered. What else changes does so for the next run, and the rates at once. A jackpot
    that becomes a mystery gets its secret value above what it holds, as soon as it holds less than `before`. A mystery that
    becomes a game's has no secret any more, and holds `min` at least: the next win pays something."""
    old = meter.terms
    if old is None:
        begun = _begun(replace(meter, terms=terms), meter.value, rng)
        return Change(begun, notes=(_note("opened", at_ms, meter, begun, terms=terms._asdict()),))
    kept = terms._replace(max=max(terms.max, old.max))
    by_game = not kept.before
    hidden = kept.before * MILLION > meter.value and not meter.hit
    worthless = by_game and meter.units < min(1, kept.min)
    if kept == old and not hidden and not worthless and not (by_game and meter.hit):
        return None
    changed = replace(meter, terms=kept, drawn_before=meter.before)
    if hidden:
        changed = replace(changed, hit=_drawn(max(kept.min, meter.units), kept.before, rng), drawn_before=kept.before)
    elif by_game:
        changed = replace(changed, hit=0, drawn_before=0)
        if worthless or old.before:
            changed = _seeded(changed, max(0, kept.min * MILLION - changed.value))
    return Change(changed, notes=(_note("changed", at_ms, meter, changed, terms=kept._asdict(), were=old._asdict()),))


def fed(meter: Meter, feeds: Sequence[Feed], rng: Rng, at_ms: int, granted: Collection[str] = ()) -> Change | None:
    """The meter with what it has not seen yet of these feeds; None where it has seen all. Claims that were `granted` already
    win nothing more."""
    wins, notes, passed = list[Win](), list[dict[str, Any]](), dict(meter.passed)
    for shard, contributions in feeds:
        for contribution in contributions:
            if after(contribution.position, passed.get(shard, "")):
                passed[shard] = contribution.position
                meter = _filled(meter, contribution.amount)
                if meter.hit and meter.value >= meter.hit * MILLION and contribution.claim.id not in granted:
                    won = claimed(meter, contribution.claim, rng, at_ms, meter.hit)
                    meter, wins, notes = won.meter, [*wins, *won.wins], [*notes, *won.notes]
                else:
                    meter = _capped(meter)
    if passed == meter.passed:
        return None
    return Change(replace(meter, passed=passed), tuple(wins), tuple(notes))


def claimed(meter: Meter, claim: Claim, rng: Rng, at_ms: int, units: int | None = None) -> Change:
    """Won: pays `units` (without it all whole units that it holds, and one at least: a round that began before its jackpot
    became a mystery may win it while that holds less), and begins its next run."""
    amount = max(1, meter.units) if units is None else units
    held = _seeded(meter, max(0, amount * MILLION - meter.value))
    begun = _begun(replace(held, paid=meter.paid + amount * MILLION), held.value - amount * MILLION, rng)
    win = Win(*claim, amount, at_ms)
    return Change(begun, (win,), (_note("won", at_ms, meter, begun, win=win._asdict()),))


def mended(meter: Meter, lost: Lost, rng: Rng, at_ms: int) -> Change:
    """The meter with what it has lost. Each win has begun a run, with `min`; of the last of these runs a mystery has another
    secret. One without lost wins keeps its secret: where it holds more now, its next wager wins."""
    assert meter.terms is not None
    terms, paid = meter.terms, sum(win.amount for win in lost.wins) * MILLION
    further = {shard: at for shard, at in lost.passed.items() if after(at, meter.passed.get(shard, ""))}
    then = _filled(replace(meter, passed={**meter.passed, **further}), lost.fed)
    if lost.wins:
        then = _seeded(replace(then, value=then.value - paid, paid=then.paid + paid), len(lost.wins) * terms.min * MILLION)
        then = _seeded(then, max(0, terms.min * MILLION - then.value - then.overflow))  # `min` was another one then
        then = replace(then, value=then.value + then.overflow, overflow=0, hit=0, drawn_before=terms.before)
        if terms.before:
            then = replace(then, hit=_drawn(min(max(terms.min, then.units), terms.before - 1), terms.before, rng))
    above = max(0, then.value - (then.before or terms.max) * MILLION)
    then = replace(then, n=meter.n + 1, value=then.value - above, overflow=then.overflow + above)
    facts = {"fed": str(lost.fed), "wins": [win._asdict() for win in lost.wins]}
    return Change(then, notes=(_note("mended", at_ms, meter, then, **facts),))


def _filled(meter: Meter, amount: int) -> Meter:
    """A contribution is divided as the rates are. Before its first terms a meter keeps all of it in reserve."""
    terms, to_reserve = meter.terms, amount
    if terms is not None:
        both = terms.contribution + terms.reserve
        to_reserve = amount * terms.reserve // both if both else 0
    return replace(
        meter,
        value=meter.value + amount - to_reserve,
        reserve=meter.reserve + to_reserve,
        contributed=meter.contributed + amount,
    )


def _capped(meter: Meter) -> Meter:
    above = meter.value - meter.terms.max * MILLION if meter.terms else 0
    return replace(meter, value=meter.value - above, overflow=meter.overflow + above) if above > 0 else meter


def _begun(meter: Meter, left: int, rng: Rng) -> Meter:
    """A new run: `min` from the reserve and, where that has too little, from the house; on top of it what is `left` of the run
    before and the overflow, up to the ceiling. A mystery's ceiling here is what it must be won before."""
    assert meter.terms is not None
    terms = meter.terms
    meter = _seeded(replace(meter, value=left), terms.min * MILLION)
    start = meter.value + meter.overflow
    value = min(start, (terms.before or terms.max) * MILLION)
    return replace(
        meter,
        value=value,
        overflow=start - value,
        hit=_drawn(terms.min, terms.before, rng) if terms.before else 0,
        drawn_before=terms.before,
    )


def _seeded(meter: Meter, amount: int) -> Meter:
    """So many millionths more, from the reserve as far as it reaches, and the rest from the house."""
    from_reserve = min(amount, meter.reserve)
    return replace(
        meter,
        value=meter.value + amount,
        reserve=meter.reserve - from_reserve,
        seeded=meter.seeded + amount - from_reserve,
    )


def _drawn(above: int, upto: int, rng: Rng) -> int:
    """Uniform over the units above the one and up to the other."""
    return above + 1 + rng.below(upto - above)


def _note(what: str, at_ms: int, before: Meter, then: Meter, **facts: Any) -> dict[str, Any]:
    """A line of the meter's log, without its secret. Amounts are text: JSON's readers count in doubles."""
    books = ("value", "overflow", "reserve", "seeded", "paid")
    moved = {name: [str(getattr(before, name)), str(getattr(then, name))] for name in books}
    return {"what": what, "at": at_ms, **facts, "books": {name: pair for name, pair in moved.items() if pair[0] != pair[1]}}
