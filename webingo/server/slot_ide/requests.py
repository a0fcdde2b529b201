"""What clients of the SLOT-IDE door ask for: requests taken apart, and their actions' contexts checked."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from webingo.errors import Code, Refused
from webingo.resources.site import Site

PLAYING = frozenset({"play", "pickRandomly", "gamble", "collect"})
"""The actions that move the round on, and so take a position in it."""

_HIGHEST_SEQ = 2**53 - 1


class Act(NamedTuple):
    """One action of a request; `context` is as it came."""

    name: str
    context: Any


class Request(NamedTuple):
    """`sid` and `game` as the client wrote them; `seq` is None where it names no position."""

    sid: str
    game: str
    acts: tuple[Act, ...]
    seq: int | None = None

    @property
    def plays(self) -> bool:
        return any(act.name in PLAYING for act in self.acts)


def parse(query: Mapping[str, Sequence[bytes]], body: bytes, most_acts: int) -> Request:
    """A request by its query and its body, whatever the body calls itself. Raises Refused(BAD_MESSAGE)."""
    acts = body.strip() or _one(query, "actions").encode()
    return Request(_one(query, "sid"), _one(query, "game"), _acts(acts, most_acts), _seq(query))


def _one(query: Mapping[str, Sequence[bytes]], name: str) -> str:
    try:
        (value,) = (found.decode() for found in query.get(name, ()))
    except ValueError:
        raise Refused(Code.BAD_MESSAGE, f"{name!r} is needed, once, as UTF-8.") from None
    return value


def _seq(query: Mapping[str, Sequence[bytes]]) -> int | None:
    if "seq" not in query:
        return None
    text = _one(query, "seq")
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= _HIGHEST_SEQ):
        raise Refused(Code.BAD_MESSAGE, "'seq' is a whole number from 0.")
    return int(text)


def _acts(data: bytes, most: int) -> tuple[Act, ...]:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Refused(Code.BAD_MESSAGE, f"The actions are not JSON: {error}.") from None
    if not isinstance(value, list) or len(value) > most:
        raise Refused(Code.BAD_MESSAGE, f"The actions are an array of at most {most}.")
    for act in value:
        if not isinstance(act, dict) or not isinstance(act.get("action"), str) or act.keys() - {"action", "context"}:
            raise Refused(Code.BAD_MESSAGE, 'An action is {"action": its name, "context": what it needs}.')
    return tuple(Act(act["action"], act.get("context")) for act in value)


def game_id(written: str, site: Site) -> str:
    """The id of the site's game that a client means: the id itself, or a script of SLOT-IDE's like `atkins_slot.js`, which
    stands for the one game whose id is `atkins` or begins with `atkins-`. Raises Refused(UNKNOWN_GAME)."""
    ids = [game.id for game in site.games]
    if written in ids:
        return written
    name = written.removesuffix(".js").removesuffix("_slot").replace("_", "-").lower()
    found = [known for known in ids if known == name] or [known for known in ids if known.startswith(f"{name}-")]
    if not name or len(found) != 1:
        raise Refused(Code.UNKNOWN_GAME)
    return found[0]


def bet_of(context: Any) -> tuple[int, int]:
    """[lines, bet per line] of a `bet`. Raises Refused(BAD_PARAMS)."""
    match context:
        case [int() as lines, int() as bet] if type(lines) is int and type(bet) is int and lines > 0 and bet > 0:
            return lines, bet
    raise Refused(Code.BAD_PARAMS, '"bet" takes [lines, bet per line], whole numbers above 0.')


def nothing(act: Act) -> dict[str, Any]:
    """The parameters of an action that takes none. Raises Refused(BAD_PARAMS)."""
    if act.context not in (None, [], {}) or act.context is False:
        raise Refused(Code.BAD_PARAMS, f"{act.name!r} takes no context here.")
    return {}


def item_of(context: Any) -> dict[str, Any]:
    """The parameters of a pick. The number is the engine's to judge. Raises Refused(BAD_PARAMS)."""
    if not isinstance(context, dict) or context.keys() != {"item"}:
        raise Refused(Code.BAD_PARAMS, '"pickRandomly" takes {"item": which one}.')
    return context


def gamble_of(context: Any) -> dict[str, Any]:
    """The parameters of a gamble: the whole round's win is doubled where nothing else is said. Raises Refused(BAD_PARAMS)."""
    given = {} if context is None else context
    if not isinstance(given, dict) or given.keys() - {"context", "type"}:
        raise Refused(Code.BAD_PARAMS, '"gamble" takes {"context": game_round or spin, "type": double_up or triple_up}.')
    return {"context": "game_round", "type": "double_up", **given}
