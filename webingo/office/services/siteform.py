"""A site's document as a form, and what was typed into it as a document again. What the form does not know of a document
stays as it is."""

import copy
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

from webingo.engines.registry import engines
from webingo.office.services.sitefields import OBJECTS, SITE, SOCIAL, Field, Form, Group
from webingo.office.services.siteproblems import with_problems
from webingo.resources.game import GameManifest

REMOVE = "remove"
_KEPT_EMPTY = ("social",)  # objects that say something by being there


def form(
    document: Mapping[str, Any],
    manifests: Mapping[str, GameManifest],
    problems: Iterable[tuple[str, str]] = (),
    sells: bool = False,
) -> Form:
    """The form with the document's values; `problems` are (place in the document, reason). `sells`: see Form."""
    site = tuple(_group(document, title, prefix, known) for title, prefix, known in SITE)
    games, offered = [], []
    for place, game in enumerate(_objects(document.get("games"))):
        offered.append(game.get("id"))
        games.append(_game(document, f"games.{place}", game, manifests.get(str(game.get("id")))))
    is_social = isinstance(document.get("social"), Mapping)
    social = (_group(document, "", "social", SOCIAL),) if is_social else ()
    products = _each(document, "products", "New product")
    addable = tuple(game for game in manifests if game not in offered)
    made = Form(
        site,
        tuple(games),
        _each(document, "jackpots", "New jackpot"),
        social,
        products,
        sells or is_social or bool(products),
        addable,
    )
    return with_problems(made, problems)


def _group(document: Mapping[str, Any], title: str, prefix: str, known: Iterable[Field]) -> Group:
    return Group(title, prefix, tuple(_filled(document, one) for one in known))


def _each(document: Mapping[str, Any], name: str, fresh: str) -> tuple[Group, ...]:
    """A group for each object of a list; `fresh` is what one is called that has no title yet."""
    groups = []
    for place, inner in enumerate(_objects(document.get(name))):
        prefix = f"{name}.{place}"
        known = (replace(one, name=f"{prefix}.{one.name}") for one in OBJECTS[name])
        groups.append(_group(document, str(inner.get("title") or inner.get("id") or fresh), prefix, known))
    return tuple(groups)


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
    if empty.kind in ("lines", "levels") and isinstance(found, list):
        level = partial(_words_of, names=("spend", "reward"))
        return replace(empty, value="\n".join(map(level if empty.kind == "levels" else str, found)))
    if empty.kind == "choice" and (text := _text(found)) not in dict(empty.choices):
        # What a document says in words that are none of ours stays, until something else is chosen.
        return replace(empty, value=text, choices=(*empty.choices, (text, text)))
    if empty.kind == "price":
        return replace(empty, value=_words_of(found, ("amount", "currency")))
    return replace(empty, value=_text(found))


def _words_of(value: Any, names: tuple[str, str]) -> str:
    """An object of two values, of which the second may be missing, as two words: a level, a price."""
    if isinstance(value, Mapping) and tuple(value) in (names[:1], names):
        words = [_text(inner) for inner in value.values() if isinstance(inner, int | str)]
        if len(words) == len(value) and all(len(word.split()) == 1 for word in words):
            return " ".join(words)
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple) and all(isinstance(inner, int | str) for inner in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def document(before: Mapping[str, Any], manifests: Mapping[str, GameManifest], posted: Mapping[str, str]) -> dict[str, Any]:
    """What was typed into the form of `before`. Nothing is refused here: what makes no sense stays text, and the checks say so.

    `add_game` adds a game, `add_jackpot`, `add_product` and `add_social` what the form then has fields for; `remove` with a
    place ("remove.games.1") takes it away.
    """
    after: dict[str, Any] = copy.deepcopy(dict(before))
    for group in form(before, manifests).groups():
        for one in group.fields:
            _put(after, one.name.split("."), _read(one, posted.get(one.name, "")))
    for name in ("games", *OBJECTS):
        kept = [inner for place, inner in enumerate(after.get(name) or ()) if f"{REMOVE}.{name}.{place}" not in posted]
        if name in after or kept:
            after[name] = kept
    if posted.get("add_game") in manifests:
        after.setdefault("games", []).append({"id": posted["add_game"]})
    if posted.get("add_jackpot"):
        after.setdefault("jackpots", []).append({"id": "jp_", "title": "", "denomination": after.get("denomination", "")})
    if posted.get("add_product"):
        after.setdefault("products", []).append({"id": "", "title": ""})
    if posted.get("add_social"):
        after["social"] = {}
    if f"{REMOVE}.social" in posted:
        after.pop("social", None)
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
        return _lines(text)
    if one.kind == "levels":
        return [_read_words(line, ("spend", "reward"), _integer) for line in _lines(text)]
    if one.kind == "price":
        return _read_words(text, ("amount", "currency"), str)
    if one.kind == "list":
        return [_integer(item.strip()) for item in text.strip("[]").split(",") if item.strip()]
    if one.kind == "json":
        return _json(text)
    return text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _read_words(text: str, names: tuple[str, str], read: Callable[[str], Any]) -> Any:
    """What `_words_of` has written, or whatever else was typed."""
    if text.startswith("{"):
        return _json(text)
    words = text.replace(":", " ").split()
    return dict(zip(names, map(read, words), strict=False)) if 0 < len(words) <= len(names) else text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _default(one: Field) -> str:
    known = {each.name: each.value for _, _, fields in SITE for each in fields}
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
        if inside[name] == {} and name not in _KEPT_EMPTY:
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
