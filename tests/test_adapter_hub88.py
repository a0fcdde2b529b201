"""Hub88's wallet API: what is sent, to the byte, and what is made of each answer that an operator can give."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.hub88 import BET, OPERATORS, OURS, TOKEN, Operator, adapter, back, bet, said, win
from webingo.adapters.adapter import Account, Cancelled, Unanswered
from webingo.adapters.hub88_said import STATUSES
from webingo.adapters.kit.http import Reply, Vanish
from webingo.adapters.signature import Signer, Verifier
from webingo.errors import BadResource, Code, Refused

GOLDEN = json.loads((Path(__file__).parent / "hub88_golden.json").read_text())
REQUEST = "583c985f-fee6-4c0e-bbf5-308aad6265af"

# Two of Hub88's own examples and the key that they are checked with (github.com/coingaming/Hub88-Examples, Apache-2.0).
THEIRS = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAx3IRpSri/9SjA7f9me35
v6LtJzn8drb1vg/UeGaPPFR16KsUOPqbGJ2r1pRPJMedqqbO7Agt/HavWDcQhNZl
c9VrVQcWK/w2HD9PflQYv0oQMiPK5Mut/eIdFOpwwwaRAU4s6WOkJdSmP9F4cfr/
amTZZoY59/t3SZWYjgZ9/LDI2X8S3uLW/JPiH+6dm2bU8ykhxoWwLE/piJxynS73
EzM0tgjHyTUMkarhK9qRVZk581/kzmtJLLBZQl9XrQQcIfQ+zFZj7ijddOptxpxq
Cmq8gQNohB56p34yjVH3uAJAaFvIVg5mEkprrvNVDJwGonHSaaq7AICmzrF6h/r5
dwIDAQAB
-----END PUBLIC KEY-----
"""
SMALL = """-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDrJlmUY5TgzJ9ewvfHdrX3X40I
Dk2PSDSaWF7xeTyh9RtTZhlE1zItBg40C5u0czrVNnLPbjFCSAX5R6Zrb3eFMPq4
CWipGcFP0+S2rbzFieP3nr9v3xWx1tfuy/P92/DfAlxMRoLmd9rOqrJ40R84U94q
SbK8nVdlwcQY6izQrQIDAQAB
-----END PUBLIC KEY-----
"""

VECTORS = {
    "test": (
        "V3bEXE72v0fbrKNV6bHW945WgsuRvkKcUBA4+C2AiUp+ssrItfk4btBhQfuupBsUXY11JZY+2DSK15NlXeziZbtGQRbgq6v/Ou2tWd652r39nKCfwpx"
        "Lw1foXaLiSP5ZPudi42M7ANG4XygjaErPiIMHHQaEA6WKqSLIPmJmJJ1u6PkLulpG5CEMO+/6tWRBMMd5vZuHxqc2koaCWI6a3sW+75INSPXbSAEnwV"
        "kWPIeUg+EYCdUE7RARSlT/xf5Bp37qtEGZSG7TF7198HDQjAMpC7HBY+tUXsNZwXJJpcRxRh0Pqfz7Q9LG0ikFfdQE+0gCnuLOmx0IMtLIFjVQpA=="
    ),
    '{"test":"test"}': (
        "LMYX772LMBO+r83MakogTLoYnUmkR5TTSCMbzbzWPQBgqakoUwjsQnGAbIvA2ZEZXKgbygEW32crr/OzkJbXJp/XSeXPg93IvlOOiaItcPZAIx2MvBh"
        "7tY2vtcNMfodlrEvvG5ySDJQWO4LD/Gv7v6dpJJEsVy7AFdT8Azix2MUGcsljIJFWclYsHjJ96OCm5z4RZeA4tp49QCMKb3AL0TZojxxPL/9vSO//o4"
        "IcGQCQ02Sw7/p1c8EogCKI9AcMA2fmcog5fy853wMoZJem+qzLtQfBNKLmmKvFE02V7AkRdPn4q7ilCFzkpmN3T5Rhmazv5JHUIvjokR9c0p/4UQ=="
    ),
}


@pytest.mark.parametrize("text", VECTORS)
def test_hub88s_own_examples_of_signatures_are_right_and_nothing_near_them_is(text):
    verifier, signature = Verifier(THEIRS.encode()), VECTORS[text]
    assert verifier.signed(text.encode(), signature)
    for body, wrong in (
        (b"x" + text.encode(), signature),
        (text.encode(), signature[4:]),
        (text.encode(), "A" + signature[1:]),
    ):
        assert not verifier.signed(body, wrong)
    for wrong in ("", "é", "no base64!", signature + "\n", signature.replace("+", "-")):
        assert not verifier.signed(text.encode(), wrong)


def test_golden_signatures_are_made_again():
    signer = Signer(OURS.encode())
    assert [signer.sign(one["body"].encode()) for one in GOLDEN] == [one["signature"] for one in GOLDEN]


async def test_every_call_is_what_it_was_to_the_byte(monkeypatch, tmp_path):
    monkeypatch.setattr("webingo.adapters.hub88.fresh_id", lambda: REQUEST)
    async with Operator() as operator:
        hub = await adapter(operator.url, tmp_path, game_codes={"joker-bingo": "wbg_jokerbingo"})
        await hub.player("john12345", TOKEN, "USD", "joker-bingo")
        await hub.escrow(bet())
        await hub.result(win())
        await hub.cancel(back())
        sent = [(one.path, one.body.decode(), one.headers["x-hub88-signature"]) for one in operator.seen]
        assert sent == [(one["path"], one["body"], one["signature"]) for one in GOLDEN]
        assert {one.method for one in operator.seen} == {"POST"}
        assert {one.headers["content-type"] for one in operator.seen} == {"application/json"}
        await hub.aclose()


@pytest.fixture
def play(tmp_path):
    """`play(says, call, **options)`: what an adapter makes of an operator that says so."""

    async def play(says: Any, call: Any, **options: Any) -> Any:
        async with Operator() as operator:
            if not isinstance(says, dict):
                operator.says = says
            else:
                operator.says = lambda fields: said(fields, **says)
            hub = await adapter(operator.url, tmp_path, **options)
            try:
                return await call(hub)
            finally:
                await hub.aclose()

    return play


ESCROW, RESULT, CANCEL = (lambda hub: hub.escrow(bet())), (lambda hub: hub.result(win())), (lambda hub: hub.cancel(back()))
BOOKINGS = {"escrow": ESCROW, "result": RESULT, "cancel": CANCEL}


def login(uid: str = "john12345", denom: str = "USD"):
    return lambda hub: hub.player(uid, TOKEN, denom)


async def test_balances_are_told_in_our_units(play):
    assert await play({}, login()) == Account("john12345", 1000)
    assert await play({}, login("")) == Account("john12345", 1000)
    assert await play({}, ESCROW) == 1000
    assert await play({}, RESULT) == 1000
    assert await play({}, CANCEL) == Cancelled(1000)
    assert await play({"balance": 100_500}, RESULT) == 100  # half a cent is nothing that we could show
    assert await play({"balance": -5}, RESULT) == 0  # a debt does not keep a win from being booked


async def test_other_names_of_games_and_currencies_are_the_operators(play, tmp_path):
    async with Operator(lambda fields: said(fields, currency="XXX", balance=700_000)) as operator:
        hub = await adapter(operator.url, tmp_path, currencies={"credit": "XXX"})
        assert await hub.player("john12345", TOKEN, "credit") == Account("john12345", 7)
        assert await hub.escrow(bet(3, denom="credit")) == 7
        fields = json.loads(operator.seen[-1].body)
        assert (fields["currency"], fields["amount"], fields["game_code"]) == ("XXX", 300_000, "joker-bingo")
        await hub.aclose()


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "RS_OK"])
async def test_every_status_of_an_escrow_ends_as_it_must(play, status):
    definite = {"RS_ERROR_NOT_ENOUGH_MONEY": Code.INSUFFICIENT_FUNDS, "RS_ERROR_LIMIT_REACHED": Code.LIMIT}
    told = {
        "RS_ERROR_INVALID_TOKEN": Code.AUTH_FAILED,
        "RS_ERROR_TOKEN_EXPIRED": Code.AUTH_FAILED,
        "RS_ERROR_USER_DISABLED": Code.PLAYER_BLOCKED,
        "RS_ERROR_INVALID_GAME": Code.GAME_DISABLED,
    }
    says = {"status": status, "balance": 200_000}
    if status in definite:
        with pytest.raises(Refused) as refused:
            await play(says, ESCROW)
        assert (refused.value.code, refused.value.facts) == (definite[status], {"balance": 200})
        with pytest.raises(Refused) as refused:
            await play({"status": status, "balance": None, "user": None, "currency": None}, ESCROW)
        assert (refused.value.code, refused.value.facts) == (definite[status], {})
    else:
        with pytest.raises(Unanswered, match=status) as unanswered:
            await play(says, ESCROW)
        assert unanswered.value.code == told.get(status, Code.UNAVAILABLE)


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "RS_OK"])
@pytest.mark.parametrize("op", ["result", "cancel"])
async def test_no_status_keeps_a_result_or_a_cancel_from_being_sent_again(play, status, op):
    if (status, op) == ("RS_ERROR_TRANSACTION_DOES_NOT_EXIST", "cancel"):
        assert await play({"status": status, "balance": None, "currency": None}, CANCEL) == Cancelled(None, found=False)
        return
    with pytest.raises(Unanswered, match=status):
        await play({"status": status}, BOOKINGS[op])


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("RS_ERROR_INVALID_TOKEN", Code.AUTH_FAILED),
        ("RS_ERROR_TOKEN_EXPIRED", Code.AUTH_FAILED),
        ("RS_ERROR_USER_DISABLED", Code.PLAYER_BLOCKED),
        ("RS_ERROR_INVALID_GAME", Code.UNAVAILABLE),
    ],
)
async def test_a_login_that_the_operator_refuses(play, status, code):
    for path in ("token", "country"):  # /user/balance has the one field, /user/info neither
        says = lambda fields, path=path: said(fields, status=status if ("token" in fields) == (path == "token") else "RS_OK")  # noqa: E731
        with pytest.raises(Refused) as refused:
            await play(says, login())
        assert refused.value.code == code


async def test_the_operator_is_asked_once_about_a_player_with_a_token(tmp_path):
    async with Operator() as operator:
        hub = await adapter(operator.url, tmp_path)
        for _ in range(3):
            await hub.player("john12345", TOKEN, "USD")
        assert [one.path for one in operator.seen].count("/user/info") == 1
        await hub.aclose()
        operator.seen.clear()
        hub = await adapter(operator.url, tmp_path, user_info=False)
        await hub.player("john12345", TOKEN, "USD")
        assert [one.path for one in operator.seen] == ["/user/balance"]
        await hub.aclose()


async def test_a_login_as_somebody_else_or_in_unknown_money_is_refused(play):
    for token in ("", "x" * 256):
        with pytest.raises(Refused, match="refused"):
            await play({}, lambda hub, token=token: hub.player("john12345", token, "USD"))
    with pytest.raises(Refused, match="another player's"):
        await play({}, login("bob"))
    with pytest.raises(Refused, match="no money in BTC"):
        await play({}, login(denom="BTC"))
    for says in ({"user": None}, {"currency": "EUR"}, {"status": "RS_ERROR_UNKNOWN"}):
        with pytest.raises(Unanswered):
            await play(says, login())


STRANGE = {
    "unknown status": {"status": "RS_FINE"},
    "no status": {"status": None},
    "a status that is a number": {"status": 0},
    "another player": {"user": "bob"},
    "no player": {"user": None},
    "a player that is a number": {"user": 12345},
    "another currency": {"currency": "EUR"},
    "no currency": {"currency": None},
    "another request": {"request_uuid": "583c985f-fee6-4c0e-bbf5-308aad626500"},
    "no request": {"request_uuid": None},
    "no balance": {"balance": None},
    "a balance that is text": {"balance": "1000000"},
    "a balance that is a fraction": {"balance": 1000000.0},
    "a balance that is true": {"balance": True},
    "a balance above all limits": {"balance": 2**63 - 1},
}


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("op", BOOKINGS)
async def test_a_strange_answer_is_none(play, op, strange):
    with pytest.raises(Unanswered):
        await play(STRANGE[strange], BOOKINGS[op], currencies={"USD": "USD"})


async def test_a_refusal_about_another_request_or_player_is_none(play):
    """Else a bet that was taken would count as one that was not."""
    for says in ({"request_uuid": None}, {"request_uuid": BET}, {"user": "bob"}, {"currency": "EUR"}):
        for status in ("RS_ERROR_NOT_ENOUGH_MONEY", "RS_ERROR_LIMIT_REACHED"):
            with pytest.raises(Unanswered):
                await play({"status": status, **says}, ESCROW)
        with pytest.raises(Unanswered):
            await play({"status": "RS_ERROR_TRANSACTION_DOES_NOT_EXIST", **says}, CANCEL)


async def test_a_negative_balance_after_an_escrow_is_strange(play):
    with pytest.raises(Unanswered, match="can't be"):
        await play({"balance": -1}, ESCROW)


PAGE = Reply(b"<!doctype html><h1>Bad Gateway</h1>", kind="text/html")


def unsigned(body: bytes, status: int = 200) -> Reply:
    return Reply(body, status)


BROKEN = {
    "an HTML page": lambda right: PAGE,
    "an HTML page with an error": lambda right: PAGE._replace(status=502),
    "500 with the right answer": lambda right: right._replace(status=500),
    "400 with the right answer": lambda right: right._replace(status=400),
    "a redirect": lambda right: right._replace(status=302, headers={**right.headers, "Location": "http://127.0.0.1:1/"}),
    "no signature": lambda right: right._replace(headers={}),
    "a wrong signature": lambda right: right._replace(headers={"X-Hub88-Signature": GOLDEN[0]["signature"]}),
    "a signature of another body": lambda right: right._replace(body=right.body + b" "),
    "nothing": lambda right: unsigned(b""),
    "half of it": lambda right: right._replace(cut=True),
    "too much": lambda right: right._replace(body=b" " * (1 << 20) + right.body),
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("op", BOOKINGS)
async def test_a_broken_answer_is_none(tmp_path, op, broken):
    class Broken(Operator):
        async def answer(self, request):
            return BROKEN[broken](await super().answer(request))

    async with Broken() as operator:
        hub = await adapter(operator.url, tmp_path)
        with pytest.raises(Unanswered) as unanswered:
            await BOOKINGS[op](hub)
        assert unanswered.value.code == Code.UNAVAILABLE
        assert TOKEN not in str(unanswered.value)
        assert len(operator.seen) == 1  # tried again by those who know what happened meanwhile, and not here
        await hub.aclose()


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"status": "RS_OK"', b'"RS_OK"', b"\xff"])
async def test_a_signed_answer_that_makes_no_sense_is_none(tmp_path, body):
    class Odd(Operator):
        async def answer(self, request):
            return self.signed(body)

    async with Odd() as operator:
        hub = await adapter(operator.url, tmp_path)
        with pytest.raises(Unanswered):
            await hub.escrow(bet())
        await hub.aclose()


@pytest.mark.parametrize("twice", ["status", "user", "request_uuid", "currency", "balance"])
@pytest.mark.parametrize("op", BOOKINGS)
async def test_an_answer_that_says_two_things_is_none(tmp_path, op, twice):
    """Signed as it is: the one reads the first, the other the last."""
    other = {"status": "RS_ERROR_NOT_ENOUGH_MONEY", "balance": 7}.get(twice, "another")

    class TwoFaced(Operator):
        async def answer(self, request):
            right = json.dumps(said(json.loads(request.body)))
            first = json.dumps({twice: other})
            body = f"{first[:-1]}, {right[1:]}" if op == "escrow" else f"{right[:-1]}, {first[1:]}"
            return self.signed(body.encode())

    async with TwoFaced() as operator:
        hub = await adapter(operator.url, tmp_path)
        with pytest.raises(Unanswered, match="given twice"):
            await BOOKINGS[op](hub)
        await hub.aclose()


@pytest.mark.parametrize("deep", [900, 20_000])
async def test_an_answer_that_is_nested_deeply_ends_as_any_other(tmp_path, deep):
    class Deep(Operator):
        async def answer(self, request):
            right = json.dumps(said(json.loads(request.body)))
            return self.signed(f'{right[:-1]}, "x": {"[" * deep}{"]" * deep}}}'.encode())

    async with Deep() as operator:
        hub = await adapter(operator.url, tmp_path)
        with suppress(Unanswered):
            assert await hub.escrow(bet()) == 1000
        await hub.aclose()


async def test_no_part_of_a_page_is_quoted(tmp_path):
    """Its type neither: whoever writes it has seen the token."""

    class Echo(Operator):
        async def answer(self, request):
            return self.signed(b"no json")._replace(kind=json.loads(request.body)["token"])

    async with Echo() as operator:
        hub = await adapter(operator.url, tmp_path)
        with pytest.raises(Unanswered) as unanswered:
            await hub.escrow(bet())
        assert str(unanswered.value) == "no JSON (of another type)"
        await hub.aclose()


@pytest.mark.parametrize("header", ["Content-Length", "Transfer-Encoding", "no colon", "Content-Type"])
async def test_a_token_that_comes_back_in_a_broken_answer_stands_in_no_log(tmp_path, caplog, header):
    """Tornado quotes headers that it can't read."""
    caplog.set_level("DEBUG")

    async def echo(reader, writer):
        await reader.readuntil(b"token")
        line = header if header == "no colon" else f"{header}:"
        writer.write(f"HTTP/1.1 200 OK\r\n{line} {TOKEN}\r\n\r\n{{}}".encode())
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    hub = await adapter(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", tmp_path)
    with pytest.raises(Unanswered) as unanswered:
        await hub.escrow(bet())
    assert TOKEN not in str(unanswered.value) + caplog.text
    await hub.aclose()
    server.close()


@pytest.mark.parametrize("op", BOOKINGS)
async def test_thirty_seconds_of_silence_end_when_the_time_is_up(tmp_path, op):
    class Silent(Operator):
        async def answer(self, request):
            await asyncio.sleep(30)
            raise Vanish

    async with Silent() as operator:
        hub = await adapter(operator.url, tmp_path, timeout_s=0.2)
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unanswered, match="Timeout"):
            await BOOKINGS[op](hub)
        assert asyncio.get_running_loop().time() - began < 5
        await hub.aclose()


async def test_where_nobody_listens_calls_are_soon_not_even_tried(tmp_path):
    hub = await adapter("http://127.0.0.1:1", tmp_path)
    reasons = []
    for _ in range(8):
        with pytest.raises(Unanswered) as unanswered:
            await hub.escrow(bet())
        reasons.append(str(unanswered.value))
    assert reasons[-1] == "the operator is left alone for a moment"
    assert "left alone" not in reasons[0]
    await hub.aclose()


async def test_what_is_wrong_with_one_call_does_not_keep_the_others_from_being_made(tmp_path):
    async with Operator(lambda fields: said(fields, status="RS_ERROR_INVALID_TOKEN")) as operator:
        hub = await adapter(operator.url, tmp_path)
        for _ in range(20):
            with pytest.raises(Unanswered, match="INVALID_TOKEN"):
                await hub.escrow(bet())
        await hub.aclose()


async def test_answers_may_be_unsigned_where_the_settings_say_so(tmp_path):
    class Unsigned(Operator):
        async def answer(self, request):
            return (await super().answer(request))._replace(headers={})

    async with Unsigned() as operator:
        hub = await adapter(operator.url, tmp_path, answers_signed=False, operator_public_key_file="")
        assert await hub.escrow(bet()) == 1000
        await hub.aclose()


async def test_every_call_has_a_request_id_of_its_own_and_a_repetition_the_same_transaction(tmp_path):
    async with Operator() as operator:
        hub = await adapter(operator.url, tmp_path)
        for _ in range(3):
            await hub.result(win())
        fields = [json.loads(one.body) for one in operator.seen]
        assert len({one["request_uuid"] for one in fields}) == 3
        assert {json.dumps({**one, "request_uuid": ""}) for one in fields} == {json.dumps({**fields[0], "request_uuid": ""})}
        await hub.aclose()


async def test_what_cannot_be_sent_is_not_sent(tmp_path):
    async with Operator() as operator:
        hub = await adapter(operator.url, tmp_path)
        for charge, code in (
            (bet(2**53 - 1, denom="credit"), Code.LIMIT),
            (bet(denom="BTC"), Code.UNAVAILABLE),
            (bet(token="\ud800"), Code.UNAVAILABLE),
        ):
            with pytest.raises(Unanswered) as unanswered:
                await hub.escrow(charge)
            assert unanswered.value.code == code
        assert operator.seen == []
        await hub.aclose()
        with pytest.raises(Unanswered, match="not started"):
            await hub.escrow(bet())


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"base": "http://wallet.example"}, "base", "needs https"),
        ({"base": "https://wallet.example/?key=1"}, "base", "only scheme, host, port and path"),
        ({"base": "https://wallet.example?"}, "base", "ends with ? or #"),
        ({"base": "https://wallet.example/api#"}, "base", "ends with ? or #"),
        ({"base": " https://wallet.example"}, "base", "characters"),
        ({"base": "https://wallet.example/a\n"}, "base", "characters"),
        ({"base": "https://me:secret@wallet.example"}, "base", "only scheme, host, port and path"),
        ({"base": "ftp://localhost"}, "base", "https:// or http://"),
        ({"base": "wallet"}, "base", "only scheme, host, port and path"),
        ({"private_key_file": "gone.pem"}, "private_key_file", "gone.pem can't be read: No such file"),
        ({"operator_public_key_file": ""}, "operator_public_key_file", "can't be read"),
        ({"private_key_file": ""}, "private_key_file", "not the name of a file"),
        ({"private_key_file": OURS}, "private_key_file", "not the name of a file"),
        ({"private_key_file": "".join(OURS.split("-----")[2].split())}, "private_key_file", "not the name of a file"),
        ({"private_key_file": "keys/\0.pem"}, "private_key_file", "not the name of a file"),
        ({"private_key_file": "{folder}/operator.pem"}, "private_key_file", "no private key"),
        ({"operator_public_key_file": "{folder}/ours.pem"}, "operator_public_key_file", "no public key"),
        ({"operator_public_key_file": "{folder}/small.pem"}, "operator_public_key_file", "at least 2048 bits"),
        ({"timeout_s": 0}, "timeout_s", "greater than 0"),
        ({"key": "x"}, "key", "unknown key"),
        ({"currencies": {"US": "USD"}}, "currencies.US", "unknown denomination; did you mean USD?"),
        ({"currencies": {"USD": ""}}, "currencies.USD", "at least 1 character"),
        ({"game_codes": {"a": ""}}, "game_codes.a", "at least 1 character"),
        ({"game_codes": {"a": 1}}, "game_codes.a", "valid string"),
    ],
)
async def test_wrong_options_are_named(tmp_path, changes, field, reason):
    (tmp_path / "small.pem").write_text(SMALL)
    changes = {name: value.format(folder=tmp_path) if isinstance(value, str) else value for name, value in changes.items()}
    with pytest.raises(BadResource) as bad:
        await adapter(changes.pop("base", "https://wallet.example"), tmp_path, **changes)
    [(_, found, why)] = bad.value.problems
    assert found == field
    assert reason in why
    assert OPERATORS[30:60] not in why
    assert not any(line in why for line in OURS.splitlines()[1:-1])
