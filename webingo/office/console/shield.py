"""What holds for every answer of the console: cautious headers, and requests that are too large are not read."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webingo.office.console.pages import asset

MOST_BYTES = 2 << 20
"""The largest body: a site's document with room to spare."""

HEADERS = {
    # Nothing from elsewhere and nothing inline: text that slips through as markup still can't run or restyle anything.
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": browsers would then hide the origin of our own forms, too.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_ASSETS = "/assets/"
_SECURE_ONLY = {"Strict-Transport-Security": "max-age=31536000"}
_KEEP = "public, max-age=31536000, immutable"  # an asset's address changes with what is in it


class Shield:
    """Stands around the console's application, and sees its errors' answers too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(scope, message["status"], MutableHeaders(scope=message))
            await send(message)

        refusal = _refusal(Headers(scope=scope))
        await (refusal or self.app)(scope, receive, guarded)


def _add_headers(scope: Scope, status: int, headers: MutableHeaders) -> None:
    secure = _SECURE_ONLY if scope["scheme"] == "https" else {}
    for name, value in {**HEADERS, **secure}.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", _KEEP if status == 200 and _is_newest(scope) else "no-store")


def _is_newest(scope: Scope) -> bool:
    """Whether this is an asset in the version that was asked for. Beside a program of another release it may not be, and what
    is kept for a year under the other's address would be wrong for a year."""
    path, query = scope["path"], scope["query_string"].decode("latin-1")
    return path.startswith(_ASSETS) and asset(path.removeprefix(_ASSETS)) == f"{path}?{query}"


def _refusal(headers: Headers) -> ASGIApp | None:
    """Bodies tell their length first (browsers do): it is believed, as the server reads no more than that."""
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdecimal():
        return PlainTextResponse("The length of the request has to be stated.", 411)
    return PlainTextResponse("The request is too large.", 413) if int(length) > MOST_BYTES else None
