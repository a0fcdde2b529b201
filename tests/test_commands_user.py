"""webingo user, as a process beside a running server."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import open_store
from tests.player import Player
from tests.processes import ROOT, WEBINGO, ServerProcess, command, environment, kill_embedded, run
from tests.secrets import secret
from tests.test_commands import one_line
from webingo.user import User

EMAIL = secret("ana.the.player@example.com")
PROFILE = json.dumps({"name": "Ana Ä", "picture": "https://p.example/a.png", "email": EMAIL}, ensure_ascii=False).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "redis"
    kill_embedded(tmp_path / "redis")


@pytest.fixture
def server(folder: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path / "server.log", redis_url=f"embedded:{folder}")
    server.start()
    yield server
    server.end()


async def ana(server: ServerProcess, url: str) -> Player:
    """Has a profile, a field of her own, and 4 credits less."""
    store = await open_store(url)
    await store.save_profile(User("demo", "ana"), PROFILE)
    await store.aclose()
    player = await Player.log_in(server.port)
    player.send(t="userdata", set={"nick": "annie"})
    await player.next_state()
    await player.load()
    await player.bet(4)
    return player


async def test_a_player_is_shown_and_is_erased_once_the_uid_was_typed(server: ServerProcess, folder: Path) -> None:
    url = f"embedded:{folder}"
    player = await ana(server, url)
    one_line(command("user", "erase", "demo", "nobody", "--yes", check=False, redis_url=url), "no player demo:nobody")
    one_line(command("user", "erase", "demo", "ana", check=False, redis_url=url), "--yes")
    assert typed("bob", url) == 1
    shown = run("user", "show", "demo", "ana", redis_url=url).stdout
    for part in ("demo:ana", "Ana Ä", EMAIL, "996", "credit"):
        assert part in shown
    assert typed("ana", url) == 0
    assert await player.closed() == 4401
    assert player.errors[-1]["code"] == "AUTH_FAILED"
    after = json.loads(command("user", "show", "demo", "ana", "--json", redis_url=url).stdout)
    assert after.pop("revoked_ms") > 0
    assert after == {
        "platform": "demo",
        "uid": "ana",
        "blocked": False,
        "profile": None,
        "wallets": [{"denom": "credit", "balance": 996, "seq": 3}],
        "sites": [{"site": "demo", "spent": 4, "level": None}],
    }
    again = await Player.log_in(server.port)
    assert again.state["userdata"] == {} and again.game["name"] == "game", "the open round is still there"


def typed(answer: str, url: str) -> int:
    """The exit status of `user erase` on a terminal where that is typed."""
    master, terminal = pty.openpty()
    try:
        erasing = subprocess.Popen(
            [WEBINGO, "user", "erase", "demo", "ana"], env=environment(redis_url=url), cwd=ROOT,
            stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        os.write(master, f"{answer}\n".encode())
        erasing.communicate(timeout=60)
        return erasing.returncode
    finally:
        os.close(master)
        os.close(terminal)
