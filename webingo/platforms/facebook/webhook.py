"""The pages by which Facebook tells of payments. Source: Facebook's "Webhooks: getting started" and its real-time updates of
payments.

What comes here only says that something has changed. What has, Graph is asked for: nothing is believed of the message itself.
"""

import asyncio
import hmac
import re
from typing import Annotated

import structlog
from pydantic import Field, ValidationError

from webingo.errors import Code, Refused
from webingo.platforms.facebook.payment import StrangePayment
from webingo.platforms.facebook.payments import Payments
from webingo.platforms.facebook.said import Id, Said
from webingo.platforms.platform import TEXT, Reply, Request
from webingo.support import metrics

log = structlog.get_logger("webingo.payments")

_CHALLENGE = re.compile(r"[0-9A-Za-z_.-]{1,256}")
_AT_ONCE = 8


class _Change(Said):
    id: Id
    changed_fields: list[str] = []


class _Update(Said):
    object: str
    entry: Annotated[list[_Change], Field(max_length=1000)]


async def payments_page(request: Request, payments: Payments, app_secret: str, verify_token: str) -> Reply:
    """/facebook/payments. Answers 503 where Facebook has to send it again; what can't be helped is logged and taken."""
    if request.method == "GET":
        return _shake_hands(request, verify_token)
    if not _signed(request, app_secret):
        metrics.refused(Code.AUTH_FAILED)
        log.warning("webhook_refused", peer=request.peer)
        return Reply(b"The signature is wrong.", 403, TEXT)
    try:
        update = _Update.model_validate_json(request.body)
    except ValidationError:
        log.error("webhook_strange", peer=request.peer, bytes=len(request.body))
        return Reply(b"This is no update of payments.", 400, TEXT)
    if update.object == "payments" and not await _taken(update, payments):
        return Reply(b"Send it again, please.", 503, TEXT)
    return Reply(b"ok", 200, TEXT)


def _shake_hands(request: Request, verify_token: str) -> Reply:
    """Facebook asks whether this address wants its messages: the challenge is answered where it knows our token."""
    given, challenge = request.query.get("hub.verify_token", ""), request.query.get("hub.challenge", "")
    ours = bool(verify_token) and hmac.compare_digest(given.encode(), verify_token.encode())
    if not ours or request.query.get("hub.mode") != "subscribe" or not _CHALLENGE.fullmatch(challenge):
        return Reply(b"This is for Facebook, with the right token.", 403, TEXT)
    return Reply(challenge.encode(), 200, TEXT)


def _signed(request: Request, app_secret: str) -> bool:
    """The signature is over the body as it came."""
    if not app_secret:
        return False
    right = "sha256=" + hmac.digest(app_secret.encode(), request.body, "sha256").hex()
    return hmac.compare_digest(right.encode(), request.headers.get("X-Hub-Signature-256", "").encode())


async def _taken(update: _Update, payments: Payments) -> bool:
    """Whether all of it was dealt with."""
    disputed = {change.id for change in update.entry if "disputes" in change.changed_fields}
    for payment_id in sorted(disputed):
        metrics.payment("disputed")
        log.warning("payment_disputed", payment=payment_id)
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(payment_id: str) -> bool:
        async with free:
            return await _settled(payments, payment_id)

    return all(await asyncio.gather(*(one(payment_id) for payment_id in dict.fromkeys(change.id for change in update.entry))))


async def _settled(payments: Payments, payment_id: str) -> bool:
    """False where it has to come again."""
    try:
        result = (await payments.look_up(payment_id)).status
    except StrangePayment as strange:
        result = "strange"
        log.error("payment_strange", payment=payment_id, reason=str(strange))
    except Refused as refusal:
        result = "postponed"
        log.warning("payment_postponed", payment=payment_id, code=refusal.code)
    metrics.payment(result)
    return result != "postponed"
