"""What a Redis URL says. Nothing here ever puts a password into a message, a repr or a log line."""

import re
import ssl
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

SCHEMES = (
    "redis://, rediss://, unix://PATH, redis+cluster://HOST:PORT,HOST:PORT, "
    "redis+sentinel://HOST:PORT,HOST:PORT/MASTER/DB, embedded:FOLDER or memory:"
)


@dataclass(frozen=True)
class Endpoint:
    """Where one server listens (`path` of a Unix socket, or else host and port), and how to log in there."""

    host: str = "127.0.0.1"
    port: int = 6379
    path: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    db: int = 0
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    must_be_master: bool = False

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"

    def at(self, host: str, port: int) -> "Endpoint":
        """The same login elsewhere."""
        return replace(self, host=host, port=port)


@dataclass(frozen=True)
class Address:
    """`kind` is the scheme (redis, rediss, unix, redis+cluster, redis+sentinel, embedded, memory)."""

    kind: str
    endpoints: tuple[Endpoint, ...] = ()
    master: str = ""  # the name that the sentinels know it by
    folder: str = ""


def parse(url: str) -> Address:
    """ValueError for a URL that cannot be meant; its text quotes nothing from the URL, as any part of a mistyped one
    may be the password."""
    kind, colon, rest = url.partition(":")
    if kind == "memory" and colon and not rest:
        return Address(kind)
    if kind == "embedded" and rest:
        return Address(kind, folder=rest)
    if kind == "unix" and rest.startswith("//") and len(rest) > 2:
        return Address(kind, (Endpoint(path=rest[2:]),))
    if kind not in ("redis", "rediss", "redis+cluster", "redis+sentinel") or not rest.startswith("//"):
        raise ValueError(f"redis_url: this is no Redis URL; it has to be one of {SCHEMES}")
    login, _, location = rest[2:].rpartition("@")
    hosts, _, path = location.partition("/")
    # An unescaped / # or ? in the password would otherwise be taken for the end of the host.
    if any(sign in login for sign in "/?#") or "?" in location or "#" in location:
        raise ValueError("redis_url: no ? or # belongs into it; write / ? # @ and : of a password as %2F %3F %23 %40 %3A")
    user, _, password = (unquote(part) for part in login.partition(":"))
    if user and not password:
        raise ValueError("redis_url: a user needs a password (a password alone is written redis://:PASSWORD@HOST)")
    master = ""
    if kind == "redis+sentinel":
        master, _, path = path.partition("/")
        if not master:
            raise ValueError("redis_url: after the sentinels follows the master's name: redis+sentinel://HOST:PORT/MASTER/DB")
    elif "," in hosts and kind != "redis+cluster":
        raise ValueError("redis_url: several hosts are for redis+cluster:// and redis+sentinel:// only")
    default = Endpoint(
        port=26379 if master else 6379,
        user=user,
        password=password,
        db=_database(path, kind),
        tls=ssl.create_default_context() if kind == "rediss" else None,
    )
    return Address(kind, tuple(_endpoint(host, default) for host in hosts.split(",")), master)


def _endpoint(text: str, default: Endpoint) -> Endpoint:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:\s]*)(?::(\d{1,5}))?", text)
    if match is None or not (match[1] or match[2]):
        raise ValueError("redis_url: a host is written HOST, HOST:PORT or [IPV6]:PORT, and the port is a number")
    port = int(match[2] or default.port)
    if not 0 < port < 65536:
        raise ValueError("redis_url: a port lies between 1 and 65535")
    return default.at(match[1].strip("[]") or default.host, port)


def _database(path: str, kind: str) -> int:
    if not path:
        return 0
    if not path.isascii() or not path.isdigit():
        raise ValueError("redis_url: what follows the host is the number of the database, such as /0")
    if kind == "redis+cluster" and int(path):
        raise ValueError("redis_url: a cluster has only database 0")
    return int(path)
