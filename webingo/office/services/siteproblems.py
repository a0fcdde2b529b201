"""What the checks say of a site's document, each at the field of the form that it is about."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from webingo.office.services.sitefields import Field, Form, Group

_TAGS = (".trigger.game.", ".trigger.mystery.")  # as pydantic calls the kinds of a trigger
_FIRST_LEVEL = 2  # is what the first line leads to


def with_problems(made: Form, problems: Iterable[tuple[str, str]]) -> Form:
    """Each (place in the document, reason) at the field whose place it names, else at the group, else at the form."""
    at_fields, at_groups, others = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list), list[str]()
    fields = {one.name: one for group in made.groups() for one in group.fields}
    prefixes = {group.prefix for group in made.groups() if group.prefix}
    for place, reason in problems:
        place = _plain(place)
        if found := _above(place, fields):
            at_fields[found].append(_within(fields[found], place, reason))
        elif found := _above(place, prefixes):
            if (named := _named(place, reason)) in fields:
                at_fields[named].append(reason.removeprefix(f"{named.rpartition('.')[2]}: "))
            else:
                rest = place.removeprefix(found).lstrip(".")
                at_groups[found].append(f"{rest}: {reason}" if rest else reason)
        else:
            others.append(f"{place}: {reason}" if place else reason)

    def marked(groups: tuple[Group, ...]) -> tuple[Group, ...]:
        return tuple(
            replace(
                group,
                fields=tuple(replace(one, problems=tuple(at_fields[one.name])) for one in group.fields),
                problems=tuple(at_groups[group.prefix]) if group.prefix else (),
            )
            for group in groups
        )

    return replace(
        made,
        site=marked(made.site),
        games=marked(made.games),
        jackpots=marked(made.jackpots),
        social=marked(made.social),
        products=marked(made.products),
        problems=tuple(others),
    )


def _plain(place: str) -> str:
    for tag in _TAGS:
        place = place.replace(tag, ".trigger.")
    return place.rstrip(".")


def _above(place: str, known: Collection[str]) -> str | None:
    """The place, or the nearest around it, that is known."""
    parts = place.split(".")
    return next((name for count in range(len(parts), 0, -1) if (name := ".".join(parts[:count])) in known), None)


def _named(place: str, reason: str) -> str:
    """The field that a problem of the whole speaks of first: "max must be …" of a jackpot."""
    return f"{place}.{reason.replace(':', ' ').partition(' ')[0]}"


def _within(field: Field, place: str, reason: str) -> str:
    """Of several values in one field it says which."""
    rest = place.removeprefix(field.name).lstrip(".")
    if field.kind == "price" and rest:
        return f"{rest}: {reason}"
    line, _, name = rest.partition(".")
    if field.kind == "levels" and line.isdigit():
        return f"level {int(line) + _FIRST_LEVEL}{', ' if name else ''}{name}: {reason}"
    return reason
