"""Real servers for tests: started on loopback or a Unix socket, stopped by their pid, whatever happens.

with real_redis(tmp_path) as redis:
    link = await connect(redis.url)
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.packages import program
from webingo.support.redis.binary import find_binary


def binary() -> str:
    """Debian's redis-server; where it is missing, it is installed if that is allowed, or else the wheel's is taken."""
    return program("redis-server", "redis-server") or find_binary()


def free_port() -> int:
    """Below 55536: a cluster's nodes talk on the port 10000 above."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 55536:
            return port


class RealRedis:
    """One redis-server on 127.0.0.1, every write fsynced. `options` are its configuration beyond that."""

    def __init__(self, folder: Path, *options: str, sentinel_config: Path | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.sentinel_config = sentinel_config
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns once it answers, on the same port and with the same data as before."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        settings += ["--logfile", str(self.folder / "redis.log")]
        command = [binary(), *settings, "--save", "", "--appendonly", "yes", "--appendfsync", "always", *self._options]
        if self.sentinel_config is not None:
            command = [binary(), str(self.sentinel_config), "--sentinel", *settings]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        for _ in range(1000):
            with contextlib.suppress(OSError):
                self.ask("PING")
                return
            assert self._process.poll() is None, (self.folder / "redis.log").read_text()[-2000:]
            time.sleep(0.01)
        raise AssertionError("redis-server does not answer")

    def ask(self, *words: str) -> str:
        """The beginning of the reply to one command, on a connection of its own, raw."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
            connection.sendall((f"*{len(parts)}\r\n" + "".join(parts)).encode())
            return connection.recv(65536).decode()

    def kill(self) -> None:
        """As a crash: no warning, nothing is saved."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Accepts connections still (the kernel does), and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
            self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None


@contextlib.contextmanager
def real_redis(folder: Path, *options: str) -> Iterator[RealRedis]:
    server = RealRedis(folder, *options)
    try:
        server.start()
        yield server
    finally:
        server.stop()


class Cluster:
    """Three masters without replicas, each with a third of the slots. `nodes` in the order of their slots."""

    def __init__(self, folder: Path) -> None:
        options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0")
        self._folder, self._options = folder, options
        self.nodes = [RealRedis(folder / str(number), *options) for number in range(3)]
        self.url = "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def start(self) -> None:
        """Returns once every node serves."""
        for node in self.nodes:
            node.start()
        for number, node in enumerate(self.nodes):
            first, last = 16384 * number // 3, 16384 * (number + 1) // 3 - 1
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
            node.ask("CLUSTER", "ADDSLOTS", *(str(slot) for slot in range(first, last + 1)))
            node.ask("CLUSTER", "MEET", "127.0.0.1", str(self.nodes[0].port), str(self.nodes[0].port + 10000))
        for _ in range(1000):
            known = [node.ask("CLUSTER", "INFO") for node in self.nodes]
            if all("cluster_state:ok" in info and "cluster_known_nodes:3" in info for info in known):
                return
            time.sleep(0.02)
        raise AssertionError("the cluster does not come together")

    def add_replica(self, number: int) -> RealRedis:
        """A copy of that master, which takes its place when it fails. Returns once it is in step. `stop` stops it too."""
        master, replica = self.nodes[number], RealRedis(self._folder / "replica", *self._options)
        self.nodes.append(replica)
        replica.start()
        replica.ask("CLUSTER", "MEET", "127.0.0.1", str(master.port), str(master.port + 10000))
        for _ in range(1000):
            told = replica.ask("INFO", "replication")
            known = [node.ask("CLUSTER", "INFO") for node in self.nodes]
            all_know = all("cluster_state:ok" in info and "cluster_known_nodes:4" in info for info in known)
            if "master_link_status:up" in told and all_know:
                return replica
            if "role:master" in told:
                # An error until the news of the master has come around.
                replica.ask("CLUSTER", "REPLICATE", self.node_id(number))
            time.sleep(0.02)
        raise AssertionError("the replica does not come into step")

    def node_id(self, number: int) -> str:
        return self.nodes[number].ask("CLUSTER", "MYID").split("\r\n")[1]

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    servers = Cluster(folder)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


class Sentinel:
    """A master (`nodes[0]`), its replica, and one sentinel that fails over after half a second of silence."""

    def __init__(self, folder: Path) -> None:
        master = RealRedis(folder / "0")
        replica = RealRedis(folder / "1", "--replicaof", "127.0.0.1", str(master.port), "--repl-diskless-sync-delay", "0")
        self.nodes = [master, replica]
        config = folder / "sentinel.conf"
        config.write_text(
            f"sentinel monitor webingo 127.0.0.1 {master.port} 1\n"
            "sentinel down-after-milliseconds webingo 500\n"
            "sentinel failover-timeout webingo 2000\n"
        )
        self.sentinel = RealRedis(folder / "sentinel", sentinel_config=config)
        self.url = f"redis+sentinel://127.0.0.1:{self.sentinel.port}/webingo/0"

    def start(self) -> None:
        for node in (*self.nodes, self.sentinel):
            node.start()

    def wait_for_replica(self) -> None:
        """Until the replica has everything and the sentinel knows of it."""
        for _ in range(1000):
            in_step = "state=online" in self.nodes[0].ask("INFO", "replication")
            if in_step and "num-slaves\r\n$1\r\n1\r\n" in self.sentinel.ask("SENTINEL", "MASTER", "webingo"):
                return
            time.sleep(0.02)
        raise AssertionError("the sentinel does not see the replica")

    def stop(self) -> None:
        for node in (self.sentinel, *self.nodes):
            node.kill()


@contextlib.contextmanager
def sentinel(folder: Path) -> Iterator[Sentinel]:
    group = Sentinel(folder)
    try:
        group.start()
        yield group
    finally:
        group.stop()
