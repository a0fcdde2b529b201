"""The money service: sessions, escrows, results and cancels of games that live elsewhere, on the site of the caller's key.

A game's names are its site's: which player a round belongs to, and what a call's id was used for, is claimed before any money
moves, as players are spread over shards that know nothing of each other.
"""

import hashlib
import json
from collections.abc import Sequence

import orjson
from pydantic import BaseModel

from webingo.errors import Code, Refused
from webingo.resources.site import Outside, Site
from webingo.rng import SOURCE
from webingo.server.rgs.keys import ApiKey
from webingo.server.rgs.models import CancelAsk, EscrowAsk, Player, PlayerAsk, ResultAsk, Settled
from webingo.session.house import House
from webingo.transaction.transaction import Login, Seat
from webingo.user import User
from webingo.wallet.denomination import DENOMINATIONS
from webingo.wallet.outside import Done, Ending, OutsideMoney, Wager

_NOBODY = "nobody at all"
"""Who has the rounds that were cancelled before they began. No player is called so: there are spaces in it."""


class Money:
    """All calls raise Refused, as docs/rgs.md lists it. `idle_s` is how long a session lives on behind each of its calls,
    `kept_s` how long names are remembered."""

    def __init__(self, house: House, outside: OutsideMoney, idle_s: int, kept_s: int) -> None:
        self._store = house.store
        self._resources = house.resources
        self._outside = outside
        self._idle_s = idle_s
        self._kept_s = kept_s

    async def player(self, key: ApiKey, ask: PlayerAsk) -> Player:
        site, _ = await self._open_site(key)
        login = await self._login(key, ask.session)
        if login is None:
            raise _unknown_session()
        user = login.seat.user
        if await self._store.blocked(user):
            raise Refused(Code.PLAYER_BLOCKED)
        balance = await self._outside.balance(login.seat, site.denomination, site.initial_credits, site.operator, login.token)
        return Player(player=user.uid, balance=balance, currency=DENOMINATIONS[site.denomination].rgs_id)

    async def escrow(self, key: ApiKey, ask: EscrowAsk) -> Settled:
        SOURCE.start()  # no play without random numbers; what is escrowed can end all the same
        fingerprint = _fingerprint("escrow", ask)
        login = await self._login(key, ask.session)
        if login is None:
            return await self._escrowed_before(key, ask, fingerprint)
        site, rules = await self._open_site(key)
        seat = login.seat
        await self._claim(key, ask.id, fingerprint)
        owner = await self._store.claim_name(key.platform, key.site, "round", ask.round, seat.user.uid, self._kept_s)
        if owner == _NOBODY:
            raise Refused(Code.ROUND_OVER, "The round was cancelled before it began.")
        if owner != seat.user.uid:
            raise Refused(Code.ID_REUSED, "round: this name was used for another player's round.")
        wager = _named(seat, site, ask, fingerprint)
        wager = wager._replace(amount=ask.amount, game=ask.game, max_win=rules.max_win, token=login.token)
        return _settled(ask, await self._outside.escrow(wager))

    async def result(self, key: ApiKey, ask: ResultAsk) -> Settled:
        seat = await self._owner(key, ask.round)
        found = None if seat is None else await self._store.outside_round(seat, ask.round)
        if found is None:
            raise Refused(Code.NO_ROUND)
        ending = Ending(found, ask.id, _fingerprint("result", ask), ask.win, await self._proof(key, ask.draws))
        await self._claim(key, ask.id, ending.fingerprint)
        return _settled(ask, await self._end(ending))

    async def cancel(self, key: ApiKey, ask: CancelAsk) -> Settled:
        """One of a round that has not begun is refused, and so is its escrow then, should it come later."""
        fingerprint = _fingerprint("cancel", ask)
        seat = await self._owner(key, ask.round)
        if seat is None:
            await self._store.claim_name(key.platform, key.site, "round", ask.round, _NOBODY, self._kept_s)
            seat = await self._owner(key, ask.round)
        if seat is None:
            raise Refused(Code.NO_ROUND)
        await self._claim(key, ask.id, fingerprint)
        found = await self._store.outside_round(seat, ask.round)
        if found is None:
            site = await self._resources.site(key.platform, key.site)
            await self._outside.forestall(_named(seat, site, ask, fingerprint))
            found = await self._store.outside_round(seat, ask.round)  # it has just come, and is given back: so it is answered
        if found is None:
            raise Refused(Code.NO_ROUND)
        return _settled(ask, await self._end(Ending(found, ask.id, fingerprint)))

    async def _end(self, ending: Ending) -> Done:
        """Refusals say what the caller can't see."""
        found = ending.round
        try:
            return await self._outside.end(ending)
        except Refused as refusal:
            most = found.max_win * found.stake
            if refusal.code is Code.LIMIT and (ending.win or 0) > most:
                reason = f"win: this round pays at most {most}, {found.max_win} times what was wagered."
                raise Refused(refusal.code, reason) from None
            now = await self._store.outside_round(found.seat, found.name) if refusal.code is Code.ROUND_OVER else None
            if now is not None and now.status in ("closed", "cancelled"):
                raise Refused(refusal.code, f"The round is over: it was {now.status} before.") from None
            raise

    async def _login(self, key: ApiKey, session: str) -> Login | None:
        login = await self._store.login(session, self._idle_s)
        return login if login and (login.seat.user.platform, login.seat.site) == (key.platform, key.site) else None

    async def _open_site(self, key: ApiKey) -> tuple[Site, Outside]:
        site = await self._resources.site(key.platform, key.site)
        if not site.enabled:
            raise Refused(Code.FORBIDDEN, "This site is closed at the moment.")
        if site.rgs is None:
            raise Refused(Code.FORBIDDEN, "This site's money is not open to games that live elsewhere: it has no `rgs`.")
        return site, site.rgs

    async def _escrowed_before(self, key: ApiKey, ask: EscrowAsk, fingerprint: str) -> Settled:
        """The session is over; but an escrow that was done while it lived is answered again."""
        owner = await self._owner(key, ask.round)
        if owner is None:
            raise _unknown_session()
        site = await self._resources.site(key.platform, key.site)
        try:
            return _settled(ask, await self._outside.again(_named(owner, site, ask, fingerprint)))
        except Refused as refusal:
            raise _unknown_session() if refusal.code is Code.NO_ROUND else refusal from None

    async def _owner(self, key: ApiKey, name: str) -> Seat | None:
        uid = await self._store.claim_name(key.platform, key.site, "round", name, "", self._kept_s)
        return None if uid in ("", _NOBODY) else Seat(User(key.platform, uid), key.site)

    async def _claim(self, key: ApiKey, call_id: str, fingerprint: str) -> None:
        standing = await self._store.claim_name(key.platform, key.site, "call", call_id, fingerprint, self._kept_s)
        if standing != fingerprint:
            raise Refused(Code.ID_REUSED)

    async def _proof(self, key: ApiKey, draws: Sequence[str]) -> bytes:
        """The draws that decided the round, as JSON for its record; b"" for none. They have to be the site's own."""
        for draws_id in dict.fromkeys(draws):  # one after the other: each may be long, and players have their turn in between
            document = await self._store.draws(draws_id)
            record = {} if document is None else json.loads(document)  # whose items may be what orjson does not read
            if (record.get("platform"), record.get("site")) != (key.platform, key.site):
                raise Refused(Code.BAD_PARAMS, f"draws: there are none with the id {draws_id}.")
        return orjson.dumps({"draws": draws}) if draws else b""


def _fingerprint(call: str, ask: BaseModel) -> str:
    """Stands for the whole call: the same only where every field is."""
    return hashlib.sha256(f"{call} {ask.model_dump_json()}".encode()).hexdigest()


def _named(seat: Seat, site: Site, ask: EscrowAsk | CancelAsk, fingerprint: str) -> Wager:
    """Which call it is, and where the money is."""
    return Wager(seat, site.denomination, ask.round, ask.id, fingerprint, grant=site.initial_credits, operator=site.operator)


def _settled(ask: EscrowAsk | ResultAsk | CancelAsk, done: Done) -> Settled:
    return Settled.model_construct(id=ask.id, round=ask.round, status=done.status, balance=done.balance)


def _unknown_session() -> Refused:
    return Refused(Code.AUTH_FAILED, "There is no such session on this site, or it has ended.")
