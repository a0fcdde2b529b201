"""POST /session: the login of the doors without a socket."""

from urllib.parse import urlencode

import structlog
from tornado.web import RequestHandler

from webingo.errors import Code, Refused
from webingo.platforms.logins import keep_login, keep_profile
from webingo.server.login import Entrance
from webingo.session.house import House
from webingo.session.protocol import parse_login
from webingo.support import metrics

log = structlog.get_logger("webingo.door")


class SessionHandler(RequestHandler):
    """Takes {auth, platform, site} as JSON and answers {sessionId, launch}, or {"error": {code, message}}.

    The id is the bearer's only credential; it is forgotten when nothing was done with it for `idle_s`.
    """

    def initialize(self, house: House, entrance: Entrance, idle_s: int) -> None:
        self._house = house
        self._entrance = entrance
        self._idle_s = idle_s

    async def post(self) -> None:
        self.set_header("Cache-Control", "no-store")
        request = self.request
        try:
            message, began_ms = parse_login(request.body), self._house.clock.now_ms()
            origin = request.headers.get("Origin")
            identity, site = await self._entrance.log_in(message, request.remote_ip or "", origin, request.host)
            session_id = await keep_login(self._house, identity.user, site, self._idle_s, began_ms, identity.token)
            if identity.name or identity.picture:
                await keep_profile(self._house.store, identity, began_ms)
        except Refused as refusal:
            metrics.refused(refusal.code)
            log.info("login_refused", peer=request.remote_ip, code=refusal.code)
            self._refuse(refusal)
            return
        except Exception:
            log.exception("login_failed", peer=request.remote_ip)
            metrics.unexpected_error()
            self._refuse(Refused(Code.INTERNAL))
            return
        server = f"{request.protocol}://{request.host}"
        query = urlencode({"server": server, "session": session_id})
        self.finish({"sessionId": session_id, "launch": f"{server}/?{query}"})

    def _refuse(self, refusal: Refused) -> None:
        self.set_status(refusal.http_status)
        self.finish({"error": {"code": refusal.code, "message": refusal.message}})
