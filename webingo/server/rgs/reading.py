"""How the RGS door reads a call: strictly, whether its fields come as a JSON object or in the query."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from webingo.errors import Code, Refused
from webingo.problems import invalid, strict_json
from webingo.session.protocol import MAX_DEPTH, too_deep

Ask = TypeVar("Ask", bound=BaseModel)


def read_body(body: bytes, ask: type[Ask]) -> Ask:
    """Raises Refused: BAD_MESSAGE for what is no JSON object, BAD_PARAMS for what is wrong in it."""
    try:
        value = _json(body.decode())
    except UnicodeDecodeError:
        raise Refused(Code.BAD_MESSAGE, "The body is not UTF-8.") from None
    except ValueError as error:
        raise Refused(Code.BAD_MESSAGE, f"The body is not JSON: {error}."[:300]) from None
    if not isinstance(value, dict):
        raise Refused(Code.BAD_MESSAGE, "The body has to be one JSON object, {…}.")
    return _checked(ask, value)


def read_query(query: Mapping[str, Sequence[bytes]], ask: type[Ask]) -> Ask:
    """Texts stand in a query as they are, everything else as JSON. Raises Refused as `read_body`."""
    return _checked(ask, {name: _field(name, texts, ask) for name, texts in query.items()})


def _field(name: str, texts: Sequence[bytes], ask: type[BaseModel]) -> Any:
    if len(texts) > 1:
        raise Refused(Code.BAD_PARAMS, f"{name[:64]}: it is given {len(texts)} times.")
    try:
        text = texts[0].decode()
    except UnicodeDecodeError:
        raise Refused(Code.BAD_PARAMS, f"{name[:64]}: this is not UTF-8.") from None
    if name not in ask.model_fields or _is_text(ask, name):
        return text
    try:
        return _json(text)
    except ValueError as error:
        raise Refused(Code.BAD_PARAMS, f"{name}: this is not JSON: {error}."[:300]) from None


def _is_text(ask: type[BaseModel], name: str) -> bool:
    return isinstance(ask.model_fields[name].default, str)


def _checked(ask: type[Ask], value: dict[str, Any]) -> Ask:
    if too_deep(value, MAX_DEPTH):
        raise Refused(Code.BAD_PARAMS, f"Nested more than {MAX_DEPTH} levels deep.")
    try:
        return ask.model_validate(value)
    except ValidationError as error:
        problems = invalid("", error, ask.model_fields)
        # A name that is unknown says more than the one that is missing for it.
        unknown = [found for found in problems if found[1] in value and found[1] not in ask.model_fields]
        _, field, reason = (unknown or problems)[0]
        text = f"{field[:200]}: {reason[:300]}" if field else reason[:300]
        raise Refused(Code.BAD_PARAMS, f"{text}.") from None


def _json(text: str) -> Any:
    """With integers of any size, which orjson has not. ValueError for what is not JSON, or names a field twice."""
    try:
        return strict_json(text, _float)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _float(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError("a number is too large")
    return value
