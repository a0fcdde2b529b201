"""What can go wrong with an answer of Graph. Each trouble is one word, as FakeFacebook takes it."""

import json
from collections.abc import Awaitable, Callable

from tornado.web import RequestHandler

TROUBLES = (
    "cut",  # the connection ends without an answer
    "half",  # in the middle of the answer
    "hang",  # no answer for `patience` seconds, then the connection ends
    "slow",  # the right answer, after `patience` seconds
    "broken",  # HTTP 500, "an unknown error"
    "busy",  # HTTP 500, "temporarily unavailable"
    "page",  # a web page in place of JSON
    "garbage",  # no JSON, though it says so
    "list",  # JSON, but no object
    "empty",  # an object with nothing in it
    "types",  # the right fields, each with a value that it can't have
    "too_long",  # HTTP 414, of a web server that stands before it
    "huge",  # more than anybody should read
    "limited",  # the application's calls are used up
    "limited_user",  # the user's are
    "flood",  # HTTP 429 with Retry-After
    "redirect",  # elsewhere, where the right answer would be
)

_TYPES = {
    "data": {"is_valid": "yes", "app_id": 1.5, "user_id": ["me"], "expires_at": "never", "type": None},
    "id": {"not": "an id"},
    "name": 17,
    "picture": "https://",
    "payment_id": False,
}

_ERRORS = {  # status, code, message
    "broken": (500, 1, "An unknown error has occurred."),
    "busy": (500, 2, "Service temporarily unavailable"),
    "limited": (400, 4, "(#4) Application request limit reached"),
    "limited_user": (400, 17, "(#17) User request limit reached"),
    "flood": (429, 613, "(#613) Calls to this api have exceeded the rate limit."),
}

_BODIES = {
    "page": b"<!doctype html><title>Facebook</title><p>Sorry, something went wrong.",
    "too_long": b"<h1>414 Request-URI Too Large</h1>",
    "garbage": b'{"data": {"is_valid": tru',
    "list": b"[]",
    "empty": b"{}",
    "types": json.dumps(_TYPES).encode(),
    "huge": b'{"data": {"app_id": "' + b"1" * (3 << 20) + b'"}}',
}


async def befall(handler: RequestHandler, trouble: str, linger: Callable[[], Awaitable[None]]) -> bool:
    """Lets a trouble come over a request; `linger` is how long some take. Whether that was the end of it: else the right
    answer follows."""
    if trouble in ("hang", "slow"):
        await linger()
    if trouble in ("hang", "cut", "half"):
        stream = handler.detach()
        if trouble == "half" and not stream.closed():
            await stream.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"data":')
        stream.close()
        return True
    if trouble in _ERRORS:
        status, code, message = _ERRORS[trouble]
        if trouble == "flood":
            handler.set_header("Retry-After", "7")
        refuse(handler, status, code, message)
        return True
    if trouble in _BODIES:
        handler.set_status(414 if trouble == "too_long" else 200)
        page = trouble in ("page", "too_long")
        handler.set_header("Content-Type", "text/html" if page else "application/json; charset=UTF-8")
        handler.finish(_BODIES[trouble])
        return True
    if trouble == "redirect":
        path, _, query = handler.request.uri.partition("?")
        handler.redirect(f"/elsewhere{path}?{query}", status=302)
        return True
    return False


def refuse(handler: RequestHandler, status: int, code: int, message: str) -> None:
    """Graph's form of an error."""
    handler.set_status(status)
    handler.set_header("Content-Type", "application/json; charset=UTF-8")
    handler.finish(json.dumps({"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Afake"}}))
