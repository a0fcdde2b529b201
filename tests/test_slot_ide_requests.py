"""What comes to the SLOT-IDE door that should not, from where it should not, and more of it than is good."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from tests import junk
from tests.conftest import settings
from tests.slot_ide import Client, names, resources, session_of, site
from tests.test_promises import ledger_of, new_uid
from webingo.errors import Code
from webingo.server.app import Server
from webingo.server.slot_ide.events import Teller
from webingo.support.metrics import REGISTRY
from webingo.transaction.memory_store import MemoryStore
from webingo.user import User

BET_AND_PLAY = '[{"action":"bet","context":[10,1]},{"action":"play"}]'
CONFIG = '[{"action":"config"}]'


@pytest.fixture(scope="module")
def res(tmp_path_factory: pytest.TempPathFactory) -> Path:
    abroad = {"allowed_origins": ["self", "https://casino.example"]}
    return resources(tmp_path_factory.mktemp("slot-ide"), Path(__file__).parent.parent / "res", abroad=abroad, slow=SLOW)


SLOW = {"flags": {"min_spin_ms": 60_000}}


def serving(io_loop: IOLoop, res: Path, **changes: Any) -> Iterator[Server]:
    server = Server(settings(res_dir=res, **changes))
    io_loop.run_sync(lambda: server.start(MemoryStore()))
    yield server
    io_loop.run_sync(server.stop)


@pytest.fixture
def server(io_loop: IOLoop, res: Path) -> Iterator[Server]:
    yield from serving(io_loop, res)


@pytest.fixture
def strict_server(io_loop: IOLoop, res: Path) -> Iterator[Server]:
    yield from serving(io_loop, res, message_rate=1.0, message_burst=6)


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server.port, new_uid())


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


# Bad requests


@pytest.mark.parametrize(
    "body",
    [
        *(
            "",
            "x",
            "{}",
            "1",
            "null",
            '"play"',
            "[1]",
            "[null]",
            "[[]]",
            "[{}]",
            '[{"action":1}]',
            '[{"action":null}]',
            "[NaN]",
        ),
        '[{"context":[1,1]}]',
        '[{"action":"config","more":1}]',
        '[{"action":"config"}',
        "\udcff",
        "[" * 5000,
        '[{"action":"\\ud800"}]',
    ],
)
async def test_what_is_no_array_of_actions_is_refused_whole(client: Client, body: str) -> None:
    answer = await client.post(body.encode(errors="surrogateescape"))
    assert answer["code"] == "BAD_MESSAGE" and set(answer) == {"error", "code"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"sid": None}, "BAD_MESSAGE"),
        ({"game": None}, "BAD_MESSAGE"),
        ({"game": "none"}, "UNKNOWN_GAME"),
        ({"game": b"\xff"}, "BAD_MESSAGE"),
        ({"sid": b"\xff"}, "BAD_MESSAGE"),
        ({"sid": "a b"}, "AUTH_FAILED"),
        ({"seq": "-1"}, "BAD_MESSAGE"),
        ({"seq": "1.0"}, "BAD_MESSAGE"),
        ({"seq": "²"}, "BAD_MESSAGE"),
        ({"seq": ""}, "BAD_MESSAGE"),
        ({"seq": "9" * 17}, "BAD_MESSAGE"),
    ],
)
async def test_a_wrong_query_is_refused(client: Client, query: dict[str, Any], code: str) -> None:
    assert (await client.post(CONFIG, **query))["code"] == code


@pytest.mark.parametrize(
    ("action", "context", "code"),
    [
        ("bet", None, "BAD_PARAMS"),
        ("bet", [10], "BAD_PARAMS"),
        ("bet", [10, 1, 1], "BAD_PARAMS"),
        ("bet", ["10", 1], "BAD_PARAMS"),
        ("bet", [10.0, 1], "BAD_PARAMS"),
        ("bet", [True, True], "BAD_PARAMS"),
        ("bet", [10, 0], "BAD_PARAMS"),
        ("bet", [10, -1], "BAD_PARAMS"),
        ("bet", [11, 1], "BAD_PARAMS"),
        ("bet", [10, 3], "BAD_PARAMS"),
        ("bet", {"lines": 10}, "BAD_PARAMS"),
        ("play", None, "ACTION_NOT_ALLOWED"),
        ("play", {"all": True}, "BAD_PARAMS"),
        ("play", "", "BAD_PARAMS"),
        ("play", False, "BAD_PARAMS"),
        ("play", ["1"], "BAD_PARAMS"),
        ("play", [1.5], "BAD_PARAMS"),
        ("config", [1], "BAD_PARAMS"),
        ("collect", None, "ACTION_NOT_ALLOWED"),
        ("collect", 1, "BAD_PARAMS"),
        ("gamble", None, "ACTION_NOT_ALLOWED"),
        ("gamble", [], "BAD_PARAMS"),
        ("gamble", {"kind": "double_up"}, "BAD_PARAMS"),
        ("pickRandomly", {"item": 0}, "ACTION_NOT_ALLOWED"),
        ("pickRandomly", None, "BAD_PARAMS"),
        ("pickRandomly", {"place": 0}, "BAD_PARAMS"),
        ("spin", None, "ACTION_NOT_ALLOWED"),
        ("buy", {"name": "diet"}, "ACTION_NOT_ALLOWED"),
        ("", None, "ACTION_NOT_ALLOWED"),
        ("x" * 10_000, None, "ACTION_NOT_ALLOWED"),
    ],
)
async def test_a_wrong_action_is_refused_with_its_code(client: Client, action: str, context: Any, code: str) -> None:
    answer = await client((action, context))
    assert answer["code"] == code and len(answer["error"]) < 300


async def test_wrong_contexts_within_a_round_leave_it_as_it_is(client: Client) -> None:
    await client(("bet", [10, 1]), ("play", [10] * 5))
    for context in ({"type": "quadruple_up"}, {"context": "bank"}, {"type": ["double_up"]}, {"type": None}, {"context": {}}):
        assert (await client(("gamble", context)))["code"] == "BAD_PARAMS"
    assert (await client("play"))["code"] == "ACTION_NOT_ALLOWED"
    assert names(await client("config"))[-1] == "gameEnd"
    client.game, client.sid = "mystery", new_uid()
    await client(("bet", [10, 2]), ("play", [4, 31, 4, 28, 26, 0.1, 0.9, 1]))
    for item in (-1, 4, "0", None, 1.0, True, [0]):
        assert (await client(("pickRandomly", {"item": item})))["code"] == "BAD_PARAMS"
    assert names(await client(("pickRandomly", {"item": 0}))) == ["pickRandomly"]
    assert (await client(("pickRandomly", {"item": 0})))["code"] == "BAD_PARAMS", "it is open"


async def test_junk_is_answered_and_bets_nothing(server: Server, client: Client) -> None:
    errors = counted("webingo_unexpected_errors_total")
    for nasty in junk.NASTY:
        value = str(nasty) if isinstance(nasty, junk.Raw) else json.dumps(nasty)
        for body in (value, f"[{value}]", f'[{{"action":{value}}}]', f'[{{"action":"bet","context":{value}}}]'):
            answer = await client.post(body.encode("utf-8", "surrogatepass"))
            assert answer == [] or Code(answer["code"]) is not Code.INTERNAL
        for name in ("play", "gamble", "pickRandomly", "collect", "config"):
            answer = await client.post(f'[{{"action":"{name}","context":{value}}}]'.encode("utf-8", "surrogatepass"))
            assert isinstance(answer, list) or Code(answer["code"]) is not Code.INTERNAL
        text = nasty if isinstance(nasty, str) else json.dumps(nasty)
        for name in ("sid", "game", "seq"):
            answer = await client.post("[]", **{name: text[:5000].encode("utf-8", "replace")})
            assert answer == [] or Code(answer["code"]) is not Code.INTERNAL
    assert counted("webingo_unexpected_errors_total") == errors
    assert [entry.kind for entry in await ledger_of(server.store, client.sid)] == ["grant"]


# Transport


async def test_post_goes_before_the_query_and_without_a_body_the_query_counts(client: Client) -> None:
    both = await client.raw("POST", body='[{"action":"bet","context":[10,1]}]', actions=CONFIG)
    assert names(json.loads(both.body)) == ["bet"]
    query = await client.raw("POST", body="", actions=CONFIG)
    assert names(json.loads(query.body)) == ["config", "bet"]
    with_body = await client.raw("GET", body=BET_AND_PLAY, actions=CONFIG)
    assert names(json.loads(with_body.body)) == ["config", "bet"], "a body does not belong to GET"


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "%",
    ],
)
async def test_any_content_type_will_do(client: Client, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = b'\xef\xbb\xbf [{"action":"config"}]' if content_type == "%" else CONFIG.encode()
    response = await client.raw("POST", body=body.removeprefix(b"\xef\xbb\xbf"), headers=headers)
    assert names(json.loads(response.body)) == ["config"]
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"


async def test_an_address_as_it_is_printed_in_the_document_is_understood(client: Client) -> None:
    """Brackets and quotes as they are; the document's spaces have to go, since they would end the address."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    actions = '[{"action":"config"},{"action":"bet","context":[10,1]}]'
    path = f"/slot-ide/gameserver?sid={client.sid}&game=atkins_slot.js&actions={actions}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    assert names(json.loads(answer.split(b"\r\n\r\n", 1)[1])) == ["config", "bet"]


async def test_large_bodies_are_refused(client: Client) -> None:
    large = b"[" + b" " * 65_536 + b"]"
    assert (await client.post(large))["code"] == "BAD_MESSAGE"
    assert await client.post(large[:65_535] + b"]") == []
    assert (await client.raw("POST", body=b" " * (1 << 21))).code in (400, 413, 599), "far too large: not even read"
    assert await client() == []


async def test_other_methods_are_not_there(client: Client) -> None:
    for method in ("PUT", "DELETE", "PATCH", "HEAD"):
        assert (await client.raw(method)).code == 405


# Other pages


async def test_pages_that_the_site_allows_may_read_the_answers(server: Server) -> None:
    client = Client(server.port, await session_of(server.port, new_uid(), "abroad"))
    here = f"http://127.0.0.1:{server.port}"
    for origin in ("https://casino.example", here):
        preflight = await client.raw("OPTIONS", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
        assert preflight.code == 204
        assert preflight.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
        assert preflight.headers["Access-Control-Allow-Headers"] == "Content-Type"
        for asked in (preflight, await client.raw("POST", body=CONFIG, headers={"Origin": origin})):
            assert asked.headers["Access-Control-Allow-Origin"] == origin
            assert asked.headers["Vary"] == "Origin"
    failed = await client.raw("POST", body='[{"action":"collect"}]', headers={"Origin": here})
    assert failed.headers["Access-Control-Allow-Origin"] == here, "errors are read, too"
    assert "Access-Control-Allow-Origin" not in (await client.raw("POST", body=CONFIG)).headers


async def test_other_pages_may_neither_read_nor_play(server: Server) -> None:
    uid = new_uid()
    client = Client(server.port, await session_of(server.port, uid, "abroad"))
    for origin in (
        "https://evil.example",
        "null",
        "http://casino.example",
        "https://casino.example:8443",
        "chrome-extension://x",
    ):
        for method, body in (("OPTIONS", None), ("POST", BET_AND_PLAY), ("GET", None)):
            query = {"actions": BET_AND_PLAY} if method == "GET" else {}
            answer = await client.raw(method, body=body, headers={"Origin": origin}, **query)
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert json.loads(answer.body)["code"] == "FORBIDDEN"
    assert await ledger_of(server.store, uid) == [], "the seat was not even taken"
    lost = await Client(server.port, "07-9375113b-8d31-4e86-a4ac-26eaf348ecb1").raw("OPTIONS", headers={"Origin": "http://x"})
    assert json.loads(lost.body)["code"] == "NOT_AUTHENTICATED"


async def test_an_error_of_ours_is_answered_counted_and_loses_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("broken on purpose")

    errors = counted("webingo_unexpected_errors_total")
    await client(("bet", [10, 1]))
    with monkeypatch.context() as patched:
        patched.setattr(Teller, "tell", broken)
        failed = await client.raw("POST", body='[{"action":"play"}]')
        assert (failed.code, json.loads(failed.body)["code"]) == (500, "INTERNAL")
    assert counted("webingo_unexpected_errors_total") == errors + 1
    assert (await client("play"))["code"] == "STALE", "it was played, and not told"
    assert names(await client("config"))[1:3] == ["bet", "gameStart"]
    assert [*names(await client("config"))][-1] in ("enterBonus", "gameEnd", "gameRoundOver")


# Limits, and what is closed


async def test_a_session_may_not_ask_for_more_than_a_connection_may(strict_server: Server) -> None:
    client = Client(strict_server.port, new_uid())
    assert (await client(*["config"] * 7))["code"] == "BAD_MESSAGE", "more than could ever be borne at once"
    refused = counted("webingo_refusals_total", code="RATE_LIMITED")
    assert len(await client(*["config"] * 6)) == 6
    assert (await client("config"))["code"] == "RATE_LIMITED"
    assert counted("webingo_refusals_total", code="RATE_LIMITED") == refused + 1
    assert len(await Client(strict_server.port, new_uid())("config")) == 1, "others have their own"
    await asyncio.sleep(1.1)
    assert len(await client("config")) == 1


async def test_requests_wait_for_each_other_but_not_without_end(client: Client) -> None:
    await client(("bet", [1, 1]))
    answers = await asyncio.gather(*(client("play") for _ in range(30)))
    limited = [answer for answer in answers if isinstance(answer, dict)]
    assert all(answer["code"] in ("RATE_LIMITED", "ACTION_NOT_ALLOWED") for answer in limited), "some won, and wait for collect"


async def test_a_blocked_player_is_refused_at_once(server: Server, client: Client) -> None:
    await client(("bet", [10, 1]))
    await server.store.block(User("demo", client.sid), True)
    for _ in range(2):
        assert (await client("play"))["code"] == "PLAYER_BLOCKED"
    await server.store.block(User("demo", client.sid), False)
    assert names(await client("play"))[0] == "gameStart"


async def test_rounds_follow_each_other_no_sooner_than_the_site_allows(server: Server) -> None:
    client = Client(server.port, await session_of(server.port, new_uid(), "slow"), "plain-diet")
    first = await client(("bet", [1, 1]), "play")
    while names(first)[-1] != "gameEnd":
        first = await client("play")
    assert (await client("play"))["code"] == "LIMIT"
    assert names(await client("config")) == ["config", "bet"]


def test_closed_sites_and_disabled_games_are_refused(io_loop: IOLoop, res: Path, tmp_path: Path) -> None:
    folder = tmp_path / "res"
    shutil.copytree(res, folder)
    store = MemoryStore()
    sites = folder / "local_sites" / "demo.json"

    async def started(**changes: Any) -> Server:
        sites.write_text(json.dumps(site(**changes)))
        server = Server(settings(res_dir=folder))
        await server.start(store)
        return server

    async def play() -> None:
        nodes = [await started()]
        client = Client(nodes[0].port, new_uid())
        await client(("bet", [10, 1]), ("play", [2, 2, 2, 10, 20]))
        nodes.append(await started(games=[{"id": "atkins", "enabled": False}]))
        client.port = nodes[1].port
        assert names(await client("config"))[-1] == "enterBonus", "an open round comes to its end"
        while names(await client("play"))[-1] == "playedBonusSpin":
            pass
        assert names(await client("collect")) == ["gameRoundOver"]
        assert (await client("play"))["code"] == "GAME_DISABLED"
        client.sid = new_uid()
        assert (await client("config"))["code"] == "GAME_DISABLED"
        nodes.append(await started(enabled=False))
        client.port = nodes[2].port
        assert (await client("config"))["code"] == "FORBIDDEN"
        for node in nodes:
            await node.stop()

    io_loop.run_sync(play)


def test_an_open_round_is_told_with_the_settings_that_it_began_with(io_loop: IOLoop, res: Path, tmp_path: Path) -> None:
    folder = tmp_path / "res"
    shutil.copytree(res, folder)
    store = MemoryStore()

    async def started(**settings_of_the_game: Any) -> Server:
        games = [{"id": "atkins", "settings": settings_of_the_game}]
        (folder / "local_sites" / "demo.json").write_text(json.dumps(site(games=games)))
        server = Server(settings(res_dir=folder))
        await server.start(store)
        return server

    async def play() -> None:
        nodes = [await started(gamble=True)]
        client = Client(nodes[0].port, new_uid())
        told = await client(("bet", [10, 1]), ("play", [2, 2, 2, 10, 20]))
        nodes.append(await started(gamble=False, bets=[5]))
        client.port = nodes[1].port
        assert (await client("config"))[1:] == told
        while names(await client("play"))[-1] == "playedBonusSpin":
            pass
        assert names(await client("collect")) == ["gameRoundOver"]
        assert (await client("play"))["code"] == "BAD_PARAMS", "the next round takes the bets of today"
        for node in nodes:
            await node.stop()

    io_loop.run_sync(play)
