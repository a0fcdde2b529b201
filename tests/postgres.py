"""A real PostgreSQL for tests: on loopback only, in a folder of its own, stopped by its pid, whatever happens."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.packages import program
from tests.servers import free_port

_DEBIAN = Path("/usr/lib/postgresql")
_NOBODY = ("postgres", "nobody")  # PostgreSQL refuses to run as root


def _binary(name: str) -> str:
    """Debian keeps the server's programs off the PATH; where there are none and we may, they are installed."""
    if found := shutil.which(name):
        return found
    program("pg_ctlcluster", "postgresql")
    versions = sorted(_DEBIAN.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    assert versions, "PostgreSQL is needed: apt-get install postgresql"
    return str(versions[-1])


def _somebody() -> dict[str, int]:
    """Whom PostgreSQL runs as: ourselves, unless that is root."""
    if os.geteuid() != 0:
        return {}
    known = {user.pw_name: user for user in pwd.getpwall()}
    user = next(known[name] for name in _NOBODY if name in known)
    return {"user": user.pw_uid, "group": user.pw_gid}


class Postgres:
    """One server. `url(name)` is the address of a database, made on first use.

    Its folder is no pytest folder: those are for their owner only, whom PostgreSQL does not run as where that is root.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="webingo-postgres-"))
        self._as = _somebody()
        self._process: subprocess.Popen[bytes] | None = None
        self._made: set[str] = set()

    def start(self) -> None:
        """Returns once it answers."""
        data = self._folder / "data"
        if not data.exists():
            if self._as:
                os.chown(self._folder, self._as["user"], self._as["group"])
            # Its language sorts unlike bytes do: what the backoffice does may not depend on that.
            options = ["-A", "trust", "-U", "webingo", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
            options += ["--locale-provider=icu", "--icu-locale=en-US"]
            self._run(_binary("initdb"), "-D", str(data), *options)
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"]
        settings += ["fsync=off"]  # a killed program loses nothing by it, only a machine without power would
        with (self._folder / "postgres.log").open("ab") as log:
            command = [_binary("postgres"), "-D", str(data), *(word for each in settings for word in ("-c", each))]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", **self._as)
        for _ in range(300):
            with contextlib.suppress(Exception), self._link("postgres"):
                return
            assert self._process.poll() is None, (self._folder / "postgres.log").read_text()[-2000:]
            time.sleep(0.05)
        raise AssertionError("PostgreSQL does not answer")

    def url(self, name: str, template: str = "template1") -> str:
        if name not in self._made:
            with self._link("postgres") as link:
                link.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            self._made.add(name)
        return f"postgresql+psycopg://webingo@127.0.0.1:{self.port}/{name}"

    def kill(self) -> None:
        """As a crash: it recovers from its log at the next start."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """For good: what it holds is gone."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(20)
        self._process = None

    def _link(self, name: str):
        import psycopg

        address = f"host=127.0.0.1 port={self.port} user=webingo dbname={name} connect_timeout=5"
        return psycopg.connect(address, autocommit=True)

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, **self._as)
        assert done.returncode == 0, done.stderr[-2000:]


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.stop()
