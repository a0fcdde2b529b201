"""The messages of the session protocol (docs/protocol.md): what clients may send, and what is sent to them.

Frames are parsed strictly: unknown fields and wrong types are refused (BAD_MESSAGE), so that a client's typo is found on
its first day. Only `auth.userinfo`, `component.message` and an action's `params` are free inside; their owners check them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from webingo.errors import Code, Refused

T = TypeVar("T")

Reference = Annotated[str, StringConstraints(max_length=128)] | int | float | None
Name = Annotated[str, StringConstraints(min_length=1, max_length=128)]

MAX_DEPTH = 32
"""Objects and lists within each other, the message itself included."""


class _Message(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    re: Reference = None


class Auth(BaseModel):
    """Who wants to play. `userinfo` is the platform's own and only for display."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    uid: Name
    token: Annotated[str, StringConstraints(max_length=8192), Field(repr=False)] = ""
    userinfo: dict[str, Any] = {}


class LoginMessage(_Message):
    t: Literal["auth"] = "auth"
    auth: Auth
    platform: Name
    site: Name


class SessionLoginMessage(_Message):
    """In place of who and where: the session that POST /session has given."""

    t: Literal["auth"] = "auth"
    session: Name


class ActionMessage(_Message):
    t: Literal["action"]
    action: Name
    params: dict[str, Any] = {}
    sid: Name


class GameLoadMessage(_Message):
    t: Literal["gameload"]
    gameid: Name


class GameFinishMessage(_Message):
    t: Literal["gamefinish"]


class ComponentMessage(_Message):
    t: Literal["component"]
    which: Name
    message: dict[str, Any] = {}


class UserdataMessage(_Message):
    t: Literal["userdata"]
    set: dict[Name, Any] = {}
    unset: list[Name] = []


Message = ActionMessage | GameLoadMessage | GameFinishMessage | ComponentMessage | UserdataMessage

_MESSAGES: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="t")])
_LOGIN: TypeAdapter[LoginMessage] = TypeAdapter(LoginMessage)
_SESSION_LOGIN: TypeAdapter[SessionLoginMessage] = TypeAdapter(SessionLoginMessage)


def parse(frame: bytes) -> Message:
    """A client's message after login. Raises Refused(BAD_MESSAGE) with the first thing that is wrong."""
    return _checked(_MESSAGES, frame)


def parse_login(frame: bytes) -> LoginMessage:
    """Who wants to play, and where. Raises Refused(BAD_MESSAGE)."""
    return _checked(_LOGIN, frame)


def parse_session_login(frame: bytes) -> SessionLoginMessage:
    """Which session goes on. Raises Refused(BAD_MESSAGE)."""
    return _checked(_SESSION_LOGIN, frame)


def _checked(adapter: TypeAdapter[T], frame: bytes) -> T:
    # orjson first: unlike pydantic's own parser it refuses NaN and Infinity wherever they stand.
    try:
        value = orjson.loads(frame)
    except orjson.JSONDecodeError as error:
        raise Refused(Code.BAD_MESSAGE, f"Not JSON: {error}.") from None
    # What is nested deeper is read gladly, and then can't be written: it must not get into a state, a record or userdata.
    if frame.count(b"[") + frame.count(b"{") > MAX_DEPTH and too_deep(value, MAX_DEPTH):
        raise Refused(Code.BAD_MESSAGE, f"Nested more than {MAX_DEPTH} levels deep.")
    try:
        checked: T = adapter.validator.validate_python(value)  # past a wrapper that takes half a microsecond
    except ValidationError as error:
        raise Refused(Code.BAD_MESSAGE, _first_problem(error), re=_reference(value)) from None
    return checked


def too_deep(value: Any, levels: int) -> bool:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return not levels or any(too_deep(found, levels - 1) for found in inner)
    return False


def _reference(value: Any) -> str | int | float | None:
    """The client's `re` of a message that is wrong elsewhere, so that the error still finds its question."""
    found = value.get("re") if isinstance(value, dict) else None
    return (
        found
        if (isinstance(found, int | float) and not isinstance(found, bool)) or (isinstance(found, str) and len(found) <= 128)
        else None
    )


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    what = problem["msg"][:300]  # it may quote what was sent
    return f"{where[:200]}: {what}" if where else what


def error(code: Code, message: str, re: str | int | float | None = None) -> bytes:
    """An `error` message. The full state follows it where a player is logged in."""
    body: dict[str, Any] = {"t": "error", "code": code, "message": message}
    if re is not None:
        body["re"] = re
    return orjson.dumps(body)


def component(which: str, message: Mapping[str, Any]) -> bytes:
    """A component's message to the client."""
    return orjson.dumps({"t": "component", "which": which, "message": message})
