"""The SLOT-IDE door: JSON over HTTP, GET and POST /slot-ide/gameserver.

Source: the original document on SLOT-IDE game servers. Everything that is refused is answered with {"error", "code"} and
the status 200, as it does there.
"""

from typing import Any

import orjson
import structlog
from tornado.web import RequestHandler, stream_request_body

from webingo.errors import Code, Refused
from webingo.resources.site import Site
from webingo.server.login import check_origin
from webingo.server.slot_ide.requests import Request, parse
from webingo.server.slot_ide.visits import Visits
from webingo.support import metrics

log = structlog.get_logger("webingo.door")

_METHODS = "GET, POST, OPTIONS"


@stream_request_body  # as it comes: curl -d says that JSON is a form, and Tornado would take it apart
class SlotIdeHandler(RequestHandler):
    """Answers a JSON array of events. `most_body` is in bytes."""

    def initialize(self, visits: Visits, most_body: int) -> None:
        self._visits = visits
        self._most_body = most_body
        self._body = bytearray()
        self._too_big = False

    def data_received(self, chunk: bytes) -> None:
        if len(self._body) + len(chunk) > self._most_body:
            self._too_big = True
        else:
            self._body += chunk

    async def get(self) -> None:
        await self._answer()

    async def post(self) -> None:
        await self._answer()

    async def options(self) -> None:
        """What a browser asks before it sends JSON from another page."""
        try:
            visit = await self._visits.visit(self._sid())
            self._allow(visit.site)
        except Refused as refusal:
            self._refuse(refusal)
            return
        self.set_header("Access-Control-Allow-Methods", _METHODS)
        self.set_header("Access-Control-Allow-Headers", "Content-Type")
        self.set_header("Access-Control-Max-Age", "600")
        self.set_status(204)

    async def _answer(self) -> None:
        try:
            request = self._parsed()
            visit = await self._visits.visit(request.sid)
            self._allow(visit.site)
            events = await visit.answer(request)
        except Refused as refusal:
            self._refuse(refusal)
        except Exception:
            log.exception("slot_ide_failed", peer=self.request.remote_ip)
            metrics.unexpected_error()
            self.set_status(500)
            self._refuse(Refused(Code.INTERNAL))
        else:
            self._send(events)

    def _parsed(self) -> Request:
        if self._too_big:
            raise Refused(Code.BAD_MESSAGE, f"The body is larger than {self._most_body} bytes.")
        body = bytes(self._body) if self.request.method == "POST" else b""
        return parse(self.request.query_arguments, body, self._visits.most_acts)

    def _sid(self) -> str:
        (sid,) = self.request.query_arguments.get("sid", [b""])[:1]
        return sid.decode("ascii", "replace")

    def _allow(self, site: Site) -> None:
        """Lets the page read the answer that the browser acts for. Raises Refused(FORBIDDEN)."""
        origin = self.request.headers.get("Origin")
        self.set_header("Vary", "Origin")
        check_origin(site, origin, self.request.host)
        if origin is not None:
            self.set_header("Access-Control-Allow-Origin", origin)

    def _refuse(self, refusal: Refused) -> None:
        if not refusal.facts.get("counted"):
            metrics.refused(refusal.code)
        if refusal.code is Code.NOT_AUTHENTICATED:
            log.info("login_refused", peer=self.request.remote_ip, code=refusal.code)
        self._send({"error": refusal.message, "code": refusal.code})

    def _send(self, value: Any) -> None:
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.finish(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))


def routes(visits: Visits, most_body: int) -> list[Any]:
    return [(r"/slot-ide/gameserver", SlotIdeHandler, {"visits": visits, "most_body": most_body})]
