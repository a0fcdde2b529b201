"""The rules of a slot game in words: wilds, scatters, features, gamble, limits of a win."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from webingo.engines.slots.definition import LinePay, Math, Settings
from webingo.engines.slots.features import Award, Feature, FreeSpins, Pick, Scatter, Wheel, Wild
from webingo.engines.slots.models import ANYTHING
from webingo.engines.slots.reach import leads_to, withheld


class Section(NamedTuple):
    """A heading with its sentences."""

    title: str
    texts: list[str]

    def shown(self) -> dict[str, str | list[str]]:
        return {"title": self.title, "texts": self.texts}


_COMBINE = {
    "add": "Several of them in one win add their multipliers.",
    "multiply": "Several of them in one win multiply their multipliers with each other.",
    "highest": "Of several of them in one win the highest multiplier counts.",
}
_CHANCES = {"double_up": "to double it (one chance in two)", "triple_up": "to triple it (one chance in three)"}


def sections(math: Math, settings: Settings) -> list[Section]:
    """What has to be said beside the pay table; only what the game has."""
    found = [
        Section("How wins are counted", list(_counting(math))),
        Section("Wild symbols", _wilds(math, math.wilds)),
        Section("Scatters", [_scatter(scatter, math) for scatter in math.scatters]),
        Section("Random multiplier", _multiplier(math)),
        *(Section(title_of(name, feature), list(_feature(name, feature, math))) for name, feature in math.features.items()),
        Section("By chance", [_random(award(drawn.award, math), drawn.chance) for drawn in math.random_awards]),
        Section("Buying a feature", list(_buys(math)) if settings.buy else []),
        Section("Gamble", list(_gamble(math)) if settings.gamble else []),
        Section("Jackpots", list(_jackpots(math, settings))),
        Section("The largest win", _cap(math)),
    ]
    return [section for section in found if section.texts]


def unit(math: Math) -> str:
    """What the pays of lines or ways are multiples of."""
    return "bet per coin" if math.coins else "bet per line"


def title_of(name: str, feature: Feature) -> str:
    return feature.title or _words(name)


def award(given: Award, math: Math) -> str:
    """An award within a sentence: 10 free spins at 3 times."""
    feature = math.features[given.feature]
    title = title_of(given.feature, feature)
    if not isinstance(feature, FreeSpins):
        return f"the feature “{title}”"
    spins = some(given.spins or 0, "free spin")
    times = f" with wins × {given.multiplier}" if given.multiplier else ""
    return spins + times + (f" (“{title}”)" if len(math.free_spins) > 1 else "")


def count_title(pay: LinePay | Scatter, count: int) -> str:
    """A row of the pay table: 3 × Steak."""
    return f"{count} × {pay.name}"


def combination_title(pay: LinePay) -> str:
    return f"{pay.name}: " + " – ".join("any" if ANYTHING in choice else listed(choice, "or") for choice in pay.combination)


def _counting(math: Math) -> Iterator[str]:
    run = {
        "left": "on neighbouring reels, beginning with the leftmost",
        "right": "on neighbouring reels, beginning with the rightmost",
        "both": "on neighbouring reels, beginning with the leftmost or with the rightmost",
        "any": "anywhere on the line",
    }[math.align]
    if math.pay_by == "ways":
        yield (
            f"Symbols pay {run}, in any row: each combination of one cell on each reel is a way, "
            "and each way that wins is paid once."
        )
    else:
        yield f"Symbols pay along the pay lines, {run}. Only lines that are played win."
    for align in ("left", "right", "both", "any"):
        names = [pay.name for pay in math.pays if pay.align == align != math.align]
        where = {"any": "wherever they stand on the line", "both": "from both sides"}.get(align, f"from the {align}")
        if names:
            yield f"{listed(names)}: counted {where}."
    for pay in (pay for pay in math.pays if pay.symbols):
        yield f"{pay.name} is any mix of {listed(pay.symbols)}."
    one = "way" if math.pay_by == "ways" else "line"
    if math.line_coinciding:
        yield f"Every win on a {one} is paid."
    else:
        sides = ", from the left and from the right" if math.align == "both" else ""
        yield f"On each {one} only the highest win is paid{sides}. Wins on different {one}s are added."
    if any(scatter.pays for scatter in math.scatters):
        yield "Wins of scatters are added to these."


def _wilds(math: Math, wilds: Iterable[Wild]) -> list[str]:
    texts = []
    multiplying = False
    for wild in wilds:
        kept = [name for name in wild.excepted if name not in {scatter.symbol for scatter in math.scatters}]
        others = f"every symbol except {listed(kept)}" if kept else "every other symbol"
        scatters = ", but no scatter," if math.scatters else ""
        reels = "" if wild.reels is None else f" on {_reels(wild.reels)}"
        text = f"{wild.symbol} replaces {others}{scatters}{reels}".rstrip(",") + "."
        if wild.multiplier > 1:
            multiplying = True
            text += f" A win in which it replaces another symbol is multiplied by {wild.multiplier}."
        if wild.expands:
            text += " It fills its whole reel before wins are counted."
        texts.append(text)
    return [*texts, _COMBINE[math.wild_multipliers]] if multiplying else texts


def _scatter(scatter: Scatter, math: Math) -> str:
    where = "anywhere in the window" if scatter.reels is None else f"anywhere on {_reels(scatter.reels)}"
    texts = [f"{scatter.symbol} counts {where}, as it landed."]
    if scatter.pays:
        texts.append("It pays multiples of the total bet.")
    texts += [
        f"{_at_least(count, scatter.awards)} win {award(given, math)}." for count, given in sorted(scatter.awards.items())
    ]
    return " ".join(texts)


def _at_least(count: int, counts: Iterable[int]) -> str:
    return f"{count} or more" if count == max(counts) else str(count)


def _multiplier(math: Math) -> list[str]:
    if math.multiplier is None:
        return []
    return [f"All that a paid spin wins is multiplied by a number that is drawn then: {_weighted(math.multiplier)}."]


def _feature(name: str, feature: Feature, math: Math) -> Iterator[str]:
    if isinstance(feature, FreeSpins):
        yield from _free_spins(name, feature, math)
    elif isinstance(feature, Pick):
        yield from _pick(feature, math)
    else:
        yield from _wheel(feature, math)


def _free_spins(name: str, feature: FreeSpins, math: Math) -> Iterator[str]:
    yield "Free spins are played with the bet and the lines of the spin that won them."
    if feature.strips != "base":
        yield "They have reels of their own."
    factors = dict(feature.multiplier)
    if len(factors) > 1:
        yield f"All that a free spin wins is multiplied by a number that is drawn then: {_weighted(factors)}."
    elif max(factors) > 1:
        yield f"All that they win is multiplied by {max(factors)}."
    if feature.wilds is not None:
        yield from _wilds(math, feature.wilds) or ["No symbol is wild in them."]
    if feature.extra_wilds:
        several = len(feature.extra_wilds.choices) > 1
        sets = listed([_reels(choice.reels) for choice in feature.extra_wilds.choices], "or")
        yield f"In each free spin {sets} turn{'' if several else 's'} into {feature.extra_wilds.symbol} from top to bottom."
    yield from (_scatter(scatter, math) for scatter in feature.scatters or ())
    if missed := _withheld(name, feature, math):
        yield f"{listed(missed)} can't be won in them."
    if name in leads_to(math)[name]:
        yield "More of them can be won while they run; they go on as they began."
        if feature.max_spins is not None:
            yield f"One run lasts {some(feature.max_spins, 'free spin')} at most."


def _withheld(name: str, feature: FreeSpins, math: Math) -> list[str]:
    """Features that the pays and scatters of the base game award, but not in these free spins."""
    given = [award for pay in math.pays for award in (*pay.awards.values(), pay.award) if award]
    if feature.scatters is None:
        given += [award for scatter in math.scatters for award in scatter.awards.values()]
    names = dict.fromkeys(award.feature for award in given)
    return [f"“{title_of(other, math.features[other])}”" for other in names if other in withheld(math, name)]


def _pick(pick: Pick, math: Math) -> Iterator[str]:
    places = sum(item.count for item in pick.items)
    ends = any(item.end for item in pick.items)
    until = " or until you find the one that ends it" if ends else ""
    yield f"Open {pick.picks} of {places} covers{until}. What lies under a cover is drawn when you open it, wherever you point."
    total = sum(item.weight * item.count for item in pick.items)
    for item in pick.items:
        what = _prize(item.pay, pick.unit, item.award, None, math, item.name)
        often = f"{item.count} of them: " if item.count > 1 else ""
        end = ", and the end" if item.end else ""
        yield f"{often}{what}{end} ({_percent(item.weight * item.count, total)} of the first covers)."


def _wheel(wheel: Wheel, math: Math) -> Iterator[str]:
    yield "The wheel is turned once."
    total = sum(segment.weight for segment in wheel.segments)
    for segment in wheel.segments:
        what = _prize(segment.pay, wheel.unit, segment.award, segment.jackpot, math, segment.name)
        yield f"{what} ({_percent(segment.weight, total)})."


def _prize(pay: int, of: str, given: Award | None, jackpot: str | None, math: Math, name: str) -> str:
    bet = "the total bet" if of == "total_bet" else f"the {unit(math)}"
    parts = [f"{pay:,} × {bet}"] if pay else []
    parts += [award(given, math)] if given else []
    parts += [f"the jackpot {jackpot}"] if jackpot else []
    what = listed(parts) or "nothing"
    return f"{name}: {what}" if name else what[0].upper() + what[1:]


def _buys(math: Math) -> Iterator[str]:
    for buy in math.buy:
        yield f"{buy.title}: {award(buy.award, math)} for {buy.cost:,} × the total bet."


def _gamble(math: Math) -> Iterator[str]:
    gamble = math.gamble
    if gamble is None:
        return
    chances = " or ".join(_CHANCES[kind] for kind in ("double_up", "triple_up") if kind in gamble.types)
    yield f"At the end of a round that has won, you may put the win at stake and try {chances}."
    yield "You choose whether all of the round's win is at stake, or only what its last spin has won; the rest is safe."
    limit = min(gamble.limit, math.win_cap or gamble.limit)
    yield (
        f"This can be done {some(gamble.max_steps, 'time')} at most, and only while the round would then pay no more than "
        f"{limit:,} × the total bet. A gamble that is lost ends the round."
    )


def _jackpots(math: Math, settings: Settings) -> Iterator[str]:
    for jackpot in math.jackpots:
        where = "" if jackpot.id in settings.jackpots else ", where a site runs it"
        if jackpot.pay is not None:
            yield f"{jackpot.count} × {jackpot.pay} triggers the jackpot {jackpot.id}{where}."
    if math.jackpots:
        yield "A jackpot is paid on top of what the round wins. A round wins each of them once at most, free spins included."


def _cap(math: Math) -> list[str]:
    if math.win_cap is None:
        return []
    return [f"A round pays at most {math.win_cap:,} × the total bet. When it has won that much, it ends, whatever was left."]


def _reels(reels: Sequence[int]) -> str:
    """Players count from 1."""
    if not reels:
        return "no reel"
    return ("reel " if len(reels) == 1 else "reels ") + listed([str(reel + 1) for reel in reels])


def _weighted(factors: dict[int, int]) -> str:
    total = sum(factors.values())
    return listed([f"{factor} ({_percent(weight, total)})" for factor, weight in sorted(factors.items())])


def _percent(part: int, total: int) -> str:
    return f"{100 * part / total:.4g} %"


def _random(given: str, chance: str) -> str:
    times, of = map(int, chance.split("/"))
    return f"Any spin that is paid for may also win {given}: 1 in {of / times:,.6g} does."


def listed(words: Sequence[str], last: str = "and") -> str:
    """a, b and c"""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def some(count: int, thing: str) -> str:
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def _words(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").capitalize()
