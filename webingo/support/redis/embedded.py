"""embedded:FOLDER - a private redis-server on a Unix socket, for one machine and with nothing to install.

Who joined holds a shared lock on FOLDER/users; the last to leave stops the server. The server itself holds a lock on
FOLDER/server.lock from its first to its last moment (it inherits the open file), so that nobody ever starts a second
one on the same data, whatever became of the process that started it and of its pid. FOLDER/lock is held for starting
and stopping. All of them dissolve with the process that held them.
"""

import fcntl
import hashlib
import logging
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

from webingo.support.clock import SystemClock
from webingo.support.redis.binary import check_version, find_binary
from webingo.support.redis.link import NoRedis

log = logging.getLogger("webingo.redis")

_LONGEST_SOCKET_PATH = 100  # bytes; the kernels' limits are 104 to 108
_STEP_S = 0.01
_START_S, _LOAD_S, _STOP_S, _PROBE_S = 30.0, 600.0, 30.0, 1.0

# What this process started and has to reap, should it end before us. A server may outlive the process.
_children: list["subprocess.Popen[bytes]"] = []


class EmbeddedServer:
    """The server of one folder, as one process sees it. All methods block: call them off the event loop."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser().resolve()
        self._users: int | None = None
        self._log_read: int | None = None  # up to where the log is older than the server that this process started
        self._log = self.folder / "redis.log"

    @property
    def socket_path(self) -> Path:
        """In the folder, or, where that makes too long a path, in a private one under the temporary directory."""
        near = self.folder / "redis.sock"
        if len(os.fsencode(near)) <= _LONGEST_SOCKET_PATH:
            return near
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"webingo-{os.geteuid()}-{name}" / "redis.sock"

    def join(self) -> None:
        """Returns once the server answers, started if need be, and keeps it alive until `leave`. NoRedis."""
        self._prepare_folder()
        with self._exclusively():
            if self._users is None:
                self._users = self._open("users")
                fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                self._ensure()
            except NoRedis:
                self._release_users()
                raise
        # Reading a long file takes its time; others may join meanwhile.
        for _ in _steps(_LOAD_S):
            if self._answer() == "PONG":
                self._warn_of_cut_tail()
                return
            if not self._is_alive():
                break
        raise NoRedis(f"The Redis server in {self.folder} did not come up.{self._tail()}")

    def ensure(self) -> None:
        """Starts the server again if it is gone. NoRedis where it cannot be."""
        with self._exclusively():
            if self._users is not None:  # else we left meanwhile, and nobody would ever stop it
                self._ensure()

    def leave(self) -> None:
        """Stops the server if nobody else has joined it."""
        if self._users is None:
            return
        with self._exclusively():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self._stop()
            finally:
                self._release_users()

    def _ensure(self) -> None:
        for _ in _steps(_START_S):
            if self._answer():
                return
            if not self._is_alive():
                self._start()
                return
        raise NoRedis(
            f"A Redis server holds {self.folder}, but does not answer at {self.socket_path}: it hangs, or another temporary "
            "directory (TMPDIR, PrivateTmp) is set where it was started."
        )

    def _start(self) -> None:
        if self.folder.stat().st_uid != os.geteuid():
            raise NoRedis(f"{self.folder} belongs to another user, who has to start the Redis server in it.")
        binary = find_binary()
        check_version(binary, self.folder)
        self.socket_path.unlink(missing_ok=True)
        held, output = self._open("server.lock"), self._open("redis.log")
        self._log_read = os.lseek(output, 0, os.SEEK_END)
        try:
            if not _lock(held, _PROBE_S):
                raise NoRedis(f"A Redis server holds {self.folder} already.")
            # In a session of its own, so that Ctrl-C stops it only after everybody who uses it.
            child = subprocess.Popen(
                [binary, *self._settings()],
                pass_fds=(held,),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
            _children.append(child)
        except OSError as error:
            raise NoRedis(f"{binary} does not run: {error.strerror}") from None
        finally:
            os.close(held)
            os.close(output)
        for _ in _steps(_START_S):
            if self._answer():
                return
            if not self._is_alive():
                raise NoRedis(f"The Redis server cannot start in {self.folder}.{self._tail()}")
        raise NoRedis(f"The Redis server in {self.folder} does not answer.{self._tail()}")

    def _settings(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "daemonize": "no",
            "logfile": str(self._log),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
            "no-appendfsync-on-rewrite": "no",
            "aof-use-rdb-preamble": "yes",
            "aof-load-truncated": "yes",
            "auto-aof-rewrite-percentage": "100",
            "auto-aof-rewrite-min-size": "64mb",
            "maxmemory-policy": "noeviction",
        }
        return [word for name, value in settings.items() for word in (f"--{name}", value)]

    def _stop(self) -> None:
        """SHUTDOWN finishes the append-only file. A server that does not end is left alone: the next start joins it."""
        self._answer("SHUTDOWN")
        for _ in _steps(_STOP_S):
            if not self._is_alive() and not _children:
                return
        log.error("the Redis server in %s has not ended yet", self.folder)

    def _answer(self, command: str = "PING") -> str:
        """What the server says: PONG, an error such as LOADING …, or nothing."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket_path))
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(1024).decode(errors="replace").strip("+-\r\n")
            except OSError:
                return ""

    def _is_alive(self) -> bool:
        _children[:] = [child for child in _children if child.poll() is None]
        probe = self._open("server.lock")
        try:
            fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(probe)
        return False

    def _prepare_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.folder.stat().st_uid == os.geteuid():
                self.folder.chmod(0o700)
            if self.socket_path.parent != self.folder:
                self.socket_path.parent.mkdir(mode=0o700, exist_ok=True)
                found = self.socket_path.parent.lstat()
                # Anybody may write to the temporary directory: a folder laid there by another is a trap.
                if found.st_uid != os.geteuid() or found.st_mode & 0o077 or self.socket_path.parent.is_symlink():
                    raise NoRedis(f"{self.socket_path.parent} is not private to this user: remove it.")
        except OSError as error:
            raise NoRedis(f"The folder for the Redis server, {self.folder}, cannot be used: {error.strerror}.") from None

    def _open(self, name: str) -> int:
        return os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        lock = self._open("lock")
        try:
            if not _lock(lock, _START_S + _STOP_S):
                raise NoRedis(f"Another process has been starting or stopping the Redis server in {self.folder} for long.")
            yield
        finally:
            os.close(lock)

    def _release_users(self) -> None:
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def _tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-12:] if self._log.exists() else []
        return "".join(f"\n  {line}" for line in [f" The end of {self._log}:".strip(), *lines]) if lines else ""

    def _warn_of_cut_tail(self) -> None:
        if self._log_read is None:
            return
        with self._log.open("rb") as lines:
            lines.seek(self._log_read)
            if any(b"truncat" in line.lower() for line in lines):
                log.warning("the append-only file in %s ended amid an entry, which was dropped", self.folder)
        self._log_read = None


def _steps(seconds: float) -> Iterator[None]:
    """Ten milliseconds apart, until the time is over."""
    clock = SystemClock()
    end = clock.monotonic() + seconds
    while clock.monotonic() < end:
        yield
        sleep(_STEP_S)


def _lock(file: int, seconds: float) -> bool:
    """Whether the exclusive lock was to be had in time."""
    for _ in _steps(seconds):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False
