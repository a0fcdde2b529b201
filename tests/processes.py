"""The program as its users run it: server processes that tests start, kill and start again."""

import contextlib
import io
import logging
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from unittest import mock

import structlog

from tests.forked import Forked
from tests.jackpots import calm_res
from tests.player import Player
from tests.secrets import overheard, secret
from tests.servers import free_port
from webingo.support.redis.embedded import EmbeddedServer

ROOT = Path(__file__).parent.parent
WEBINGO = str(Path(sys.executable).parent / "webingo")
KEY = secret("the-key-of-the-backoffice-in-tests-" * 2, "backoffice's key")


def environment(**settings: Any) -> dict[str, str]:
    """WEBINGO_* variables over this process's own environment; config.json of the repository lies below them."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("WEBINGO_")}
    return {**own, **{f"WEBINGO_{name.upper()}": str(value) for name, value in settings.items()}}


def run(*arguments: str, check: bool = True, **settings: Any) -> "subprocess.CompletedProcess[str]":
    """One command of the program in a process of its own, to its end."""
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        code = Forked(*arguments, env=environment(**settings), stdout=out, stderr=err).wait(timeout=120)
        for file in (out, err):
            file.seek(0)
        done = subprocess.CompletedProcess(["webingo", *arguments], code, out.read(), err.read())
    overheard(done.stderr, " ".join(("webingo", *arguments)))
    if check:
        done.check_returncode()
    return done


def command(*arguments: str, check: bool = True, **settings: Any) -> "subprocess.CompletedProcess[str]":
    """The same without a process of its own, in a twentieth of the time: for commands that end by themselves.

    In a thread of its own, as a command has a loop of its own, which it would leave a test without.
    """
    from webingo.cli import app

    out, err, code = io.StringIO(), io.StringIO(), 0
    root, level = logging.getLogger(), logging.getLogger().level
    handlers, configured = root.handlers[:], structlog.get_config()
    variables = mock.patch.dict(os.environ, environment(**settings), clear=True)
    with variables, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(app, list(arguments)).result(timeout=120)
        except SystemExit as left:
            code = int(left.code or 0)
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            structlog.configure(**configured)
    overheard(err.getvalue(), " ".join(("webingo", *arguments)))
    done = subprocess.CompletedProcess(["webingo", *arguments], code, out.getvalue(), err.getvalue())
    if check:
        done.check_returncode()
    return done


def kill_embedded(folder: Path) -> None:
    """SIGKILL to the embedded redis-server of a folder, which tells its own pid. Does nothing where none answers."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(str(EmbeddedServer(folder).socket_path))
        link.sendall(b"INFO server\r\n")
        found = re.search(rb"process_id:(\d+)", link.recv(65536))
        if found:
            os.kill(int(found[1]), signal.SIGKILL)


class ServerProcess:
    """`webingo serve` on a fixed port of loopback. Its log goes to `log`."""

    def __init__(self, log: Path, **settings: Any) -> None:
        self.port = free_port()
        self.log = log
        self._settings = {
            "debug": "true",
            "http_port": self.port,
            "http_address": "127.0.0.1",
            "message_rate": 10_000,
            "message_burst": 10_000,
            "connections_per_address": 10_000,
            "failed_logins": 10_000,
            "api_rate": 100_000,
            "api_burst": 100_000,
            "res_dir": calm_res(),
            "log_format": "json",
            **settings,
        }
        self._process: Forked | None = None

    def start(self, wait: bool = True) -> None:
        overheard(self.log)
        with self.log.open("ab") as log:
            self._process = Forked("serve", env=environment(**self._settings), stdout=log, stderr=log)
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        for _ in range(1500):
            assert self._process is not None and self._process.poll() is None, self.log.read_text()[-4000:]
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.02)
        raise AssertionError(f"the server does not get ready: {self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM, as an operator stops it. Answers the exit status."""
        if self._process is None or self._process.poll() is not None:
            return -1
        self._process.terminate()
        return self._process.wait(timeout=30)

    def end(self) -> None:
        """Stops it when a test is over: without its players, or it would wait two seconds for their goodbyes."""
        Player.cut_all()
        self.stop()


class Backoffice:
    """`webingo backoffice` on a fixed port of loopback, with a database of its own."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.file = folder / "backoffice.db"
        self.log = folder / "backoffice.log"
        self._settings = {
            "debug": "true",
            "backoffice_port": self.port,
            "backoffice_address": "127.0.0.1",
            "backoffice_database": f"sqlite:///{self.file}",
            "rgs_key": KEY,
            "res_dir": calm_res(),
            "log_format": "json",
            **settings,
        }
        self._process: Forked | None = None

    def start(self) -> None:
        overheard(self.log)
        with self.log.open("ab") as log:
            variables = environment(**self._settings)
            self._process = Forked("backoffice", env=variables, stdout=log, stderr=log)
        for _ in range(1500):
            assert self._process.poll() is None, self.log.read_text()[-4000:]
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}healthz", timeout=5):
                return
            time.sleep(0.02)
        raise AssertionError(f"the backoffice does not get ready: {self.log.read_text()[-4000:]}")

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def kill_and_restart(self) -> None:
        self.end(signal.SIGKILL)
        self.start()

    def rows(self, query: str) -> list[Any]:
        database = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()
