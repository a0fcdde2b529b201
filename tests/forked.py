"""Processes of the program, forked from one that has imported everything and done nothing: what takes a second otherwise, most
of it imports, is there at once.

There is such a *nursery* for each kind of program, made when the first of it is asked for. Between it and a program stands a
process that waits for its end and tells it, as only a parent can.
"""

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from runpy import run_module
from typing import IO, Any

ROOT = Path(__file__).parent.parent
KINDS = {
    "webingo": (
        "webingo.server.run", "webingo.transaction.reconcile", "webingo.session.proof", "rich.table", "uvloop", "fakeredis",
    ),
    "backoffice": ("webingo.office.run", "webingo.support.log", "uvicorn.protocols.http.h11_impl", "sqlite3"),
}  # fmt: skip
"""What each kind has imported, beside the command line and the games, as far as it can be had."""

_MOST = 1 << 17  # bytes of arguments and variables
_nurseries: dict[str, tuple[socket.socket, "subprocess.Popen[bytes]"]] = {}
_making = threading.Lock()


class Forked:
    """`webingo` with these arguments, or `python` where they begin with -m; what is used of subprocess.Popen."""

    def __init__(
        self, *arguments: str, env: Mapping[str, str] = os.environ, stdout: IO[Any] | None = None, stderr: IO[Any] | None = None
    ) -> None:
        self.args = arguments
        self.returncode: int | None = None
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, Path(os.devnull).open("w") as nowhere:
            handed = [theirs.fileno(), (stdout or nowhere).fileno(), (stderr or nowhere).fileno()]
            told = json.dumps([arguments, dict(env)]).encode()
            socket.send_fds(_door("backoffice" if "backoffice" in arguments[:1] else "webingo"), [told], handed)
        self.pid = int(self._line.recv(64))

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        status = self._ended(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return status

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and self._told(timeout):
            self.returncode = int(self._line.recv(64))
            self._line.close()
        return self.returncode

    def _told(self, timeout: float | None) -> bool:
        waiting = select.poll()  # select() itself takes no descriptor above 1,023
        waiting.register(self._line, select.POLLIN)
        return bool(waiting.poll(None if timeout is None else 1000 * timeout))

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _door(kind: str) -> socket.socket:
    with _making:
        if kind not in _nurseries:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                command = [sys.executable, "-m", "tests.forked", kind, str(theirs.fileno())]
                none = subprocess.DEVNULL
                alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # what has threads is not to be forked
                made = subprocess.Popen(command, cwd=ROOT, env=alone, pass_fds=[theirs.fileno()], stdin=none, stdout=none)
            _nurseries[kind] = ours, made
        return _nurseries[kind][0]


def close() -> None:
    """At the end of all tests."""
    for door, nursery in _nurseries.values():
        door.close()
        nursery.wait(30)
    _nurseries.clear()


def _nursery(kind: str, door: socket.socket) -> list[str]:
    """Serves until its maker is gone. Comes back in the programs that it makes only, with their arguments."""
    from webingo.resources import local

    for module in ("webingo.cli", *KINDS[kind]):
        with suppress(ImportError):
            import_module(module)
    local.LocalResources(ROOT / "res", debug=True)  # after which the largest wins of its games are known
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    while True:
        told, handed, _, _ = socket.recv_fds(door, _MOST, 3)
        if not told:
            os._exit(0)
        if os.fork() == 0:
            door.close()
            return _program(json.loads(told), *handed)
        for number in handed:
            os.close(number)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _program(told: list[Any], line: int, out: int, err: int) -> list[str]:
    pid = os.fork()
    if pid:
        os.close(out)
        os.close(err)
        os.write(line, b"%d" % pid)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with suppress(OSError):  # nobody may care any more
            os.write(line, b"%d" % status)
        os._exit(0)
    arguments: list[str]
    arguments, variables = told
    os.dup2(out, 1)
    os.dup2(err, 2)
    for number in (line, out, err):
        os.close(number)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(variables)
    return arguments


if __name__ == "__main__":
    sys.argv[1:] = _nursery(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
    sys.argv[0] = str(Path(sys.executable).parent / "webingo")
    if sys.argv[1] == "-m":
        del sys.argv[:2]
        run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(sys.executable).parent)
        from webingo.cli import app

        app()
