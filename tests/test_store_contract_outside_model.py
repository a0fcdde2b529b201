"""Whatever a game that lives elsewhere calls, in whatever order and however often, and wherever its operator's calls break off:
the store does what a few lines of Python say. And what is kept of it does not stay for ever."""

from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from tests.test_store_contract import new_seat, wallet_of
from tests.test_store_contract_outside import Elsewhere
from webingo.errors import Code, Refused
from webingo.support.redis.cluster import ClusterLink
from webingo.transaction.outside import OutsideAnswer, OutsideCall, fresh_draws_id
from webingo.transaction.reconcile import reconcile
from webingo.transaction.redis_store import RedisStore
from webingo.transaction.store import Store
from webingo.transaction.transaction import Delivery, WalletId

_CAP = 3
CALL = st.tuples(
    st.sampled_from(["ask", "ask", "escrow", "escrow", "escrow", "result", "cancel", "abort", "refuse", "again"]),
    st.integers(0, 2),  # the round: an operator pays for all but the first
    st.integers(0, 1),  # the id among those of its kind, and what is wagered or won
    st.sampled_from(["", "", "", "", "", "", "", "id", "amount", "wallet"]),  # what is as it should not be
)
"""Few rounds and ids, so that they meet."""


class Round:
    def __init__(self, operated: bool) -> None:
        self.operated, self.status, self.won = operated, "asking", 0
        self.asking: dict[str, tuple[int, Delivery]] = {}
        self.stands: dict[str, tuple[int, Delivery | None]] = {}

    @property
    def stake(self) -> int:
        return sum(amount for amount, _ in self.stands.values())


class Model:
    """One player with 40 credits here, and another wallet at an operator."""

    def __init__(self, store: Store) -> None:
        seat = new_seat()
        self.games = Elsewhere(store, seat, wallet_of(seat)), Elsewhere(store, seat, WalletId(seat.user, "USD@acme"))
        self.rounds: dict[str, Round] = {}
        self.overtaken: set[str] = set()
        self.calls: dict[str, tuple[str, Any]] = {}  # id -> fingerprint, and what it came to: a code, "asking", or a status
        self.entries: tuple[list[tuple[str, int]], ...] = ([("grant", 40)], [])
        self.owed: dict[str, int] = {}

    def balance(self, operated: bool) -> int:
        return sum(amount for _, amount in self.entries[operated])

    @property
    def spent(self) -> int:
        return sum(found.stake for found in self.rounds.values() if found.status != "cancelled")

    def expected(self, call: OutsideCall) -> Any:
        """What the call comes to, carried out: the status, or the code of a refusal."""
        fingerprint, standing = self.calls.get(call.id, (call.fingerprint, None))
        if fingerprint != call.fingerprint:
            return Code.ID_REUSED
        if standing is not None and not (standing == "asking" and call.op in ("escrow", "abort")):
            return "cancelled" if call.op == "abort" and isinstance(standing, Code) else standing
        came_to = self.fresh(call, standing)
        if not isinstance(came_to, Code):
            self.calls[call.id] = (call.fingerprint, call.code if call.op == "abort" else came_to)
        elif came_to is Code.INSUFFICIENT_FUNDS:
            self.calls[call.id] = (call.fingerprint, came_to)
        return came_to

    def fresh(self, call: OutsideCall, standing: Any) -> Any:
        found, entries = self.rounds.get(call.round), self.entries[call.funded]
        over = found is not None and found.status in ("closed", "cancelled")
        if call.op == "again":
            return Code.NO_ROUND
        if call.op == "ask" or (call.op == "escrow" and standing is None):
            if over or (found is None and call.round in self.overtaken):
                return Code.ROUND_OVER
            if found is not None and found.operated != call.funded:
                return Code.FORBIDDEN
            if call.op == "escrow" and call.funded:
                return Code.NO_ROUND
            if call.op == "escrow" and self.balance(False) < call.amount:
                return Code.INSUFFICIENT_FUNDS
            found = self.rounds.setdefault(call.round, Round(call.funded))
            if call.op == "ask":
                found.asking[call.id] = (call.amount, call.owed[0])
                return "asking"
            found.status, found.stands[call.id] = "escrowed", (call.amount, None)
            entries.append(("wager", -call.amount))
            return "escrowed"
        if found is None or (call.op == "abort" and standing is None):
            if call.op == "cancel":
                self.overtaken.add(call.round)
            return Code.NO_ROUND
        if call.op == "escrow":
            found.status, found.stands[call.id] = "escrowed", found.asking.pop(call.id)
            entries = self.entries[found.operated]
            entries += [("escrow", call.amount), ("wager", -call.amount)]
            return "escrowed"
        return {"result": self.result, "cancel": self.cancel, "abort": self.abort}[call.op](call, found)

    def result(self, call: OutsideCall, found: Round) -> Any:
        if found.status in ("closed", "cancelled"):
            return Code.ROUND_OVER
        if found.asking:
            return Code.UNAVAILABLE
        if call.amount > _CAP * found.stake:
            return Code.LIMIT
        found.status, found.won = "closed", call.amount
        self.entries[found.operated].append(("win", call.amount))
        if found.operated:
            self.owed[call.owed[0].id] = call.amount
        return "closed"

    def cancel(self, call: OutsideCall, found: Round) -> Any:
        if found.status == "closed":
            return Code.ROUND_OVER
        if found.status != "cancelled":
            for amount, owed in found.stands.values():
                if owed is not None:
                    self.owed[owed.id] = amount
            for call_id, (_, owed) in found.asking.items():
                self.owed[owed.id] = 0
                self.calls[call_id] = (self.calls[call_id][0], Code.ROUND_OVER)
            if found.stands:
                self.entries[found.operated].append(("cancel", found.stake))
            found.status, found.asking = "cancelled", {}
        return "cancelled"

    def abort(self, call: OutsideCall, found: Round) -> Any:
        _, owed = found.asking.pop(call.id)
        if not call.definite:
            self.owed[owed.id] = 0
        if not found.asking and not found.stands:
            found.status = "cancelled"
            if call.definite:
                del self.rounds[call.round]
        return "cancelled"


async def _carried_out(store: Store, calls: Any) -> None:
    model = Model(store)
    seat = model.games[0].seat
    await store.begin_wallet(seat, wallet_of(seat), 40, 1)
    seen = dict[str, OutsideAnswer]()
    for drawn in calls:
        call = _call(model, *drawn)
        wanted = model.expected(call)
        try:
            answer = await store.outside(call)
        except Refused as refusal:
            assert refusal.code is wanted
            continue
        assert answer.status == wanted
        first = answer._replace(repeated=False, owed=())
        if not answer.repeated:
            seen[call.id] = first
        elif call.op != "abort":
            assert seen[call.id] == first
    await _compared(store, model)


def _call(model: Model, op: Any, round_number: int, number: int, wrong: str) -> OutsideCall:
    name, known = f"r{round_number}", model.rounds.get(f"r{round_number}")
    operated = (known.operated if known else round_number > 0) != (wrong == "wallet")
    if op in ("ask", "escrow") and not operated:
        op = "escrow"
    kind = op if op in ("result", "cancel") else "escrow"
    amount = 0 if kind == "cancel" else 7 + 8 * number + (wrong == "amount")
    call_id = "shared" if wrong == "id" else f"{name}.{kind}.{number}"
    call = model.games[operated].call({"refuse": "abort"}.get(op, op), name, call_id, amount, max_win=_CAP)
    call = call._replace(fingerprint=f"{kind} {name} {amount}", definite=op == "refuse")
    return call._replace(code=Code.LIMIT if op == "refuse" else Code.UNAVAILABLE)


async def _compared(store: Store, model: Model) -> None:
    seat = model.games[0].seat
    for operated, game in enumerate(model.games):
        assert [(entry.kind, entry.amount) for entry in await game.entries()] == model.entries[operated]
    owed = {delivery.id: delivery.payout for delivery in await model.games[1].deliveries()}
    assert owed == model.owed and sum(owed.values()) == model.balance(True)
    ended, closing = set[str](), list[str]()
    for name in ("r0", "r1", "r2"):
        found, wanted = await store.outside_round(seat, name), model.rounds.get(name)
        assert (found is None) == (wanted is None)
        if found is not None and wanted is not None:
            assert (found.status, found.stake, found.won) == (wanted.status, wanted.stake, wanted.won)
            assert (found.escrows, found.asking) == (tuple(wanted.stands), tuple(wanted.asking))
            ended |= {found.id} if wanted.stands and wanted.status != "escrowed" else set()
    for game in model.games:
        closing += [entry.round for entry in await game.entries() if entry.closes]
    assert sorted(closing) == sorted(ended), "each round that has ended has one closing entry"
    assert dict((await store.belongings(seat.user)).seats)[seat] == model.spent
    await model.games[1].leave()
    assert (await store.funds(model.games[1].wallet)).balance == 0, "nothing stays in transit"


@given(calls=st.lists(CALL, min_size=5, max_size=25))
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_mixture_of_calls_repetitions_and_failures_adds_up(store: Store, io_loop: IOLoop, calls: Any) -> None:
    io_loop.run_sync(lambda: _carried_out(store, calls))


async def test_the_books_are_right_after_all_that(store: Store) -> None:
    assert [finding for finding in (await reconcile(store)).findings if ":player:" in finding.wallet] == []


async def test_what_is_over_is_not_kept_for_ever(store: Store) -> None:
    if not isinstance(store, RedisStore):
        return  # a store in memory forgets everything when it ends
    game = Elsewhere.of_operator(store)
    await game.escrow("closed", "e1", 5)
    await game.escrow("cancelled", "e2", 5)
    await game.do("ask", "cancelled", "e5", 5)
    for name, call_id in (("aborted", "e3"), ("closed", "e6")):
        await game.do("ask", name, call_id, 5)
    await game.do("abort", "closed", "e6", 5)
    await game.escrow("open", "e4", 5)
    open_keys = await _lasting(store, game)
    await game.do("result", "closed", "w1", 5)
    await game.do("cancel", "cancelled", "c1")
    await game.do("abort", "aborted", "e3", 5)
    await game.refused(Code.NO_ROUND, "cancel", "unknown", "c2")
    lasting = await _lasting(store, game)
    assert lasting < open_keys and {key.split(":")[4] for key in lasting} == {"open"}, (
        "the round that is open, and nothing else"
    )
    documents = [value for name in ("closed", "cancelled", "aborted") for value in await _hash(store, game, name)]
    assert not [value for value in documents if b'"for": "acme"' in value], "nor what an operator was to be told"
    draws_id = fresh_draws_id()
    await store.keep_draws(draws_id, b"[]")
    assert await store.link.execute("TTL", f"wb:{{{int(draws_id[:2])}}}:draws:{draws_id}") > 0


async def _lasting(store: RedisStore, game: Elsewhere) -> set[str]:
    """Keys of the game's rounds and calls that never expire, without the names of shard and seat."""
    found = set[str]()
    for link in store.link.masters.values() if isinstance(store.link, ClusterLink) else [store.link]:
        for key in await link.execute("KEYS", "wb:*:out*"):
            text = key.decode()
            if text.endswith(str(game.seat)) and await link.execute("TTL", key) == -1 and ":outside:" in text:
                found.add(text)
    return found


async def _hash(store: RedisStore, game: Elsewhere, name: str) -> list[bytes]:
    key = f"wb:{{{game.seat.user.shard}}}:outside:{len(name)}:{name}:{game.seat}"
    values: list[bytes] = await store.link.execute("HVALS", key)
    return values
