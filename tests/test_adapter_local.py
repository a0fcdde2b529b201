"""The local adapter: money of players of ours, moved as an operator's would be, on every store."""

import asyncio

import pytest

from tests.secrets import secret
from webingo.adapters.adapter import Account, Adapter, Cancelled, Charge, Unanswered
from webingo.adapters.local import LocalAdapter, LocalOptions
from webingo.adapters.local_token import local_token
from webingo.adapters.means import Means
from webingo.adapters.registry import adapters, build, operators
from webingo.config import Settings
from webingo.errors import BadResource, Code, Refused
from webingo.rng import SystemRng, fresh_id
from webingo.server.operators import Operators
from webingo.session.protocol import Auth
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.outside import OutsideCall
from webingo.transaction.store import Store
from webingo.transaction.transaction import Funds, Intent, Opened, Seat, WalletId
from webingo.user import User
from webingo.wallet.delivery import Told, cancel_of
from webingo.wallet.outside import Wager

KEY = secret("a key of the local operator's tests", "secret of the local operator")


def means(store: Store | None = None, **given) -> Means:
    return Means(ManualClock(1_000_000), SystemRng(), store or MemoryStore(), {"USD": 100, "credit": 1}, **given)


def local(store: Store | None = None, debug: bool = True, **options) -> Adapter:
    return build(LocalAdapter, "acme", {"credits": 100, **options}, means(store, debug=debug))


def charge(uid: str, amount: int, refers: str = "", charge_id: str = "") -> Charge:
    return Charge(charge_id or fresh_id(), uid, "token", "USD", "round-1", "joker-bingo", "club", amount, 1, refers)


@pytest.fixture
def uid() -> str:
    return fresh_id()


async def test_a_round_moves_money_once_however_often_it_is_told(store, uid):
    adapter = local(store)
    assert await adapter.player(uid, "token", "USD") == Account(uid, 100)
    bet = charge(uid, 30)
    assert [await adapter.escrow(bet) for _ in range(2)] == [70, 70]
    win = charge(uid, 50, bet.id)
    assert [await adapter.result(win) for _ in range(2)] == [120, 120]
    assert await adapter.result(charge(uid, 0, bet.id)) == 120
    assert (await store.funds(WalletId(User("operator", uid), "USD"))).balance == 120
    assert await adapter.player(uid, "token", "USD") == Account(uid, 120)


async def test_what_is_not_there_is_refused_and_not_taken(store, uid):
    adapter = local(store)
    await adapter.player(uid, "token", "USD")
    with pytest.raises(Refused) as refused:
        await adapter.escrow(charge(uid, 101))
    assert (refused.value.code, refused.value.facts) == (Code.INSUFFICIENT_FUNDS, {"balance": 100})


async def test_a_cancelled_escrow_is_given_back_once(store, uid):
    adapter = local(store)
    await adapter.player(uid, "token", "USD")
    bet = charge(uid, 30)
    await adapter.escrow(bet)
    back = charge(uid, 30, bet.id)
    assert [await adapter.cancel(back) for _ in range(2)] == [Cancelled(100), Cancelled(100)]
    with pytest.raises(Unanswered):
        await adapter.cancel(charge(uid, 31, bet.id))
    assert (await adapter.player(uid, "token", "USD")).balance == 100


async def test_an_escrow_that_comes_after_its_cancel_takes_nothing(store, uid):
    adapter = local(store)
    await adapter.player(uid, "token", "USD")
    bet = charge(uid, 30)
    back = charge(uid, 30, bet.id)
    assert [await adapter.cancel(back) for _ in range(2)] == [Cancelled(100, found=False)] * 2
    with pytest.raises(Unanswered):
        await adapter.escrow(bet)
    assert (await adapter.player(uid, "token", "USD")).balance == 100


async def test_a_store_that_does_not_answer_leaves_it_open(uid, monkeypatch):
    store = MemoryStore()
    adapter = local(store)

    async def silent(*_):
        raise Refused(Code.UNAVAILABLE)

    monkeypatch.setattr(store, "post", silent)
    for call in (adapter.escrow, adapter.result, adapter.cancel):
        with pytest.raises(Unanswered):
            await call(charge(uid, 1))
    with pytest.raises(Unanswered):
        await adapter.player(uid, "token", "USD")


async def test_a_blocked_player_and_an_unknown_money_are_refused(uid):
    store = MemoryStore()
    adapter = local(store)
    with pytest.raises(Refused) as refused:
        await adapter.player(uid, "token", "XXX")
    assert refused.value.code == Code.UNAVAILABLE
    await store.block(User("operator", uid), True)
    with pytest.raises(Refused) as refused:
        await adapter.player(uid, "token", "USD")
    assert refused.value.code == Code.PLAYER_BLOCKED


async def test_tokens_are_the_players_own_and_run_out(uid):
    adapter = local(secret=KEY, debug=False)
    good = secret(local_token(KEY, uid, 1001), "token of the local operator")
    assert (await adapter.player(uid, good, "USD")).uid == uid
    other, late, forged = local_token(KEY, "bob", 1001), local_token(KEY, uid, 1000), "9" + good
    for token in (other, late, forged, "", "token", "1001", "1001.", f"{'9' * 4000}.x", good + "é"):
        with pytest.raises(Refused) as refused:
            await adapter.player(uid, token, "USD")
        assert refused.value.code == Code.AUTH_FAILED


async def test_without_a_secret_everybody_gets_in_and_it_is_for_debug_only(uid):
    assert (await local().player(uid, "", "USD")).uid == uid
    for options, debug in (({}, False), ({"secret": "short"}, True)):
        with pytest.raises(BadResource) as bad:
            local(debug=debug, **options)
        assert bad.value.problems == [("", "secret", "a secret of at least 32 characters is needed")]


def test_operators_are_built_from_the_settings_and_every_wrong_one_is_named():
    good = {"adapter": "local", "options": {"credits": 5}}
    [(name, adapter)] = operators(Settings(operators={"acme": good}), means(debug=True)).items()
    assert (name, adapter.operator, type(adapter)) == ("acme", "acme", LocalAdapter)
    wrong = {
        "bad": {"adapter": "lokal"},
        "worse": {"adapter": "local", "options": {"credit": 5}},
        "worst": {"adapter": "local", "options": {"secret": "short"}},
        "fine": good,
    }
    with pytest.raises(BadResource) as bad:
        operators(Settings(operators=wrong), means(debug=True))
    assert bad.value.problems == [
        ("settings", "operators.bad.adapter", "unknown adapter; did you mean local?"),
        ("settings", "operators.worse.options.credit", "unknown key; did you mean credits?"),
        ("settings", "operators.worst.options.secret", "a secret of at least 32 characters is needed"),
    ]


@pytest.mark.parametrize(
    ("loaded", "reason"),
    [
        (object, "it is no webingo.adapters.adapter.Adapter"),
        (LocalAdapter, "its adapter calls itself 'local'"),
        (ImportError("gone"), "ImportError: gone"),
        (SystemExit(0), "SystemExit: 0"),
        (type("Nameless", (Adapter,), {}), "its adapter calls itself None"),
    ],
)
def test_an_entry_point_that_is_no_adapter_stops_the_start(monkeypatch, loaded, reason):
    class Point:
        name = "other"

        def load(self):
            if isinstance(loaded, BaseException):
                raise loaded
            return loaded

    monkeypatch.setattr("webingo.adapters.registry.entry_points", lambda group: [Point()])
    with pytest.raises(BadResource) as bad:
        operators(Settings(operators={"acme": {"adapter": "local"}}), means())
    assert bad.value.problems == [("entry point", "other", reason)]


def test_two_packages_can_not_both_have_an_adapter_of_one_name(monkeypatch):
    """Which of them has the money would be a matter of chance."""

    class Twin(LocalAdapter):
        pass

    def point(loaded):
        return type("Point", (), {"name": "local", "load": lambda self: loaded})()

    monkeypatch.setattr("webingo.adapters.registry.entry_points", lambda group: [point(LocalAdapter), point(Twin)])
    with pytest.raises(BadResource) as bad:
        adapters()
    assert bad.value.problems == [("entry point", "local", "two packages have an adapter of this name")]
    monkeypatch.setattr("webingo.adapters.registry.entry_points", lambda group: [point(Twin), point(Twin)])
    assert adapters() == {"local": Twin}


class Exits(LocalAdapter):
    def __init__(self, *_):
        raise SystemExit(0)


class Tells(LocalAdapter):
    def __init__(self, operator, options, means):
        raise ValueError(f"what should I do with {options.secret.get_secret_value()}?")


class Keeps(LocalAdapter):
    """What is wrong, to itself."""

    def __init__(self, *_):
        raise BadResource([])


class Forgets(LocalAdapter):
    def __init__(self, *_):
        pass


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Exits, "SystemExit: 0"),
        (Tells, "ValueError"),
        (Keeps, "its adapter can't work with these, and does not say why"),
        (Forgets, "its adapter does not call Adapter.__init__"),
    ],
)
def test_an_operator_whose_adapter_can_not_be_built_is_told_of_without_its_secrets(monkeypatch, kind, reason):
    """And never left out: its sites would be served as if there was no such operator, or the server ends as if all was well."""
    monkeypatch.setattr("webingo.adapters.registry.adapters", lambda: {"local": kind})
    with pytest.raises(BadResource) as bad:
        operators(Settings(operators={"acme": {"adapter": "local", "options": {"secret": KEY}}}), means())
    assert bad.value.problems == [("settings", "operators.acme.options", reason)]


@pytest.mark.parametrize(
    ("wrong", "field", "reason"),
    [
        (BadResource([("", "base", "nobody lives there")]), ".options.base", "nobody lives there"),
        (SystemExit(0), "", "its adapter can't be started: SystemExit: 0"),
        (OSError(f"no way to https://host/?key={KEY}"), "", "its adapter can't be started: OSError"),
        (None, "", "its adapter can't be started: not within 0.05 s"),
    ],
)
async def test_an_operator_whose_adapter_can_not_be_started_is_told_of_by_its_name(monkeypatch, wrong, field, reason):
    class Stuck(LocalAdapter):
        async def start(self):
            if wrong is not None:
                raise wrong
            await asyncio.Event().wait()

    monkeypatch.setattr("webingo.adapters.registry.adapters", lambda: {"local": Stuck})
    monkeypatch.setattr("webingo.server.operators._START_S", 0.05)
    settings = Settings(operators={"acme": {"adapter": "local", "options": {"secret": KEY}}})
    found = Operators(settings, MemoryStore(), ManualClock())
    with pytest.raises(BadResource) as bad:
        await found.start()
    assert bad.value.problems == [("settings", f"operators.acme{field}", reason)]
    await found.stop()


def test_an_operator_whose_adapter_fails_to_be_built_is_named(monkeypatch):
    class Broken(LocalAdapter):
        def __init__(self, *_):
            raise RuntimeError("no such thing")

    monkeypatch.setattr("webingo.adapters.registry.adapters", lambda: {"local": Broken})
    with pytest.raises(BadResource) as bad:
        operators(Settings(operators={"acme": {"adapter": "local"}}), means())
    assert bad.value.problems == [("settings", "operators.acme.options", "RuntimeError: no such thing")]


def test_no_token_stands_in_the_text_of_what_carries_one():
    taken = charge("ana", 5)._replace(token=KEY)
    seat = Seat(User("operator", "ana"), "club")
    owed = cancel_of(WalletId(seat.user, "USD@acme"), taken, 1)
    intent = Intent("sid", owed.document, (owed,), 1)
    carriers = [taken, Wager(seat, "USD", "r", "i", "f", token=KEY), owed, Told.read(owed.document), intent]
    carriers += [OutsideCall(seat, owed.wallet, "ask", "r", "i", "f", 1, owed=(owed,)), Auth(uid="ana", token=KEY)]
    carriers += [Opened(1, Funds(0, 0), {}, intent=owed.document), LocalOptions(secret=KEY)]
    assert KEY in owed.document.decode()
    assert [repr(one) for one in carriers if KEY in repr(one) + str(one)] == []
