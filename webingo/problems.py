"""Finding and naming what is wrong in a file that people write: (file, field, reason), as errors.BadResource holds them."""

import json
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from webingo.errors import BadResource

Problem = tuple[str, str, str]


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises BadResource: not there, not UTF-8, not JSON (with the line), a key given twice."""
    file = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadResource([(file, "", f"this is not UTF-8 text (byte {error.start})")]) from None
    except OSError as error:
        raise BadResource([(file, "", f"can't be read: {error.strerror}")]) from None
    return parse_object(file, text)


def parse_object(file: str, text: str) -> dict[str, Any]:
    """The JSON object in a text; `file` is what problems name as its source. Raises BadResource."""
    try:
        value = strict_json(text)
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: this is not JSON: {error.msg}"
        raise BadResource([(file, "", reason)]) from None
    except RecursionError:
        raise BadResource([(file, "", "this is not JSON that can be read: it is nested too deeply")]) from None
    except ValueError as error:
        raise BadResource([(file, "", str(error))]) from None
    if not isinstance(value, dict):
        raise BadResource([(file, "", "it must be one JSON object, {…}")])
    return value


def strict_json(text: str, parse_float: Callable[[str], float] | None = None) -> Any:
    """Its integers are of any size. Raises ValueError for what is no JSON, NaN and infinities, and for a key given twice;
    RecursionError where it is nested too deeply. `parse_float` reads fractions."""
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=parse_float)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} is given twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def invalid(file: str, error: ValidationError, known: Iterable[str] = (), prefix: str = "") -> list[Problem]:
    """What pydantic found, one problem for each field. `known` are the names that an unknown top-level key could have meant.

    The values themselves are left out: they may be secret.
    """
    names = list(known)
    return [
        (file, prefix + ".".join(str(part) for part in found["loc"]), _reason(found["type"], found["msg"], found["loc"], names))
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _reason(kind: str, message: str, where: tuple[int | str, ...], known: list[str]) -> str:
    if kind == "extra_forbidden":
        return unknown("key", str(where[-1]), known if len(where) == 1 else [])
    if kind == "missing":
        return "this key is missing"
    return message.removeprefix("Value error, ")


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """A sentence for a name that does not exist, with the nearest one that does."""
    near = get_close_matches(name, list(known), n=1)
    return f"unknown {what}; did you mean {near[0]}?" if near else f"unknown {what}"
