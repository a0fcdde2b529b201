"""Where in a JSON text a value stands, so that a problem of `games.0.settings` can be shown at its line."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def lines(text: str) -> dict[str, int]:
    """The line (from 1) at which each value begins, by its place: "", "games", "games.0", "games.0.id"."""
    return dict(_places(text))


def _places(text: str) -> Iterator[tuple[str, int]]:
    path: list[str] = []
    open_: list[str] = []  # "{" or "[" for each level
    expects_key = False
    line, seen = 1, 0
    for token in _TOKEN.finditer(text):
        line, seen = line + text.count("\n", seen, token.start()), token.start()
        word = token[0]
        if word in "}]":
            expects_key = False
            if open_:
                open_.pop()
                path.pop()
        elif word == ",":
            if open_ and open_[-1] == "[":
                path[-1] = str(int(path[-1]) + 1)
            expects_key = bool(open_) and open_[-1] == "{"
        elif word == ":":
            expects_key = False
        elif expects_key:
            path[-1] = word[1:-1]
        else:
            yield ".".join(path), line
            if word in "{[":
                open_.append(word)
                path.append("" if word == "{" else "0")
                expects_key = word == "{"


def line_of(places: dict[str, int], place: str) -> int | None:
    """The line of a place, or of what is nearest around it."""
    parts = place.split(".") if place else []
    for count in range(len(parts), -1, -1):
        if (found := places.get(".".join(parts[:count]))) is not None:
            return found
    return None
