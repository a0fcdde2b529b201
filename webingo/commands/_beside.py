"""The reference backoffice as a child process beside a server: they start together, and they stop together."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import suppress
from pathlib import Path
from time import sleep
from types import TracebackType

import typer

from webingo.commands.common import Failure
from webingo.config import Settings, read
from webingo.kept import KEPT_RGS_KEY

_TRIES, _PAUSE_S = 600, 0.1
_STOP_S = 20
_PROGRAM = [sys.executable, "-c", "from webingo.cli import app; app()"]


class Beside:
    """`with Beside(config) as backoffice`: it is healthy from the first line on, and gone after the last, however that is left.

    Even where this process is killed: then the child's standard input ends. Where the child ends by itself, this process is
    told to stop (SIGTERM), and leaving the block raises Failure.
    """

    def __init__(self, config: Path | None) -> None:
        settings = read(config)
        if settings.cert:
            raise Failure("--backoffice is for one machine without TLS; else start `webingo backoffice` by itself")
        self._config = config
        self._port = settings.backoffice_port or _free_port()
        host = settings.backoffice_address
        self._host = "localhost" if host in ("", "0.0.0.0", "::") else host
        self.url = f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}/"
        self._process: subprocess.Popen[bytes] | None = None
        self._leaving = self._lost = False

    @property
    def flags(self) -> dict[str, str]:
        """The server's settings with which it finds the backoffice."""
        return {"rgs_base": self.url, "backoffice_url": self.url}

    def __enter__(self) -> "Beside":
        # Whoever has the port already may answer, too, and be healthy: another house's backoffice would get this one's books.
        with suppress(OSError), socket.create_connection((self._host, self._port), timeout=1):
            raise Failure(f"the backoffice can't listen on port {self._port} of {self._host}: another program does")
        command = [*_PROGRAM, "backoffice", "--until-eof", "--port", str(self._port)]
        if self._config is not None:
            command += ["--config", str(self._config)]
        # A session of its own: Ctrl-C in the terminal is for the server, which has things to say to the backoffice at its end.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        try:
            self._wait_until_healthy(self._process)
        except BaseException:
            self._stop()
            raise
        threading.Thread(target=self._watch, args=(self._process,), daemon=True, name="backoffice").start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leaving = True
        self._stop()
        if self._lost and kind is None:
            raise Failure("the backoffice has stopped, and so did the server")

    def explain(self, settings: Settings) -> None:
        """Says how the two hang together, and where people go."""
        key = str(KEPT_RGS_KEY) if settings.debug and not read(self._config).rgs_key.get_secret_value() else "rgs_key"
        typer.echo(
            f"The server and its backoffice run together:\n"
            f"    lobby     http://{settings.http_address or 'localhost'}:{settings.http_port}/\n"
            f"    console   {self.url}  (a lost password: webingo backoffice staff rescue admin)\n"
            f"    between   the server asks {self.url}v1 for its sites and sends its ledger there; both know the key in {key}"
        )

    def _wait_until_healthy(self, process: "subprocess.Popen[bytes]") -> None:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(_TRIES):
            if process.poll() is not None:
                raise Failure("the backoffice did not start")
            with suppress(OSError), direct.open(self.url + "healthz", timeout=5):
                return
            sleep(_PAUSE_S)
        raise Failure("the backoffice does not get ready")

    def _watch(self, process: "subprocess.Popen[bytes]") -> None:
        process.wait()
        if not self._leaving:
            self._lost = True
            os.kill(os.getpid(), signal.SIGTERM)

    def _stop(self) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        with suppress(OSError):
            process.stdin.close()
        for end in (process.terminate, process.kill):
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_S)
                return
            end()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
