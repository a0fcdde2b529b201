"""Where awards lead: every feature can be won, is awarded as its kind asks for, and comes to an end."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from webingo.engines.slots.features import Award, FreeSpins, Pick, Scatter
from webingo.engines.slots.models import Problem, Where
from webingo.problems import unknown

if TYPE_CHECKING:
    from webingo.engines.slots.definition import Math, Strip

Given = tuple[Where, Award]
"""An award and where it stands."""


def award_problems(math: "Math") -> list[Problem]:
    wrong = [problem for where, award in awards_of(math) for problem in _one_award(award, math, where)]
    others = [
        *_foreign_awards(math),
        *_count_problems(math),
        *_segment_problems(math),
        *_pick_problems(math),
        *_name_problems(math),
    ]
    return wrong or others or [*_unreachable(math), *_circles(math), *_endless(math)]


def awards_of(math: "Math") -> list[Given]:
    return [*_base_awards(math), *_feature_awards(math)]


def _base_awards(math: "Math") -> Iterator[Given]:
    yield from _line_awards(math)
    yield from _scatter_awards(math.scatters, ())
    yield from ((("random_awards", place, "award"), drawn.award) for place, drawn in enumerate(math.random_awards))
    yield from ((("buy", place, "award"), buy.award) for place, buy in enumerate(math.buy))


def _line_awards(math: "Math") -> Iterator[Given]:
    for place, pay in enumerate(math.pays):
        yield from ((("pays", place, "awards", count), award) for count, award in pay.awards.items())
        if pay.award:
            yield ("pays", place, "award"), pay.award


def _scatter_awards(scatters: tuple[Scatter, ...], at: Where) -> Iterator[Given]:
    for place, scatter in enumerate(scatters):
        yield from (((*at, "scatters", place, "awards", count), award) for count, award in scatter.awards.items())


def _feature_awards(math: "Math") -> Iterator[Given]:
    for name, feature in math.features.items():
        if isinstance(feature, FreeSpins):
            yield from _scatter_awards(feature.scatters or (), ("features", name))
        else:
            yield from ((("features", name, *where), award) for where, award in feature.awarded)


def _one_award(award: Award, math: "Math", where: Where) -> Iterator[Problem]:
    feature = math.features.get(award.feature)
    if feature is None:
        yield (*where, "feature"), f"{award.feature!r}: {unknown('feature', award.feature, math.features)}"
    elif isinstance(feature, FreeSpins):
        if award.spins is None:
            yield (*where, "spins"), f"{award.feature!r} are free spins: say how many"
        elif feature.max_spins is not None and award.spins > feature.max_spins:
            yield (
                (*where, "spins"),
                f"{award.spins} spins are more than the max_spins of {award.feature!r}, {feature.max_spins}",
            )
    else:
        for key in ("spins", "multiplier"):
            if getattr(award, key) is not None:
                yield (*where, key), f"only free spins have {key}, and {award.feature!r} is a {feature.type}"


def _foreign_awards(math: "Math") -> Iterator[Problem]:
    """Free spins in whose own scatters other free spins are awarded."""
    for name, feature in math.free_spins.items():
        for where, award in _scatter_awards(feature.scatters or (), ("features", name)):
            if award.feature != name and award.feature in math.free_spins:
                yield (*where, "feature"), f"free spins can't award other free spins ({award.feature!r})"


def _count_problems(math: "Math") -> Iterator[Problem]:
    """Scatters that award something for more symbols than the strips can show."""
    for at, scatters, strips in _played(math):
        for place, scatter in enumerate(scatters):
            on = range(math.window.reels) if scatter.reels is None else scatter.reels
            most = sum(strips[reel].most(scatter.symbol, math.window.rows) for reel in on)
            for count in scatter.awards:
                if count > most:
                    yield (*at, "scatters", place, "awards", count), f"the strips show at most {most} of {scatter.symbol!r}"


def _played(math: "Math") -> "Iterator[tuple[Where, tuple[Scatter, ...], tuple[Strip, ...]]]":
    yield (), math.scatters, math.strips["base"]
    for name, feature in math.free_spins.items():
        yield ("features", name), feature.scatters or (), math.strips[feature.strips]


def _segment_problems(math: "Math") -> Iterator[Problem]:
    """Jackpots of wheels that the game doesn't have, and those that nothing triggers."""
    ids = [jackpot.id for jackpot in math.jackpots]
    named = set()
    for name, feature in math.features.items():
        for place, segment in enumerate(getattr(feature, "segments", ())):
            named.add(segment.jackpot)
            if segment.jackpot is not None and segment.jackpot not in ids:
                where = ("features", name, "segments", place, "jackpot")
                yield where, f"{segment.jackpot!r}: {unknown('jackpot', segment.jackpot, ids)}"
    for place, jackpot in enumerate(math.jackpots):
        if jackpot.pay is None and jackpot.id not in named:
            yield ("jackpots", place), "nothing triggers it: give pay and count, or name it in a segment of a wheel"


def _pick_problems(math: "Math") -> Iterator[Problem]:
    for name, feature in math.features.items():
        if isinstance(feature, Pick) and feature.picks > (there := sum(item.count for item in feature.items)):
            yield ("features", name, "picks"), f"{feature.picks} picks of {there} items"


def _name_problems(math: "Math") -> Iterator[Problem]:
    names = [buy.name for buy in math.buy]
    for place, name in enumerate(names):
        if name in names[:place]:
            yield ("buy", place, "name"), f"{name!r} is there twice"
    for place, drawn in enumerate(math.random_awards):
        if drawn.fraction > 1:
            yield ("random_awards", place, "chance"), f"{drawn.chance} is more than certain"
    if math.gamble and len(set(math.gamble.types)) < len(math.gamble.types):
        yield ("gamble", "types"), "each type once"


def withheld(math: "Math", name: str) -> frozenset[str]:
    """The features that free spins don't give by the base game's pays and scatters: other free spins, and picks and wheels that
    lead to free spins."""
    return frozenset(feature for feature in math.features if feature != name and _ends_in_free_spins(math, feature))


def _ends_in_free_spins(math: "Math", name: str) -> bool:
    seen: set[str] = set()
    coming = {name}
    while coming:
        seen |= coming
        if seen & set(math.free_spins):
            return True
        features = [math.features[one] for one in coming]
        coming = {award.feature for one in features if not isinstance(one, FreeSpins) for _, award in one.awarded} - seen
    return False


def leads_to(math: "Math") -> dict[str, set[str]]:
    """For each feature those that it can award; free spins themselves among them where they can be retriggered."""
    ways: dict[str, set[str]] = {}
    for name, feature in math.features.items():
        if isinstance(feature, FreeSpins):
            inherited = [*_line_awards(math), *(_scatter_awards(math.scatters, ()) if feature.scatters is None else ())]
            own = {award.feature for _, award in _scatter_awards(feature.scatters or (), ())}
            ways[name] = own | {award.feature for _, award in inherited} - withheld(math, name)
        else:
            ways[name] = {award.feature for _, award in feature.awarded}
    return ways


def _unreachable(math: "Math") -> Iterator[Problem]:
    ways = leads_to(math)
    reached = set()
    coming = {award.feature for _, award in _base_awards(math)}
    while coming:
        reached |= coming
        coming = {other for name in coming for other in ways[name]} - reached
    for name in math.features:
        if name not in reached:
            yield ("features", name), "nothing awards this feature: it can't be reached"


def _circles(math: "Math") -> Iterator[Problem]:
    graph = {name: others - ({name} if name in math.free_spins else set()) for name, others in leads_to(math).items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        way = " awards ".join(repr(name) for name in circle)
        yield ("features", circle[0]), f"awards go in a circle: {way}; only free spins can award themselves"


def _endless(math: "Math") -> Iterator[Problem]:
    if math.win_cap is not None:
        return
    for name, others in leads_to(math).items():
        feature = math.features[name]
        if name in others and isinstance(feature, FreeSpins) and feature.max_spins is None:
            yield (
                ("features", name, "max_spins"),
                "these free spins can be retriggered endlessly: give max_spins, or win_cap to the game",
            )
