"""The commands that work on a database: beside a running server, and without one. Processes of their own cost a second each."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import servers
from tests.player import DEMO, Player
from tests.processes import ROOT, WEBINGO, ServerProcess, command, environment, kill_embedded, run
from webingo.commands.reconcile import _show as show_findings
from webingo.support.redis.embedded import EmbeddedServer
from webingo.transaction.reconcile import Audit, Finding
from webingo.transaction.transaction import shard_of
from webingo.user import User

Finished = subprocess.CompletedProcess[str]


class Shared(NamedTuple):
    port: int
    folder: Path
    url: str


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "redis"
    kill_embedded(tmp_path / "redis")  # where a test left it


@pytest.fixture
def server(folder: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server on an embedded database."""
    server = ServerProcess(tmp_path / "server.log", redis_url=f"embedded:{folder}")
    server.start()
    yield server
    server.end()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """A server that serves all tests that leave it as it was, but for the players whom they bring."""
    folder = tmp_path_factory.mktemp("shared")
    server = ServerProcess(folder / "server.log", redis_url=f"embedded:{folder / 'redis'}")
    server.start()
    yield Shared(server.port, folder / "redis", f"embedded:{folder / 'redis'}")
    server.end()
    kill_embedded(folder / "redis")


class Forger:
    """Whoever gets at the database itself."""

    def __init__(self, folder: Path) -> None:
        self._path = str(EmbeddedServer(folder).socket_path)

    def __call__(self, *words: str) -> str:
        """One command; the raw reply."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(self._path)
            parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
            link.sendall((f"*{len(parts)}\r\n" + "".join(parts)).encode())
            return link.recv(1 << 20).decode()


def one_line(done: Finished, *said: str) -> str:
    """The sentence with which a command failed: exit 1, one line on stderr, nothing on stdout, no traceback."""
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("webingo: ") and "Traceback" not in line and "unexpected" not in line
    for part in said:
        assert part in line
    return line


async def a_round(port: int, uid: str = "ana") -> str:
    """Plays one to its end; answers its id."""
    player = await Player.log_in(port, uid)
    await player.load()
    await player.bet()
    await player.end()
    player.send(t="component", which="history", message={"what": "rounds"})
    round_id: str = (await player.next())["message"]["rounds"][0]["id"]
    await player.leave()
    return round_id


async def test_a_round_is_proved_beside_the_server_and_without_it(server: ServerProcess, folder: Path) -> None:
    round_id, url = await a_round(server.port), f"embedded:{folder}"
    shown = run("verify", round_id, redis_url=url)
    for part in (round_id, "joker-bingo 1.0.0", "demo:ana", "bet", "end", "wager 4", "Proved", "Wagered 4"):
        assert part in shown.stdout
    found = json.loads(command("verify", round_id, "--json", redis_url=url).stdout)
    assert (found["holds"], found["problem"], found["complete"], found["wagered"]) == (True, "", True, 4)
    assert [step["action"] for step in found["steps"]] == ["bet", "end"]
    assert len(found["steps"][0]["draws"][0]["result"]) == 30
    assert server.stop() == 0
    assert json.loads(run("verify", round_id, "--json", redis_url=url).stdout) == found


FORGERIES: list[tuple[str, int, Callable[[dict[str, Any]], Any]]] = [
    ("another win is shown", 2, lambda state: state["data"].update(total_winnings=state["data"]["total_winnings"] + 1)),
    ("another ball was drawn", 1, lambda record: record["draws"][0][2].reverse()),
    ("a higher stake", 1, lambda record: record["params"].update(amount=400)),
    ("other money moved", 1, lambda record: record["moves"][0].__setitem__(1, 3)),
    ("other rules", 0, lambda header: header.update(version="9.9.9")),
    ("other cards were played", 0, lambda header: header["state"]["data"]["cards"][0].reverse()),
]


async def test_a_forged_round_is_not_proved(shared: Shared) -> None:
    round_id, url, forge = await a_round(shared.port, "forged"), shared.url, Forger(shared.folder)
    key = f"wb:{{{shard_of(round_id)}}}:round:{round_id}"
    for name, place, change in FORGERIES:
        true = forge("LINDEX", key, str(place)).partition("\r\n")[2].removesuffix("\r\n")
        forged = json.loads(true)
        change(forged)
        forge("LSET", key, str(place), json.dumps(forged))
        found = command("verify", round_id, "--json", check=False, redis_url=url)
        assert (found.returncode, found.stderr) == (1, ""), name
        assert json.loads(found.stdout)["holds"] is False, name
        if place == 0:
            table = run("verify", round_id, check=False, redis_url=url)
            assert (table.returncode, table.stderr) == (1, "") and "NOT PROVED" in table.stdout
        forge("LSET", key, str(place), true)
    assert "Proved" in command("verify", round_id, redis_url=url).stdout
    forge("LSET", key, "1", "no JSON at all")
    assert command("verify", round_id, check=False, redis_url=url).returncode == 1


def test_an_unknown_round_is_one_line(shared: Shared) -> None:
    for round_id in ("nonsense", "00-" + "a" * 36, "99-" + "a" * 36, ""):
        one_line(command("verify", round_id, check=False, redis_url=shared.url), "no such round")


def test_findings_name_wallets_whole(capsys) -> None:
    wallet = f"facebook:credit:{'1' * 90}"
    show_findings(Audit(1, 1, [Finding(wallet, "the wallet differs from its ledger", 600, 607)]))
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"{wallet}: the wallet differs from its ledger: expected 600, found 607"


async def test_a_ledger_that_was_forged_names_the_wallet(server: ServerProcess, folder: Path) -> None:
    url, forge, shard = f"embedded:{folder}", Forger(folder), User("demo", "ana").shard
    await a_round(server.port)
    await a_round(server.port, "bob")
    assert ", 0 problems." in run("reconcile", redis_url=url).stdout
    assert json.loads(command("reconcile", "--json", redis_url=url).stdout)["findings"] == []
    wallet, ledger = f"wb:{{{shard}}}:wallet:demo:credit:ana", f"wb:{{{shard}}}:ledger"

    def wrong() -> None:
        table = command("reconcile", check=False, redis_url=url)
        assert (table.returncode, table.stderr) == (1, "")
        assert "demo:credit:ana" in table.stdout and "demo:credit:bob" not in table.stdout
        found = command("reconcile", "--json", check=False, redis_url=url)
        assert found.returncode == 1
        named = {finding["wallet"] for finding in json.loads(found.stdout)["findings"]}
        assert "demo:credit:ana" in named and named <= {"demo:credit:ana", "demo:demo:ana"}, "the wallet, and perhaps the seat"

    forge("HINCRBY", wallet, "balance", "1000000")
    wrong()
    forge("HINCRBY", wallet, "balance", "-1000000")
    forge("COPY", ledger, f"kept:{{{shard}}}")
    entries = forge("XRANGE", ledger, "-", "+").split("\r\n")
    positions = [line for line in entries if "-" in line and line.replace("-", "").isdigit() and len(line) > 14]
    forge("XDEL", ledger, positions[1])
    wrong()
    forge("COPY", f"kept:{{{shard}}}", ledger, "REPLACE")
    assert command("reconcile", redis_url=url).returncode == 0
    first = entries[entries.index(positions[0]) :]
    fields = [word for word in first[2 : first.index(positions[1])] if word[:1] not in ("$", "*")]
    forge("XADD", ledger, "*", *fields)
    wrong()


async def test_a_player_who_is_blocked_in_play_is_sent_away_and_let_in_again(shared: Shared) -> None:
    player, other = await Player.log_in(shared.port), await Player.log_in(shared.port, "bob")
    await player.load()
    await player.bet()
    done = await asyncio.to_thread(run, "block", "demo", "ana", redis_url=shared.url)
    assert done.stdout == "demo:ana is blocked.\n"
    assert await player.closed() == 4401 and player.errors[-1]["code"] == "PLAYER_BLOCKED"
    again = await Player.connect(shared.port)
    again.send(auth={"uid": "ana"}, **DEMO)
    assert await again.closed() == 4401
    await other.load()
    await asyncio.to_thread(lambda: command("block", "demo", "ana", "--off", redis_url=shared.url))
    back = await Player.log_in(shared.port)
    assert back.game == player.game, "the round was waiting"
    await back.end()


async def test_a_token_of_the_command_opens_a_server_without_debug(folder: Path, tmp_path: Path) -> None:
    own = {"secret": "x" * 40, "debug": "false", "redis_url": f"embedded:{folder}"}
    server = ServerProcess(tmp_path / "server.log", **own)
    server.start()
    try:
        token = run("token", "demo", "ana", **own).stdout.strip()
        await Player.log_in(server.port, "ana", token)
        for uid, wrong in (("ana", ""), ("bob", token), ("ana", token[:-1])):
            thief = await Player.connect(server.port, uid)
            thief.send(auth={"uid": uid, "token": wrong}, **DEMO)
            assert await thief.closed() == 4401
        assert token.encode() not in server.log.read_bytes()
    finally:
        server.end()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"http_port": "70000"}, "http_port"),
        ({"http_prot": "8080"}, "did you mean"),
        ({"res_dir": "/nowhere"}, "there is no folder /nowhere"),
        ({"cert": "/nowhere.pem", "certkey": "/nowhere.key"}, "/nowhere.pem"),
        ({"debug": "false", "secret": "short"}, "secret"),
        ({"redis_url": "nonsense://x"}, "redis_url"),
        ({"redis_url": "embedded:/proc/nowhere"}, "/proc/nowhere"),
        ({"redis_url": "redis://127.0.0.1:1", "store_timeout_s": "1"}, "Redis cannot be reached"),
    ],
)
def test_a_start_that_can_not_be_is_one_line(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    settings = {"redis_url": "memory:", "debug": "true", "http_port": "0", "http_address": "127.0.0.1", **settings}
    started = settings["redis_url"] != "memory:" and said != "redis_url"  # as a process, which may have signal handlers
    done = (run if started else command)("serve", check=False, **settings)
    assert done.returncode == 1 and done.stdout == ""
    assert said in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("webingo: ")] == done.stderr.splitlines()[-1:]


def test_a_port_in_use_is_one_line_and_leaves_no_database_behind(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run("serve", check=False, debug="true", http_address="127.0.0.1", http_port=port, redis_url=f"embedded:{folder}")
    one_line(done, "in use", str(port))
    with contextlib.suppress(OSError):
        Forger(folder)("PING")
        raise AssertionError("the embedded server was left running")


@pytest.mark.parametrize("words", [("reconcile",), ("block", "demo", "ana")])
def test_without_a_database_a_command_is_one_line(words: tuple[str, ...]) -> None:
    port = servers.free_port()
    line = one_line(command(*words, check=False, redis_url=f"redis://127.0.0.1:{port}", store_timeout_s="1"))
    assert str(port) in line


async def test_the_database_of_a_killed_server_is_taken_over_with_all_that_is_in_it(
    server: ServerProcess, folder: Path
) -> None:
    round_id = await a_round(server.port)
    player = await Player.log_in(server.port, "bob")
    await player.load()
    await player.bet()
    server.kill()
    assert Forger(folder)("PING") == "+PONG\r\n", "it outlives its server"
    assert "Proved" in command("verify", round_id, redis_url=f"embedded:{folder}").stdout
    server.start()
    again = await Player.log_in(server.port, "bob")
    assert again.game == player.game and again.credits == player.credits
    server.kill()
    kill_embedded(folder)
    server.start()
    again = await Player.log_in(server.port, "bob")
    assert again.game == player.game and again.credits == player.credits


def test_commands_work_on_a_database_that_nobody_has_used_yet(folder: Path) -> None:
    url = f"embedded:{folder}"
    assert "0 wallets, 0 ledger entries, 0 problems." in command("reconcile", redis_url=url).stdout
    command("block", "demo", "ana", redis_url=url)
    one_line(command("verify", "00-" + "a" * 36, check=False, redis_url=url), "no such round")
    with contextlib.suppress(OSError):
        Forger(folder)("PING")
        raise AssertionError("the last to leave stops the embedded server")


def test_a_reader_that_leaves_early_is_no_crash(shared: Shared) -> None:
    words = [WEBINGO, "reconcile", "--json"]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as out:
        done = subprocess.run(
            words, env=environment(redis_url=shared.url), cwd=ROOT, stdout=out, stderr=subprocess.PIPE, text=True,
            timeout=60, check=False,
        )  # fmt: skip
    assert "Traceback" not in done.stderr
