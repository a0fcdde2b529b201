"""The conformance kit passes what is right, and each mistake of an adapter is found by the case that is meant for it."""

import asyncio
import json
from collections import Counter

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.secrets import secret
from webingo.adapters.adapter import Adapter, Cancelled, Unanswered
from webingo.adapters.hub88 import Hub88Adapter
from webingo.adapters.hub88_said import Said
from webingo.adapters.kit import hub88_fake, trial
from webingo.adapters.kit.books import Booked, Books, No, Reason
from webingo.adapters.kit.cases import CASES
from webingo.adapters.kit.http import HttpServer, Reply, Request
from webingo.adapters.kit.troubles import LIES, Plan, Trouble
from webingo.adapters.local import LocalAdapter
from webingo.commands import adapter as command
from webingo.commands.common import Failure
from webingo.errors import BadResource, Code, Refused
from webingo.rng import fresh_id
from webingo.support.http import Http, NoAnswer

for pem in hub88_fake.keys()[::2]:
    secret(pem.decode(), "private key of the conformance kit")


async def found(kind: type[Adapter], *names: str) -> list[trial.Finding]:
    """What the cases whose names begin so say of an adapter; without names, all."""
    chosen = tuple(case for case in CASES if case.name.startswith(names or ("",)))
    before, trial.CASES = trial.CASES, chosen
    try:
        return [finding async for finding in trial.trial(kind)]
    finally:
        trial.CASES = before


@pytest.mark.parametrize("kind", [LocalAdapter, Hub88Adapter])
async def test_our_own_adapters_pass_every_case(kind):
    findings = await found(kind)
    assert [(finding.case, finding.reason) for finding in findings if finding.outcome == "failed"] == []
    outcomes = Counter(finding.outcome for finding in findings)
    assert outcomes["passed"] >= {LocalAdapter: 50, Hub88Adapter: len(CASES)}[kind]


class GuessesNo(Hub88Adapter):
    """Silence is a no."""

    async def escrow(self, charge):
        try:
            return await super().escrow(charge)
        except Unanswered:
            raise Refused(Code.INSUFFICIENT_FUNDS) from None


class GuessesYes(Hub88Adapter):
    """A result will have been booked."""

    async def result(self, charge):
        try:
            return await super().result(charge)
        except Unanswered:
            return 0


class NewNames(Hub88Adapter):
    """Every attempt is a booking of its own."""

    async def result(self, charge):
        return await super().result(charge._replace(id=fresh_id()))


class NewEscrows(Hub88Adapter):
    async def escrow(self, charge):
        return await super().escrow(charge._replace(id=fresh_id()))


class ForgetsCancels(Hub88Adapter):
    async def cancel(self, charge):
        return Cancelled(None)


class WrongUnits(Hub88Adapter):
    """Tenths of a cent."""

    def __init__(self, *given):
        super().__init__(*given)
        self._factors = {name: factor // 10 for name, factor in self._factors.items()}


class LosesCents(Hub88Adapter):
    async def result(self, charge):
        return await super().result(charge._replace(amount=charge.amount // 10 * 10))


class Believes(Hub88Adapter):
    """Takes any status for RS_OK, of whomever."""

    def _check(self, said, charge, strict=True):
        pass


class LooksAtNothing(Hub88Adapter):
    """Neither at the signature nor at what is answered to which request."""

    async def _call(self, path, fields):
        answer = await self._fetched(path, body := orjson.dumps({**fields, "request_uuid": fresh_id()}))
        assert body
        try:
            value = orjson.loads(answer.body)
            return Said(
                "RS_OK" if value["status"] == "RS_MAYBE" else value["status"], value["user"], "USD", value.get("balance")
            )
        except (ValueError, KeyError):
            raise Unanswered("strange") from None


class Patient(Hub88Adapter):
    """Waits as long as it takes."""

    def __init__(self, operator, options, means):
        super().__init__(operator, options.model_copy(update={"timeout_s": 20.0}), means)


class AsksForTheToken(Hub88Adapter):
    """Before it pays."""

    async def result(self, charge):
        try:
            await self.player(charge.uid, charge.token, charge.denom)
        except Refused as refused:
            raise Unanswered(str(refused)) from None
        return await super().result(charge)


class Fractions(Hub88Adapter):
    async def escrow(self, charge):
        return float(await super().escrow(charge))


class TheirUnits(Hub88Adapter):
    """In the answer to a cancel."""

    async def cancel(self, charge):
        answer = await super().cancel(charge)
        return answer if answer.balance is None else answer._replace(balance=answer.balance * 1000)


class RemembersNames(Hub88Adapter):
    """Names bookings by itself, and forgets the names when the process ends."""

    def __init__(self, *given):
        super().__init__(*given)
        self._names = {"": ""}

    def _named(self, charge):
        names = [self._names.setdefault(name, fresh_id()) for name in (charge.id, charge.refers)]
        return charge._replace(id=names[0], refers=names[1])

    async def escrow(self, charge):
        return await super().escrow(self._named(charge))

    async def result(self, charge):
        return await super().result(self._named(charge))

    async def cancel(self, charge):
        return await super().cancel(self._named(charge))


class TellsTokens(Hub88Adapter):
    async def escrow(self, charge):
        try:
            return await super().escrow(charge)
        except Unanswered as unanswered:
            raise Unanswered(f"{unanswered}: {tuple(charge)}", unanswered.code) from None


class NeverSent(Hub88Adapter):
    """Who has no answer has not asked."""

    async def escrow(self, charge):
        try:
            return await super().escrow(charge)
        except Unanswered as unanswered:
            raise Unanswered(str(unanswered), unanswered.code, sent=False) from None


class AlwaysFound(Hub88Adapter):
    async def cancel(self, charge):
        return (await super().cancel(charge))._replace(found=True)


class Closes(Hub88Adapter):
    """With every result."""

    async def result(self, charge):
        return await super().result(charge._replace(closes=True))


class NeverCloses(Hub88Adapter):
    async def result(self, charge):
        return await super().result(charge._replace(closes=False))


class NoReference(Hub88Adapter):
    async def result(self, charge):
        return await super().result(charge._replace(refers=""))


class OwnRounds(Hub88Adapter):
    async def escrow(self, charge):
        return await super().escrow(charge._replace(round=charge.id))


class SparesZeros(Hub88Adapter):
    """Nothing is paid, so nobody is told."""

    async def result(self, charge):
        if charge.amount == 0:
            return (await self.player(charge.uid, charge.token, charge.denom)).balance
        return await super().result(charge)


class RemembersPlayers(Hub88Adapter):
    def __init__(self, *given):
        super().__init__(*given)
        self._told_before = {}

    async def player(self, *who):
        if who[:3] not in self._told_before:
            self._told_before[who[:3]] = await super().player(*who)
        return self._told_before[who[:3]]


class OnlyDollars(Hub88Adapter):
    async def escrow(self, charge):
        return await super().escrow(charge._replace(denom="USD"))


class Cancels(Hub88Adapter):
    """Whoever calls it."""

    async def escrow(self, charge):
        raise asyncio.CancelledError


class Exits(Hub88Adapter):
    async def escrow(self, charge):
        raise SystemExit(0)


class LetsAnybodyIn(LocalAdapter):
    def _proves(self, token, uid):
        return True


class Raises(LocalAdapter):
    async def player(self, uid, token, denom, game=""):
        raise KeyError("balance")


PLANTED = [
    (GuessesNo, "an escrow without an answer is cancelled: drop after"),
    (GuessesYes, "a result without an answer is paid once: drop before"),
    (NewNames, "a result sent again is paid once"),
    (NewEscrows, "an escrow sent again is taken once"),
    (ForgetsCancels, "a cancel sent again gives back once"),
    (WrongUnits, "a player and its balance are told"),
    (LosesCents, "amounts arrive to the smallest unit"),
    (Believes, "an escrow without an answer is cancelled: other player"),
    (LooksAtNothing, "an escrow without an answer is cancelled: wrong signature"),
    (LooksAtNothing, "an escrow without an answer is cancelled: other request"),
    (LooksAtNothing, "an escrow without an answer is cancelled: unknown status"),
    (Patient, "silence ends in time"),
    (AsksForTheToken, "results and cancels are booked when the token has run out"),
    (Fractions, "a player and its balance are told"),
    (TheirUnits, "a cancel sent again gives back once"),
    (RemembersNames, "another process carries on"),
    (TellsTokens, "an escrow without an answer is cancelled: drop before"),
    (NeverSent, "an escrow without an answer is cancelled: drop after"),
    (NeverSent, "an escrow without an answer is cancelled: silent"),
    (AlwaysFound, "an escrow that comes after its cancel is not taken"),
    (Closes, "what is booked is what was asked for"),
    (NeverCloses, "what is booked is what was asked for"),
    (NoReference, "what is booked is what was asked for"),
    (OwnRounds, "what is booked is what was asked for"),
    (SparesZeros, "what is booked is what was asked for"),
    (RemembersPlayers, "a player and its balance are told"),
    (OnlyDollars, "no balance is told in a denomination"),
    (Cancels, "a round that is won"),
    (Exits, "a round that is won"),
    (LetsAnybodyIn, "a token of nobody or of another player is refused"),
    (Raises, "a player and its balance are told"),
]


@pytest.mark.parametrize(("kind", "case"), PLANTED)
async def test_a_mistake_is_found_by_the_case_that_is_meant_for_it(monkeypatch, kind, case):
    monkeypatch.setattr("webingo.adapters.kit.bench._MOST_TRIES", 3)
    monkeypatch.setattr(trial, "_CASE_S", 1.5)
    findings = await found(kind, case)
    assert findings
    assert {finding.outcome for finding in findings} == {"failed"}
    assert all(finding.reason for finding in findings)


@pytest.mark.parametrize("name", ["start", "aclose"])
async def test_an_adapter_that_comes_to_no_end_does_not_keep_the_trial_from_ending(monkeypatch, name):
    class Endless(LocalAdapter):
        pass

    async def wait(self):
        await asyncio.Event().wait()

    monkeypatch.setattr(Endless, name, wait)
    monkeypatch.setattr(trial, "_LIFE_S", 0.05)
    with pytest.raises(BadResource, match=f"local: {name} comes to no end"):
        await found(Endless, "a round that is won")


async def test_an_adapter_without_a_fake_operator_is_not_tried_out():
    class Bare(LocalAdapter):
        @classmethod
        def fake(cls):
            return None

    with pytest.raises(ValueError, match="no fake operator"):
        await found(Bare)


def test_a_fake_operator_that_can_not_be_loaded_is_said_so_and_the_others_are_listed(monkeypatch, tmp_path, capsys):
    class Lacking(LocalAdapter):
        @classmethod
        def fake(cls):
            raise ImportError("no testing library")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webingo.adapters.registry.adapters", lambda: {"hub88": Hub88Adapter, "local": Lacking})
    command.show(as_json=True)
    assert [row["testable"] for row in json.loads(capsys.readouterr().out)] == [True, False]
    with pytest.raises(Failure, match="fake operator of local can't be loaded: ImportError: no testing library"):
        command.test("local")


def test_chance_is_the_same_for_the_same_seed_and_what_was_asked_for_comes_first():
    def drawn(seed: int) -> list[Trouble | None]:
        plan = Plan(seed)
        plan.chance(40, *LIES)
        plan.ask("escrow", Trouble.LATE, 2)
        plan.ask("*", Trouble.CUT)
        return [plan.next("escrow") for _ in range(200)]

    assert drawn(1) == drawn(1)
    assert drawn(1)[:3] == [Trouble.LATE, Trouble.LATE, Trouble.CUT]
    assert drawn(1) != drawn(2)
    assert 40 < sum(trouble is not None for trouble in drawn(1)) < 120
    plan = Plan()
    plan.ask("cancel", Trouble.CUT)
    assert plan.next("escrow") is None
    plan.clear()
    assert plan.next("cancel") is None


# -- the fake operator's books ---------------------------------------------------------------------------------------------

IDS = [f"id-{n}" for n in range(6)]
CALLS = st.lists(
    st.tuples(st.sampled_from(["escrow", "result", "cancel"]), st.sampled_from(IDS), st.sampled_from(IDS), st.integers(0, 60)),
    max_size=40,
)


@given(CALLS)
@settings(deadline=None, max_examples=100)
def test_whatever_is_sent_the_books_add_up_and_nothing_is_booked_twice(calls):
    books, booked = Books(), dict[str, tuple]()
    books.player("ana", "token", {"USD": 100})
    for call in calls:
        kind, name, refers, amount = call
        before = books.balance("ana", "USD")
        try:
            if kind == "cancel":
                books.give_back(name, "ana", refers)
            else:
                books.book(Booked(name, kind, "ana", "USD", amount, refers if kind == "result" else ""), "token")
        except No:
            assert books.balance("ana", "USD") == before
            continue
        if name in booked:
            assert books.balance("ana", "USD") == before
            assert booked[name][:2] == (kind, name)
        booked.setdefault(name, call)
    sign = {"escrow": -1, "result": 1, "cancel": 0}
    given_back = sum(books.entries[name].amount for name in books.returned)
    assert books.balance("ana", "USD") == 100 + given_back + sum(sign[one.kind] * one.amount for one in books.entries.values())
    assert books.balance("ana", "USD") >= 0
    assert not books.returned & books.resulted
    assert not books.tombstones & {one.id for one in books.entries.values() if one.kind == "escrow"} - books.returned


def test_the_books_say_why_not():
    books = Books()
    ana = books.player("ana", "token", {"USD": 100})
    books.player("bob", "other", {"USD": 100})
    bet = Booked("bet", "escrow", "ana", "USD", 60)

    def reason(call) -> Reason:
        with pytest.raises(No) as no:
            call()
        return no.value.reason

    assert reason(lambda: books.book(bet, "other")) == Reason.TOKEN
    assert reason(lambda: books.book(bet._replace(uid="eve"), "token")) == Reason.TOKEN
    assert reason(lambda: books.book(bet._replace(denom="EUR"), "token")) == Reason.CURRENCY
    assert reason(lambda: books.book(bet._replace(amount=101), "token")) == Reason.FUNDS
    ana.most = 50
    assert reason(lambda: books.book(bet, "token")) == Reason.LIMIT
    ana.most = 100
    assert [books.book(bet, "token") for _ in range(2)] == [40, 40]
    assert reason(lambda: books.book(bet._replace(amount=61), "token")) == Reason.DUPLICATE
    win = Booked("win", "result", "ana", "USD", 5, "bet")
    assert reason(lambda: books.book(win._replace(refers="no"), "")) == Reason.UNKNOWN
    assert reason(lambda: books.book(win._replace(uid="bob"), "")) == Reason.UNKNOWN
    assert reason(lambda: books.give_back("back", "bob", "bet")) == Reason.UNKNOWN
    ana.expired = ana.blocked = True
    assert books.book(win, "") == 45
    assert reason(lambda: books.give_back("back", "ana", "bet")) == Reason.DUPLICATE
    assert reason(lambda: books.account("ana", "token")) == Reason.EXPIRED
    ana.expired = False
    assert reason(lambda: books.account("", "token")) == Reason.BLOCKED
    assert reason(lambda: books.known("eve")) == Reason.PLAYER
    assert reason(lambda: books.give_back("later", "bob", "unseen")) == Reason.UNKNOWN
    assert reason(lambda: books.book(Booked("unseen", "escrow", "bob", "USD", 1), "other")) == Reason.DUPLICATE


# -- the fake operator that speaks Hub88's API --------------------------------------------------------------------------------


@pytest.fixture
def fake(tmp_path):
    made = hub88_fake.Hub88Fake(tmp_path)
    made.books.player("ana", "token", {"USD": 100})
    return made


def asked(path: str, fields: object, signed: bool = True, method: str = "POST") -> Request:
    body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    signature = hub88_fake.Signer(hub88_fake.keys()[0]).sign(body) if signed else "AAAA"
    return Request(method, path, {"x-hub88-signature": signature}, body)


BET = {
    "user": "ana",
    "transaction_uuid": "t",
    "supplier_transaction_id": "t",
    "token": "token",
    "game_code": "joker",
    "round": "r",
    "round_closed": False,
    "currency": "USD",
    "amount": 5000,
    "request_uuid": "q",
}


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/transaction/bet", BET, "RS_OK"),
        ("/transaction/bet", {**BET, "amount": 5001}, "RS_ERROR_WRONG_TYPES"),
        ("/transaction/bet", {**BET, "amount": -5000}, "RS_ERROR_WRONG_TYPES"),
        ("/transaction/bet", {**BET, "amount": 5000.0}, "RS_ERROR_WRONG_TYPES"),
        ("/transaction/bet", {**BET, "round_closed": 0}, "RS_ERROR_WRONG_TYPES"),
        ("/transaction/bet", {**BET, "user": 1}, "RS_ERROR_WRONG_TYPES"),
        ("/transaction/bet", {**BET, "more": 1}, "RS_ERROR_WRONG_SYNTAX"),
        ("/transaction/bet", {name: value for name, value in BET.items() if name != "round"}, "RS_ERROR_WRONG_SYNTAX"),
        ("/transaction/bet", b"{", "RS_ERROR_WRONG_SYNTAX"),
        ("/transaction/bet", [], "RS_ERROR_WRONG_SYNTAX"),
        ("/user/info", {"user": "ana", "request_uuid": "q"}, "RS_OK"),
        ("/user/info", {"user": "eve", "request_uuid": "q"}, "RS_ERROR_INVALID_TOKEN"),
    ],
)
async def test_the_fake_takes_nothing_that_the_api_does_not_describe(fake, path, fields, status):
    reply = await fake._answer(asked(path, fields))
    assert json.loads(reply.body)["status"] == status
    assert hub88_fake.Verifier(hub88_fake.keys()[3]).signed(reply.body, reply.headers["X-Hub88-Signature"])
    unsigned = await fake._answer(asked(path, fields, signed=False))
    assert json.loads(unsigned.body)["status"] == "RS_ERROR_INVALID_SIGNATURE"
    assert (await fake._answer(asked(path, fields, method="GET"))).status == 404


async def test_the_same_request_is_answered_the_same_again(fake):
    first = await fake._answer(asked("/transaction/bet", BET))
    fake.books.people["ana"].balances["USD"] = 1
    assert await fake._answer(asked("/transaction/bet", BET)) == first


# -- its HTTP -----------------------------------------------------------------------------------------------------------------


async def test_the_server_answers_one_request_after_the_other_and_survives_nonsense():
    async def answer(request: Request) -> Reply:
        return Reply(request.body.upper(), headers={"X-Path": request.path})

    server = HttpServer(answer)
    await server.start()
    port = server.port
    for junk in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"x" * 70_000, b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(junk)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
    http = Http()
    for _ in range(2):
        answered = await http.fetch(f"http://127.0.0.1:{port}/a", "POST", body=b"ana", timeout_s=5)
        assert (answered.status, answered.body, answered.headers["X-Path"]) == (200, b"ANA", "/a")
    await server.stop()
    with pytest.raises(NoAnswer):
        await http.fetch(f"http://127.0.0.1:{port}/a", timeout_s=5)
    await server.start()
    assert server.port == port
    assert (await http.fetch(f"http://127.0.0.1:{port}/a", timeout_s=5)).body == b""
    http.close()
    await server.stop()
    await server.stop()
