"""What Facebook tells about players who leave: the application was removed, or their data is to be deleted.

Sources: Facebook's "Deauthorize callback" and "Data deletion request callback". Both come as a form with a `signed_request`.
"""

import hmac
import re
from datetime import UTC, datetime

import orjson
import structlog

from webingo.config import Settings
from webingo.errors import Refused
from webingo.platforms.facebook import signed
from webingo.platforms.facebook.portal import UID, small_page
from webingo.platforms.platform import JSON, Reply, Request
from webingo.session.house import House
from webingo.user import User

log = structlog.get_logger("webingo.facebook")

# Seconds since 1970, a mark of the player, and our signature over both: enough to answer for it without keeping anything.
_CODE = re.compile(r"([0-9a-f]{10})([0-9a-f]{12})([0-9a-f]{24})")
_PURPOSE = b"webingo deletion\0"  # which is in nothing that Facebook signs with the same secret

_GONE = (
    "Name, picture, e-mail address and all that was noted for this player were deleted on {} (UTC), and every login has ended."
)
_STAYS = (
    "Kept are the books of account that the law asks for: amounts and rounds of play, under the number that Facebook "
    "gave the player for this application alone."
)


class Farewell:
    def __init__(self, settings: Settings, house: House) -> None:
        self._house = house
        self._secret = settings.fb_app_secret.get_secret_value()
        self._public_url = settings.fb_public_url

    async def deauthorize(self, request: Request) -> Reply | None:
        """POST: the player has removed the application. Raises Refused(UNAVAILABLE), as all here."""
        if request.method != "POST":
            return None
        user = self._leaving(request)
        if isinstance(user, Reply):
            return user
        await self._house.store.revoke(user, self._house.clock.now_ms())
        log.info("facebook_deauthorized", uid=user.uid)
        return Reply(b"{}", content_type=JSON)

    async def deletion(self, request: Request) -> Reply | None:
        """POST: the player wants to be forgotten. GET ?code=: when that was done."""
        if request.method == "GET":
            return self._answered(request.query.get("code", ""))
        user = self._leaving(request)
        if isinstance(user, Reply):
            return user
        at_ms = self._house.clock.now_ms()
        await self._house.store.erase(user, at_ms)
        code = self._code(user, at_ms // 1000)
        log.info("facebook_data_deleted", uid=user.uid, confirmation=code)
        url = f"{self._public_url or request.base}/facebook/deletion?code={code}"
        return Reply(orjson.dumps({"url": url, "confirmation_code": code}), content_type=JSON)

    def _leaving(self, request: Request) -> User | Reply:
        """Whom Facebook speaks of, or what it is answered instead."""
        try:
            text, now_s = request.form.get("signed_request", ""), self._house.clock.now_ms() / 1000
            payload = signed.opened(self._secret, text, now_s, signed.CALLBACK_S)
        except Refused as refusal:
            log.warning("facebook_callback_refused", peer=request.peer, reason=refusal.message)
            return Reply(small_page("webingo", refusal.message), 403)
        uid = payload.get("user_id")
        # Browsers have those of purchases and of the portal in their hands, and they are meant for something else.
        elsewhere = "payment_id" in payload or "oauth_token" in payload
        if not isinstance(uid, str) or not UID.fullmatch(uid) or elsewhere:
            return Reply(small_page("webingo", "This is not about a player who leaves."), 403)
        return User("facebook", uid)

    def _code(self, user: User, at_s: int) -> str:
        said = f"{at_s:010x}{self._mac(user.uid)[:12]}"
        return said + self._mac(said)[:24]

    def _mac(self, text: str) -> str:
        return hmac.new(self._secret.encode(), _PURPOSE + text.encode(), "sha256").hexdigest()

    def _answered(self, code: str) -> Reply:
        found = _CODE.fullmatch(code)
        if found is None or not hmac.compare_digest(self._mac(found[1] + found[2])[:24], found[3]):
            return Reply(small_page("webingo", "Nothing is known under this code."), 404)
        at = datetime.fromtimestamp(int(found[1], 16), UTC)
        return Reply(small_page("Data deletion", _GONE.format(f"{at:%Y-%m-%d %H:%M}"), _STAYS))
