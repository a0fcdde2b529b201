"""A site's document as a form, and what was typed into it as a document again.

A field's name is the place of its value in the document (`games.0.settings.bets`), which is also how checks name what is
wrong: so every problem finds its field. What the form does not know of a document stays as it is.
"""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from webingo.engines.registry import engines
from webingo.resources.game import GameManifest

REMOVE = "remove"
_TAGS = (".trigger.game", ".trigger.mystery")


@dataclass(frozen=True, slots=True)
class Field:
    """`kind`: text, number, switch, choice, list (with commas), lines, json. An empty one is left out of the document, and its
    default (`hint` says it) is in force. `problems` are what the checks say of it."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    hint: str = ""
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def on(self) -> bool:
        return self.value == "true"


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together: a game, a jackpot. `prefix` is the place of the object that they are in; "" is the site."""

    title: str
    prefix: str
    fields: tuple[Field, ...]
    note: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    site: tuple[Group, ...]
    games: tuple[Group, ...]
    jackpots: tuple[Group, ...]
    addable: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())

    def groups(self) -> Iterator[Group]:
        yield from (*self.site, *self.games, *self.jackpots)


_SITE = (
    ("Site", "", (
        Field("title", "Title", help="What players read."),
        Field("initial_credits", "Initial credits", "number", hint="0", help="In the smallest unit."),
        Field("allowed_origins", "Allowed origins", "lines", help='Web pages, one a line. "self" is the server.'),
        Field("enabled", "Open", "switch", value="true", help="A closed site lets nobody log in."),
        Field("test_mode", "Test mode", "switch", help="Testers may force outcomes; only with debug."),
    )),
    ("Flags", "flags", (
        Field("flags.autoplay", "Autoplay", "switch"),
        Field("flags.turbo", "Turbo", "switch", help="Quicker animations."),
        Field("flags.min_spin_ms", "Least time between rounds", "number", hint="0", help="Milliseconds."),
    )),
    ("SLOT-IDE", "slot_ide", (
        Field("slot_ide.hide_reels", "Hide reels", "switch", value="true", help="The reel strips are not sent."),
        Field("slot_ide.inactivity_timeout_s", "Idle time", "number", help="Seconds; empty for the servers' own."),
    )),
)  # fmt: skip

_JACKPOT = (
    Field("id", "Id", help="jp_ and a name; never changed later."),
    Field("title", "Title"),
    Field("min", "Begins with", "number", help="Storage units."),
    Field("max", "Ceiling", "number", help="Storage units. It only ever goes up."),
    Field("storage_multiplier", "Storage units", "number", hint="1000", help="So many make one smallest unit of the money."),
    Field("contribution", "Contribution", hint="0", help="Share of each wager: 0.01 is 1 %."),
    Field("reserve", "Reserve", hint="0", help="Share for the pool that later runs begin from."),
    Field("games", "Fed by", "list", hint="all games of the site"),
    Field(
        "trigger.by", "Won by", "choice", value="game", choices=(("game", "the game's rules"), ("mystery", "a hidden value"))
    ),
    Field("trigger.before", "Must be won before", "number", help="Storage units; a hidden value only."),
)


def form(document: Mapping[str, Any], manifests: Mapping[str, GameManifest], problems: Iterable[tuple[str, str]] = ()) -> Form:
    """The form with the document's values; `problems` are (place in the document, reason)."""
    site = tuple(Group(title, prefix, tuple(_filled(document, one) for one in known)) for title, prefix, known in _SITE)
    games, offered = [], []
    for place, game in enumerate(_objects(document.get("games"))):
        offered.append(game.get("id"))
        games.append(_game(document, f"games.{place}", game, manifests.get(str(game.get("id")))))
    jackpots = []
    for place, jackpot in enumerate(_objects(document.get("jackpots"))):
        prefix = f"jackpots.{place}"
        fields = tuple(_filled(document, replace(one, name=f"{prefix}.{one.name}")) for one in _JACKPOT)
        jackpots.append(Group(str(jackpot.get("title") or jackpot.get("id") or "New jackpot"), prefix, fields))
    addable = tuple(game for game in manifests if game not in offered)
    return _with_problems(Form(site, tuple(games), tuple(jackpots), addable), problems)


def _game(document: Mapping[str, Any], prefix: str, game: Mapping[str, Any], manifest: GameManifest | None) -> Group:
    fields = [_filled(document, Field(f"{prefix}.enabled", "Enabled", "switch", value="true"))]
    if manifest is None:
        return Group(str(game.get("id")), prefix, tuple(fields), "This program has no such game.")
    types = _types(manifest.engine)
    for name in manifest.open_to_sites:
        default = manifest.settings.get(name, types.get(name, {}).get("default"))
        field_ = Field(f"{prefix}.settings.{name}", _words(name), _kind(types.get(name, {})), hint=_text(default))
        if field_.kind == "switch":  # three states: as the game has it, yes, no
            choices = (("", f"as the game: {'yes' if default else 'no'}"), ("true", "yes"), ("false", "no"))
            field_ = replace(field_, kind="choice", choices=choices)
        fields.append(_filled(document, field_))
    return Group(manifest.title, prefix, tuple(fields), f"{manifest.id} {manifest.version}")


@cache
def _types(engine: str) -> Mapping[str, Any]:
    """The JSON Schemas of an engine's settings, by name."""
    found: Mapping[str, Any] = engines()[engine].Settings.model_json_schema().get("properties", {})
    return found


def _kind(schema: Mapping[str, Any]) -> str:
    types = [schema.get("type"), *(inner.get("type") for inner in schema.get("anyOf", ()))]
    known = {"integer": "number", "boolean": "switch", "array": "list", "string": "text"}
    return next((known[name] for name in types if name in known), "json")


def _filled(document: Mapping[str, Any], empty: Field) -> Field:
    found = _at(document, empty.name)
    if found is None:
        return empty
    if empty.kind == "lines" and isinstance(found, list):
        return replace(empty, value="\n".join(map(str, found)))
    return replace(empty, value=_text(found))


def _text(value: Any) -> str:
    if isinstance(value, list | tuple) and all(isinstance(inner, int | str) for inner in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def document(before: Mapping[str, Any], manifests: Mapping[str, GameManifest], posted: Mapping[str, str]) -> dict[str, Any]:
    """What was typed into the form of `before`. Nothing is refused here: what makes no sense stays text, and the checks say so.

    `add_game` adds a game, `add_jackpot` an empty jackpot; `remove` with a place ("remove.games.1") takes it away.
    """
    after: dict[str, Any] = copy.deepcopy(dict(before))
    for group in form(before, manifests).groups():
        for one in group.fields:
            _put(after, one.name.split("."), _read(one, posted.get(one.name, "")))
    for name in ("games", "jackpots"):
        kept = [inner for place, inner in enumerate(after.get(name) or ()) if f"{REMOVE}.{name}.{place}" not in posted]
        if name in after or kept:
            after[name] = kept
    if posted.get("add_game") in manifests:
        after.setdefault("games", []).append({"id": posted["add_game"]})
    if posted.get("add_jackpot"):
        after.setdefault("jackpots", []).append({"id": "jp_", "title": "", "denomination": after.get("denomination", "")})
    return after


def _read(one: Field, text: str) -> Any:
    """The value, or None where it is left out."""
    text = text.strip()
    if one.kind == "switch":
        # Left out where it is as it would be without.
        return None if (text == "true") == (_default(one) == "true") else text == "true"
    if not text:
        return None
    if one.kind == "choice" and text in ("true", "false"):
        return text == "true"
    if one.kind == "number":
        return _integer(text)
    if one.kind == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if one.kind == "list":
        return [_integer(item.strip()) for item in text.strip("[]").split(",") if item.strip()]
    if one.kind == "json":
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _default(one: Field) -> str:
    known = {each.name: each.value for _, _, fields in _SITE for each in fields}
    return known.get(one.name, "true" if one.name.endswith(".enabled") else "false") or "false"


def _integer(text: str) -> Any:
    plain = text.replace("_", "")
    return int(plain) if plain.lstrip("-").isascii() and plain.lstrip("-").isdigit() and len(plain) < 20 else text


def _put(inside: Any, path: list[str], value: Any) -> None:
    """Sets or removes a value; objects on the way are made, and removed where they become empty."""
    name, *rest = path
    if isinstance(inside, list):
        if name.isdigit() and int(name) < len(inside):
            _put(inside[int(name)], rest, value)
        return
    if not isinstance(inside, dict):
        return
    if not rest:
        if value is None:
            inside.pop(name, None)
        else:
            inside[name] = value
        return
    if value is not None or name in inside:
        _put(inside.setdefault(name, {}), rest, value)
        if inside[name] == {}:
            del inside[name]


def _at(inside: Any, place: str) -> Any:
    for name in place.split("."):
        if isinstance(inside, list) and name.isdigit() and int(name) < len(inside):
            inside = inside[int(name)]
        elif isinstance(inside, Mapping):
            inside = inside.get(name)
        else:
            return None
    return inside


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [inner if isinstance(inner, Mapping) else {} for inner in value] if isinstance(value, list) else []


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _named(place: str, reason: str) -> str:
    """The field that a problem of the whole speaks of first: "max must be …" of a jackpot."""
    return f"{place}.{reason.replace(':', ' ').partition(' ')[0]}"


def _with_problems(made: Form, problems: Iterable[tuple[str, str]]) -> Form:
    """Each problem at the field whose place it names, else at the group, else at the form."""
    at_fields, at_groups, others = dict[str, list[str]](), dict[str, list[str]](), list[str]()
    names = {one.name for group in made.groups() for one in group.fields}
    prefixes = {group.prefix for group in made.groups() if group.prefix}
    for place, reason in problems:
        for tag in _TAGS:
            place = place.replace(tag + ".", ".trigger.") if tag + "." in place else place
        place = place.rstrip(".")
        parts = place.split(".")
        above = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
        if (found := next((name for name in above if name in names), None)) is not None:
            at_fields.setdefault(found, []).append(reason)
        elif (found := next((name for name in above if name in prefixes), None)) is not None:
            rest = place.removeprefix(found).lstrip(".")
            if (named := _named(place, reason)) in names:
                at_fields.setdefault(named, []).append(reason.removeprefix(f"{named.rpartition('.')[2]}: "))
                continue
            at_groups.setdefault(found, []).append(f"{rest}: {reason}" if rest else reason)
        else:
            others.append(f"{place}: {reason}" if place else reason)

    def marked(groups: tuple[Group, ...]) -> tuple[Group, ...]:
        return tuple(
            replace(
                group,
                fields=tuple(replace(one, problems=tuple(at_fields.get(one.name, ()))) for one in group.fields),
                problems=tuple(at_groups.get(group.prefix, ())) if group.prefix else (),
            )
            for group in groups
        )

    return replace(
        made, site=marked(made.site), games=marked(made.games), jackpots=marked(made.jackpots), problems=tuple(others)
    )
