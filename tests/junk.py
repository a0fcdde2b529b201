"""Frames that no client of ours would send: valid messages broken in every way that we could think of, and plain noise."""

import json
import random
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

SID = "@sid@"
"""Stands for the id of the game's present state until the frame is sent."""

Frame = tuple[bool, bytes]
"""(text or binary, payload)"""

MESSAGES: list[dict[str, Any]] = [
    {"t": "action", "action": "bet", "params": {"amount": 4}, "sid": SID},
    {"t": "action", "action": "bet", "params": {"amount": 4}, "sid": SID, "re": "r"},
    {"t": "action", "action": "cards", "params": {"open": [0, 2]}, "sid": SID},
    {"t": "action", "action": "extra", "params": {}, "sid": SID, "re": 7},
    {"t": "action", "action": "end", "params": {}, "sid": SID},
    {"t": "gameload", "gameid": "joker-bingo"},
    {"t": "gameload", "gameid": "bingo-75"},
    {"t": "gamefinish"},
    {"t": "userdata", "set": {"theme": {"dark": True}}, "unset": ["gone"]},
    {"t": "userdata", "set": {"soc_level": 99}},
    {"t": "component", "which": "history", "message": {"what": "rounds", "first": 0, "count": 3}},
    {"t": "component", "which": "history", "message": {"what": "round", "id": "00-aaaaaaaaaaaaaaaaaaaaaaaa"}},
    {"t": "auth", "auth": {"uid": "witness", "token": "", "userinfo": {}}, "platform": "demo", "site": "demo"},
]


class Raw(str):
    """Goes into the JSON as it is."""


NASTY: list[Any] = [
    None, True, False, 0, 1, -1, 4, 4.0, 4.5, -4, -0.0, 1e308, 5e-324, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64,
    -(2**63), 10**30, Raw("1e400"), Raw("NaN"), Raw("-Infinity"), Raw("04"), Raw("+4"), Raw("0x4"), Raw("4e0"),
    Raw("4" * 400), Raw("1" * 5000),
    "", " ", "4", "bet", "null", "\0", "a\0b", "\x1b[31m", "\u202e", "\ufeff", "\uffff", "\U0010ffff", "é" * 64,
    "é" * 129, "x" * 20_000, Raw('"\\ud800"'), Raw('"\\udfff\\ud800"'), Raw('"\\ud83d\\ude00"'), Raw('"\\u0000"'),
    Raw('"\\x00"'), Raw('"\t"'), Raw("'x'"),
    "__proto__", "constructor", "__class__", "../../etc/passwd", "%00", "${jndi:ldap://127.0.0.1/x}", "{0.__class__}",
    "'; DROP TABLE users; --", "wb:{0}:ledger", "\r\nSET x y\r\n", "soc_level", "spend_total", "soc_\n", "demo", "history",
    [], {}, [[]], [None], {"": ""}, {"__proto__": {"amount": 4}}, {"amount": 4, "win": 10**6},
    {"open": Raw(json.dumps(list(range(999))))}, {"open": [0, 0]}, {"open": [-1]}, {"open": [True]}, {"open": [0.0]},
    {"what": "round", "id": "99-" + "a" * 40}, {"what": "round", "id": "\u0663\u0663-" + "a" * 40},
    Raw("[" * 33 + "]" * 33), Raw("[" * 300 + "]" * 300), Raw("[" * 2000 + "]" * 2000), Raw("[" * 9000),
    Raw('{"a":' * 254 + "1" + "}" * 254), Raw(json.dumps([0] * 5000)), Raw(json.dumps({str(n): n for n in range(2000)})),
    Raw('{"a":1,"a":2}'), Raw('{"amount":4,"amount":400}'),
]  # fmt: skip
NAMES = [
    "__proto__",
    "constructor",
    "",
    "T",
    "t ",
    "\0",
    "credits",
    "balance",
    "epoch",
    "site",
    "platform",
    "x" * 5000,
    "é",
    "re",
]


def written(value: Any) -> str:
    """JSON, with whatever is Raw put in as it is."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(key))}:{written(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place inside of a value."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from paths(inner, (*path, key))


def changed(value: Any, path: tuple[Any, ...], to: Any) -> Any:
    """A copy with another value at that place."""
    key, *rest = path
    inner = changed(value[key], tuple(rest), to) if rest else to
    if isinstance(value, dict):
        return {**value, key: inner}
    return [*value[:key], inner, *value[key + 1 :]]


def every_field_replaced() -> Iterator[bytes]:
    """Each message with each nasty value at each of its places."""
    for message in MESSAGES:
        for path in paths(message):
            for value in NASTY:
                yield written(changed(message, path, value)).encode()


def _spoilt(seed: int) -> list[Frame]:
    dice = random.Random(seed)
    return [_one_spoilt(dice) for _ in range(_AT_ONCE)]


def _one_spoilt(dice: random.Random) -> Frame:
    message = dice.choice(MESSAGES)
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
        message = _other(message, dice)
    text = written(message)
    if dice.random() < 0.05:
        text = written(message)[:-1] + "," + written(dice.choice(MESSAGES))[1:]  # every key twice
    data = bytearray(text.encode("utf-16" if dice.random() < 0.01 else "utf-8"))
    for _ in range(dice.choice((0, 0, 0, 0, 1, 1, 3))):
        _broken(data, dice)
    return dice.random() < 0.8, bytes(data[:60_000])


def _other(message: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    how = dice.random()
    if how < 0.2:
        return {**message, dice.choice(NAMES): dice.choice(NASTY)}
    if how < 0.3:
        gone = dice.choice(sorted(message))
        return {key: value for key, value in message.items() if key != gone} or {"t": None}
    if how < 0.35:
        return {**message, **dice.choice(MESSAGES)}
    return changed(message, dice.choice(list(paths(message))), dice.choice(NASTY))


def _broken(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data) + 1)
    match dice.randrange(6):
        case 0:
            del data[at:]
        case 1:
            data[at:at] = bytes([dice.randrange(256)])
        case 2:
            data[at : at + 1] = bytes([dice.randrange(256)])
        case 3:
            data[at:at] = dice.choice(
                [b"{", b"}", b"[", b'"', b"\\", b"\0", b",", b"NaN", b"\xef\xbb\xbf", b"/**/", b"\xed\xa0\x80"]
            )
        case 4:
            data += data[:at]
        case 5:
            data[at:] = data[at:] + b" " * dice.randrange(200)


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
_TYPED = st.builds(
    lambda t, rest: {**rest, "t": t},
    st.sampled_from(sorted({m["t"] for m in MESSAGES})),
    st.dictionaries(st.text(max_size=8), _VALUES),
)
_JSON = st.builds(lambda value: (True, json.dumps(value).encode()), _VALUES | _TYPED)
_NOISE = st.tuples(st.just(False), st.binary(max_size=200))
_AT_ONCE = 10  # what hypothesis draws costs more than what it is made into
_SPOILT = st.builds(_spoilt, st.integers(0, 2**63))


def batches(size: int) -> st.SearchStrategy[list[Frame]]:
    """Lists of so many frames: most of them valid messages that were spoilt, some arbitrary JSON, some noise."""
    spoilt = st.lists(_SPOILT, min_size=size // _AT_ONCE, max_size=size // _AT_ONCE)
    strange = st.lists(_JSON | _NOISE, min_size=size % _AT_ONCE, max_size=size % _AT_ONCE)
    return st.builds(lambda spoilt, strange: strange + [frame for frames in spoilt for frame in frames], spoilt, strange)
