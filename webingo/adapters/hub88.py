"""Operators that speak Hub88's wallet API (docs.hub88.io), or Hub88 itself, which speaks it for them.

We are the game's supplier there: every call is a POST of JSON, signed over its exact bytes in X-Hub88-Signature. Amounts count
hundred thousandths of the money. What is not an undoubted answer is Unanswered: wrongly signed, to another request, about
another player or currency, of an unknown status, a page, a fragment, or nothing at all.
"""

from collections import OrderedDict
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import orjson
from pydantic import Field, StringConstraints

from webingo.adapters.adapter import Account, Adapter, Cancelled, Charge, Options, Unanswered
from webingo.adapters.hub88_said import LIMIT, NO_FUNDS, OK, UNKNOWN_TRANSACTION, Said, understood, units
from webingo.adapters.means import Means
from webingo.adapters.signature import Signer, Verifier, read_key
from webingo.addresses import unsafe
from webingo.errors import BadResource, Code, Refused
from webingo.problems import Problem, unknown
from webingo.rng import fresh_id
from webingo.support.breaker import Breaker
from webingo.support.http import Answer, Http, NoAnswer

if TYPE_CHECKING:
    from webingo.adapters.kit.fake import FakeOperator

SIGNATURE = "X-Hub88-Signature"
_PER_MONEY = 100_000
_MOST_BYTES = 64 << 10
_MOST_NUMBER = 2**63 - 1
_MOST_TOKEN = 255
_MOST_KNOWN = 10_000


_Name = Annotated[str, StringConstraints(min_length=1)]


class Hub88Options(Options):
    """docs/adapters.md explains each."""

    base: str
    private_key_file: str
    operator_public_key_file: str = ""
    answers_signed: bool = True
    game_codes: dict[str, _Name] = {}
    currencies: dict[str, _Name] = {}
    timeout_s: float = Field(5.0, gt=0, le=8)
    user_info: bool = True


class Hub88Adapter(Adapter):
    """One attempt for each call. While the operator is down, calls are not even sent (a circuit breaker)."""

    name = "hub88"
    Options: ClassVar = Hub88Options

    def __init__(self, operator: str, options: Hub88Options, means: Means) -> None:
        super().__init__(operator, options, means)
        self._options = options
        self._base = options.base.rstrip("/")
        self._breaker = Breaker(means.clock, means.rng)
        self._factors = {name: _PER_MONEY // unit for name, unit in means.units.items() if not _PER_MONEY % unit}
        self._known: OrderedDict[bytes, None] = OrderedDict()  # players whose /user/info was fine, with their tokens
        self._http: Http | None = None
        self._read_keys(means.units)

    def _read_keys(self, money: Iterable[str]) -> None:
        options, problems = self._options, list[Problem]()
        if reason := unsafe(options.base):
            problems.append(("", "base", reason))
        strange = sorted(set(options.currencies) - set(money))
        problems += [("", f"currencies.{name}", unknown("denomination", name, money)) for name in strange]
        try:
            self._signer = Signer(read_key(options.private_key_file))
        except ValueError as error:
            problems.append(("", "private_key_file", str(error)))
        self._verifier: Verifier | None = None
        try:
            if options.answers_signed:
                self._verifier = Verifier(read_key(options.operator_public_key_file))
        except ValueError as error:
            problems.append(("", "operator_public_key_file", str(error)))
        if problems:
            raise BadResource(problems)

    @classmethod
    def fake(cls) -> "type[FakeOperator]":
        from webingo.adapters.kit.hub88_fake import Hub88Fake

        return Hub88Fake

    async def start(self) -> None:
        self._http = Http(_MOST_BYTES)

    async def aclose(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None

    async def player(self, uid: str, token: str, denom: str, game: str = "") -> Account:
        factor = self._factors.get(denom)
        if factor is None:
            raise Refused(Code.UNAVAILABLE, f"There is no money in {denom}.")
        if not token or len(token) > _MOST_TOKEN:
            raise Refused(Code.AUTH_FAILED)
        who = {"user": uid} if uid else {}
        said = await self._told("user/balance", who, token=token, game_code=self._game(game) if game else None)
        if said.user is None:
            raise Unanswered("an answer about nobody")
        if uid and said.user != uid:
            raise Refused(Code.AUTH_FAILED, "The token is another player's.")
        if said.currency != self._currency(denom):
            raise Unanswered("a balance in another currency")
        balance = units(said.balance, factor, -_MOST_NUMBER)
        await self._ask_about(said.user, token)
        return Account(said.user, balance)

    async def _told(self, path: str, who: dict[str, str], **fields: Any) -> Said:
        """An answer of RS_OK to something that moves no money. Raises Refused, Unanswered."""
        said = await self._call(path, {**who, **fields})
        if said.status == OK:
            return said
        if said.code in (Code.AUTH_FAILED, Code.PLAYER_BLOCKED):
            raise Refused(said.code)
        if said.code == Code.GAME_DISABLED:
            raise Refused(Code.UNAVAILABLE, "The operator does not know this game.")
        raise Unanswered(said.status)

    async def _ask_about(self, user: str, token: str) -> None:
        """Once for a player's token: whether the operator knows the player, and lets it play."""
        mark = sha256(f"{len(user)}:{user}{token}".encode()).digest()
        if not self._options.user_info or mark in self._known:
            return
        said = await self._told("user/info", {"user": user})
        if said.user not in (None, user):
            raise Unanswered("an answer about another player")
        self._known[mark] = None
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    async def escrow(self, charge: Charge) -> int:
        said = await self._book("transaction/bet", charge)
        factor = self._factors[charge.denom]
        if said.status in (NO_FUNDS, LIMIT):
            self._check(said, charge, strict=False)
            told: dict[str, Any] = {}
            if said.balance is not None:
                told["balance"] = units(said.balance, factor, -_MOST_NUMBER)
            raise Refused(said.code, **told)
        if said.status != OK:
            raise Unanswered(said.status, said.code)
        self._check(said, charge)
        return units(said.balance, factor)

    async def result(self, charge: Charge) -> int:
        said = await self._book("transaction/win", charge)
        if said.status != OK:
            raise Unanswered(said.status)
        self._check(said, charge)
        return units(said.balance, self._factors[charge.denom], -_MOST_NUMBER)

    async def cancel(self, charge: Charge) -> Cancelled:
        said = await self._book("transaction/rollback", charge)
        if said.status == UNKNOWN_TRANSACTION:
            self._check(said, charge, strict=False)
            return Cancelled(None, found=False)
        if said.status != OK:
            raise Unanswered(said.status)
        self._check(said, charge)
        return Cancelled(units(said.balance, self._factors[charge.denom], -_MOST_NUMBER))

    def _check(self, said: Said, charge: Charge, strict: bool = True) -> None:
        """Raises Unanswered where it is about another player or currency; where not `strict`, they may be left out."""
        for found, ours, what in (
            (said.user, charge.uid, "player"),
            (said.currency, self._currency(charge.denom), "currency"),
        ):
            if found != ours and (strict or found is not None):
                raise Unanswered(f"an answer about another {what}")

    async def _book(self, path: str, charge: Charge) -> Said:
        factor = self._factors.get(charge.denom)
        if factor is None:
            raise Unanswered(f"there is no money in {charge.denom}", sent=False)
        if charge.amount * factor > _MOST_NUMBER:
            raise Unanswered("an amount above all limits", Code.LIMIT, sent=False)
        fields: dict[str, Any] = {
            "user": charge.uid,
            "transaction_uuid": charge.id,
            "supplier_transaction_id": charge.id,
            "token": charge.token,
            "game_code": self._game(charge.game),
            "round": charge.round,
            "round_closed": charge.closes,
        }
        if charge.refers:
            fields["reference_transaction_uuid"] = charge.refers
        if path != "transaction/rollback":  # which names no amount: it is that of the bet
            fields |= {"currency": self._currency(charge.denom), "amount": charge.amount * factor}
        return await self._call(path, fields)

    async def _call(self, path: str, fields: dict[str, Any]) -> Said:
        request_uuid = fresh_id()
        try:
            body = orjson.dumps({**fields, "request_uuid": request_uuid})
        except orjson.JSONEncodeError:  # half a surrogate pair
            raise Unanswered("there are characters in it that can't be sent") from None
        answer = await self._fetched(path, body)
        # A page of somebody between us, like a proxy, is told by its status and not by the signature that it lacks.
        verifier = self._verifier if answer.status == 200 else None
        if verifier is not None and not verifier.signed(answer.body, answer.headers.get(SIGNATURE, "")):
            raise Unanswered("the signature is not the operator's")
        return understood(answer, request_uuid)

    async def _fetched(self, path: str, body: bytes) -> Answer:
        """Whatever was answered. Raises Unanswered, and tells the breaker: what is wrong with one call alone must not keep the
        others from being made."""
        if self._http is None:
            raise Unanswered("it was not started")
        headers = {"Content-Type": "application/json", "Accept": "application/json", SIGNATURE: self._signer.sign(body)}
        if not self._breaker.admits():
            raise Unanswered("the operator is left alone for a moment", sent=False)
        try:
            answer = await self._http.fetch(f"{self._base}/{path}", "POST", headers, body, timeout_s=self._options.timeout_s)
        except NoAnswer as none:
            self._breaker.failed()
            raise Unanswered(str(none)) from None
        except BaseException:
            self._breaker.gave_up()
            raise
        if answer.status >= 500 or answer.status == 429:
            self._breaker.failed(answer.rest_s)
        else:
            self._breaker.succeeded()
        return answer

    def _game(self, game: str) -> str:
        return self._options.game_codes.get(game, game)

    def _currency(self, denom: str) -> str:
        return self._options.currencies.get(denom, denom)
