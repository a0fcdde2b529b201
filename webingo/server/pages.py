"""What all HTTP answers have in common: cautious headers, and errors as small pages that say no more than a player needs."""

import re
from http.client import responses
from typing import Any

import orjson
from tornado.escape import xhtml_escape
from tornado.web import RequestHandler

# Nothing from elsewhere and nothing inline; sockets are named since 'self' does not cover them in every browser.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)

_TEXTS = {
    404: "There is nothing at this address.",
    405: "This address does not take such requests.",
    500: "Something went wrong on our side.",
}


class PageHandler(RequestHandler):
    """The base of the handlers that people and programs reach over plain HTTP."""

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")

    def wants_json(self) -> bool:
        """True where the client asks for JSON: by ?format=json, or by preferring it to HTML in Accept."""
        if chosen := self.request.query_arguments.get("format"):
            return chosen[-1] == b"json"
        accept = self.request.headers.get("Accept", "")
        return quality(accept, "application/json") > quality(accept, "text/html")

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """The status alone, in the form that was asked for: what happened inside stays inside."""
        text = _TEXTS.get(status_code, responses.get(status_code, "Error") + ".")
        self.set_header("Cache-Control", "no-store")
        if self.wants_json():
            self.write_json({"status": status_code, "message": text})
        else:
            self.write_text(status_code, text)

    def write_text(self, status_code: int, text: str) -> None:
        """Ends the answer with a small page that says it."""
        self.set_header("Content-Security-Policy", "default-src 'none'")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        title = xhtml_escape(f"{status_code} {responses.get(status_code, 'Error')}")
        self.finish(
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
            f"<body><h1>{title}</h1><p>{xhtml_escape(text)}</p></body></html>\n"
        )

    def write_json(self, value: Any) -> None:
        """Ends the answer with a JSON value."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(orjson.dumps(value))


class NotFoundHandler(PageHandler):
    """Stands behind all other routes."""

    def prepare(self) -> None:
        self.send_error(404)


def quality(header: str, wanted: str) -> float:
    """How much an Accept or Accept-Encoding header wants something, 0 to 1 (RFC 9110, 12.4.2 and 12.5): its own entry counts,
    else that of its family (`text/*`), else the one for all."""
    found: dict[str, float] = {}
    for item in header.lower().split(","):
        name, *parameters = [part.strip() for part in item.split(";")]
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        found[name] = float(weight) if re.fullmatch(r"[01](\.\d{0,3})?", weight) else 0.0
    family = wanted.split("/")[0] + "/*"
    return next((found[name] for name in (wanted, family, "*/*" if "/" in wanted else "*") if name in found), 0.0)
