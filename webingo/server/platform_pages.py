"""What platforms serve below /<name>/: Tornado on this side, webingo.platforms.platform's Request and Reply on the other.

Neither queries nor bodies are ever logged: they carry codes, tokens and signed requests.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import structlog
from tornado.web import HTTPError, stream_request_body

from webingo.errors import Code, Refused
from webingo.platforms.platform import Cookie, Platform, Reply, Request
from webingo.server.pages import CONTENT_SECURITY_POLICY, PageHandler
from webingo.support import metrics

log = structlog.get_logger("webingo.pages")

MOST_BODY = 128 << 10  # Facebook tells of up to 1000 payments at once
_MOST_FIELDS = 100
_AT_ONCE = 100
_PAGE_S = 30.0
_COOKIE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+=[!#-+\--:<-\[\]-~]*")  # RFC 6265, 4.1.1
_FORM = "application/x-www-form-urlencoded"


def routes(platforms: Mapping[str, Platform]) -> list[Any]:
    return [(rf"/{name}/(.*)", PlatformPageHandler, {"desk": Desk(platform)}) for name, platform in platforms.items()]


class Desk:
    """One platform's pages in this process: so many at once and no more, each for so long and no longer."""

    def __init__(self, platform: Platform, at_once: int = _AT_ONCE, page_s: float = _PAGE_S) -> None:
        self.name = platform.name
        self._platform = platform
        self._free = at_once
        self._page_s = page_s

    async def page(self, request: Request) -> Reply | None:
        """Raises Refused, UNAVAILABLE where too many are waiting or this one took too long."""
        if not self._free:
            raise Refused(Code.UNAVAILABLE)
        self._free -= 1
        try:
            async with asyncio.timeout(self._page_s):
                return await self._platform.page(request)
        except TimeoutError:
            log.warning("page_too_slow", platform=self.name)
            raise Refused(Code.UNAVAILABLE) from None
        finally:
            self._free += 1


@stream_request_body  # no further than MOST_BODY; and Tornado takes no form apart, whatever is in it
class PlatformPageHandler(PageHandler):
    """GET, HEAD and POST of all pages of one platform."""

    def initialize(self, desk: Desk) -> None:
        self._desk = desk
        self._body = bytearray()
        self._too_big = False

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)

    def data_received(self, chunk: bytes) -> None:
        if len(self._body) + len(chunk) > MOST_BODY:
            self._too_big = True
        else:
            self._body += chunk

    def compute_etag(self) -> None:
        """Nothing here is kept."""

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Tornado would write down the query. HTTPError is what the request was refused with."""
        if not isinstance(value, HTTPError):
            log.error("page_failed", exc_info=value, platform=self._desk.name)
            metrics.unexpected_error()

    async def get(self, path: str) -> None:
        await self._answer(path)

    head = get

    async def post(self, path: str) -> None:
        await self._answer(path)

    async def _answer(self, path: str) -> None:
        if self._too_big:
            raise HTTPError(413)
        try:
            reply = await self._desk.page(self._request(path))
        except Refused as refusal:
            metrics.refused(refusal.code)
            log.info("page_refused", platform=self._desk.name, peer=self.request.remote_ip, code=refusal.code)
            self._refuse(refusal)
            return
        if reply is None:
            raise HTTPError(404)
        self._send(reply)

    def _request(self, path: str) -> Request:
        http, body = self.request, bytes(self._body)
        kind = http.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        base = f"{http.protocol}://{http.host}"
        _check_address(base)
        return Request(
            "POST" if http.method == "POST" else "GET",
            path,
            _fields(http.query),
            _fields(_text(body)) if kind == _FORM else {},
            http.headers,
            body,
            http.remote_ip or "",
            base,
            {name: morsel.value for name, morsel in http.cookies.items()},
        )

    def _send(self, reply: Reply) -> None:
        self.set_status(reply.status)
        self.set_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.set_header(name, value)
        for cookie in reply.cookies:
            self.add_header("Set-Cookie", _written(cookie))
        self.finish(reply.body)

    def _refuse(self, refusal: Refused) -> None:
        self.set_status(refusal.http_status)
        if self.wants_json():
            self.write_json({"error": {"code": refusal.code, "message": refusal.message}})
        else:
            self.write_text(refusal.http_status, refusal.message)


def _written(cookie: Cookie) -> str:
    """Tornado's own way leaves out a Max-Age of 0, which takes the cookie away. ValueError for what can't be one."""
    if not _COOKIE.fullmatch(f"{cookie.name}={cookie.value}"):
        raise ValueError(f"the cookie {cookie.name!r} or its value has characters that none can have")
    secure = "; Secure" if cookie.secure else ""
    return f"{cookie.name}={cookie.value}; Max-Age={cookie.max_age_s}; Path={cookie.path}; HttpOnly; SameSite=Lax{secure}"


def _check_address(base: str) -> None:
    """HTTPError(400) for what a Host header can say and no client that reached us would."""
    try:
        known = bool(urlsplit(base).hostname)
    except ValueError:
        known = False
    if not known:
        raise HTTPError(400)


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii")
    except UnicodeDecodeError:
        raise HTTPError(400) from None


def _fields(encoded: str) -> dict[str, str]:
    """A query or a form, as UTF-8; HTTPError(400) where a name comes twice, since two readers could take different ones."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise HTTPError(400) from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise HTTPError(400)
    return fields
