"""What stands before the API: the key, and bodies that are no larger than agreed, also when they are unpacked."""

import hmac
import zlib

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webingo.backoffice.contract import MOST_BODY_BYTES

_TOO_LARGE = (413, "TOO_LARGE", f"A request has at most {MOST_BODY_BYTES} bytes, unpacked; send less at once.")
_NO_GZIP = (400, "BAD_MESSAGE", "This is not gzip.")


class Problem(Exception):  # noqa: N818 - an answer
    """(status, code, message)"""


class Intake:
    """An ASGI application around the one that it is given. Everything below /v1 needs the key, whatever is there."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not (scope["path"] == "/v1" or scope["path"].startswith("/v1/")):
            await self._app(scope, receive, send)
            return
        try:
            headers = Headers(scope=scope)
            given = headers.get("authorization", "").encode("latin-1")
            if not hmac.compare_digest(given, self._key):
                raise Problem(401, "NOT_AUTHENTICATED", "The key is missing or wrong.")
            body = _Body(await _read(receive, headers), receive)
            await self._app(_plain(scope), body.receive, send)
        except Problem as problem:
            await refusal(*problem.args)(scope, receive, send)


def refusal(status: int, code: str, message: str) -> JSONResponse:
    """contract.Refusal"""
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}.get(status)
    return JSONResponse({"code": code, "message": message}, status, headers)


async def _read(receive: Receive, headers: Headers) -> bytes:
    """The whole body, unpacked. Raises Problem."""
    encoding = headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise Problem(415, "BAD_MESSAGE", "Only gzip is understood as Content-Encoding.")
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > MOST_BODY_BYTES:
        raise Problem(*_TOO_LARGE)
    unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    parts, size, packed = [], 0, 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "BAD_MESSAGE", "The body is not complete.")
        part = message.get("body", b"")
        packed += len(part)
        if unpack is not None and part:
            part = _unpacked(unpack, part, MOST_BODY_BYTES - size + 1)
        parts.append(part)
        size += len(part)
        if size > MOST_BODY_BYTES:
            raise Problem(*_TOO_LARGE)
        if not message.get("more_body", False):
            break
    if unpack is not None and packed and not unpack.eof:
        raise Problem(*_NO_GZIP)
    return b"".join(parts)


def _unpacked(unpack: "zlib._Decompress", part: bytes, most: int) -> bytes:
    try:
        made = unpack.decompress(part, most)
    except zlib.error:
        raise Problem(*_NO_GZIP) from None
    if unpack.unused_data:
        raise Problem(*_NO_GZIP)
    return made


def _plain(scope: Scope) -> Scope:
    headers = [(name, value) for name, value in scope["headers"] if name not in (b"content-encoding", b"content-length")]
    return {**scope, "headers": headers}


class _Body:
    """Gives out a body that was read already, then whatever still comes from the client: that it is gone."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def receive(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
