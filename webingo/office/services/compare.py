"""What differs between two documents of a site, for people to read before it is saved, and what of it is dangerous."""

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Path = tuple[str, ...]


class Difference(NamedTuple):
    """A value that is other than before, None where there was or is none. `place`: games › joker-bingo › enabled."""

    place: str
    before: str | None
    after: str | None


class Line(NamedTuple):
    """A line of the two documents side by side: `mark` is "+", "-", " " or "@" for lines left out."""

    mark: str
    text: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Value by value, in the order of the newer document. Things with an id are compared with the one of the same id."""
    old, new = dict(_values((), before)), dict(_values((), after))
    places = [*new, *(place for place in old if place not in new)]
    found = [
        Difference(" › ".join(place), old.get(place), new.get(place)) for place in places if old.get(place) != new.get(place)
    ]
    if not found and list(old) != list(new):
        found.append(Difference("order", ", ".join(_order(before)), ", ".join(_order(after))))
    return found


def _order(document: Mapping[str, Any]) -> list[str]:
    return [str(game.get("id")) for game in document.get("games", ()) if isinstance(game, Mapping)]


def _values(place: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _values((*place, str(name)), inner)
    elif place == ("social", "levels") and isinstance(value, list):
        for number, level in enumerate(value, 2):  # as people count them: everybody has the first
            yield (*place, f"level {number}"), json.dumps(level, ensure_ascii=False)
    elif isinstance(value, list) and value and all(isinstance(inner, Mapping) for inner in value):
        for index, inner in enumerate(value):
            name = inner.get("id")
            yield from _values((*place, name if isinstance(name, str) else str(index + 1)), inner)
    else:
        yield place, json.dumps(value, ensure_ascii=False)


def side_by_side(before: Mapping[str, Any], after: Mapping[str, Any], around: int = 2) -> list[Line]:
    """The documents as text, with only so many of the same lines around each difference."""
    old, new = written(before).splitlines(), written(after).splitlines()
    lines = list[Line]()
    for line in difflib.unified_diff(old, new, n=around, lineterm=""):
        if line.startswith("@@"):
            lines.append(Line("@", "⋯"))
        elif not line.startswith(("---", "+++")):
            lines.append(Line(line[0], line[1:]))
    return lines


def written(document: Mapping[str, Any]) -> str:
    """As people read and edit it: short lists on one line."""
    return "\n".join(_written(document, ""))


def _written(value: Any, indent: str) -> list[str]:
    plain = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or (len(plain) + len(indent) <= 100 and not _deep(value)):
        return plain.split("\n")
    deeper = indent + "  "
    pairs = [(f"{json.dumps(name)}: ", inner) for name, inner in value.items()] if isinstance(value, dict) else None
    items = pairs if pairs is not None else [("", inner) for inner in value]
    lines = ["{" if pairs is not None else "["]
    for place, (name, inner) in enumerate(items):
        found = _written(inner, deeper)
        found[0] = deeper + name + found[0]
        found[-1] += "," if place < len(items) - 1 else ""
        lines += found
    return [*lines, indent + ("}" if pairs is not None else "]")]


def _deep(value: Any) -> bool:
    """Whether there are objects within; a site itself is never written on one line."""
    inner = value.values() if isinstance(value, dict) else value
    return any(isinstance(each, dict | list) and each for each in inner) and isinstance(value, dict | list) and len(value) > 2


def dangers(before: Mapping[str, Any], after: Mapping[str, Any], open_rounds: Mapping[str, int]) -> list[str]:
    """What should not be done by accident. `open_rounds` by game, as they are now."""
    found = []
    if before.get("denomination") != after.get("denomination"):
        found.append("The denomination changes: players with an open round can't log in, and their wallets here are others.")
    if before.get("enabled", True) and not after.get("enabled", True):
        found.append("The site closes: nobody can log in, and sessions that run can begin no round.")
    if after.get("test_mode") and not before.get("test_mode"):
        found.append("Test mode lets players of this site force outcomes, where the servers run with debug.")
    games = {game["id"] for game in after.get("games", ())}
    for game in before.get("games", ()):
        count = open_rounds.get(game["id"], 0)
        if game["id"] not in games and count:
            found.append(f"{game['id']} is taken away with {count} open rounds, which can't be ended then: disable it instead.")
    return [
        *found,
        *_money_dangers(before, after),
        *_jackpot_dangers(before, after),
        *_social_dangers(before.get("social"), after.get("social")),
    ]


def _money_dangers(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    was, now = before.get("operator", ""), after.get("operator", "")
    if was != now:
        keeps = f"{now} keeps the players' money from now on" if now else "The players' money is kept here from now on"
        yield f"{keeps}: what they have {'at ' + was if was else 'here'} stays there, not to be played with on this site."
    if after.get("rgs") and not before.get("rgs"):
        yield "Games that live elsewhere may use this site's money: whoever has an API key decides what they win."
    if before.get("rgs") and not after.get("rgs"):
        yield "Games that live elsewhere can take no more wagers here. Rounds of theirs that are open can still be ended."


def _jackpot_dangers(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    kept = {jackpot["id"]: jackpot for jackpot in after.get("jackpots", ())}
    for jackpot in before.get("jackpots", ()):
        name, now = jackpot["id"], kept.get(jackpot["id"])
        was, units = _ceiling(jackpot), 0 if now is None else _ceiling(now)
        if now is None:
            yield f"{name} is taken away: what players fed it stays in its meter, and nobody can win it."
            continue
        # Certification 4 (GLI-19 2.4.2): after contributions a ceiling goes up only.
        if units < was:
            yield f"The ceiling of {name} is lowered: it only ever goes up while a meter runs."
        elif units > was:
            yield (
                f"The ceiling of {name} is raised from {was:,} to {units:,} units: players will be told, and it can't be "
                "lowered again. Only a new id resets it."
            )
        if now.get("storage_multiplier", 1000) != jackpot.get("storage_multiplier", 1000):
            yield f"{name} counts in other storage units: its bounds in units, and the value that is shown, become others."


def _social_dangers(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[str]:
    if before is not None and after is None:
        yield "This is no social casino any more: levels, bonus and rewards are gone. What players have spent is kept."
    was, now = before or {}, after or {}
    if now.get("allow_manual_credit") and not was.get("allow_manual_credit"):
        yield "Players of this site may give themselves credits, where the servers run with debug."
    old = [level["spend"] for level in was.get("levels", ())]
    sooner = [
        place + 2
        for place, level in enumerate(now.get("levels", ()))
        if level.get("reward") and (place >= len(old) or level["spend"] < old[place])
    ]
    if sooner:
        levels = f"Level {sooner[0]} is" if len(sooner) == 1 else f"{len(sooner)} levels, from {sooner[0]} on, are"
        yield f"{levels} new or reached sooner: who has spent enough already is given the reward, and it is not taken back."


def _ceiling(jackpot: Mapping[str, Any]) -> int:
    """In whole units of the denomination."""
    units: int = jackpot["max"] // jackpot.get("storage_multiplier", 1000)
    return units
