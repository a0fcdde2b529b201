"""The contract of a platform: who its players are is its own affair."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlsplit

from webingo.config import Settings
from webingo.problems import Problem
from webingo.resources.site import Site
from webingo.session.component import Component, Room
from webingo.session.house import House
from webingo.session.protocol import Auth
from webingo.support.clock import Clock
from webingo.user import User

MOST_NAME, MOST_PICTURE = 200, 2048


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a player was proved to be. `name` and `picture` are for people: what is no name or address of a picture is "".

    `recheck` is asked every `recheck_s` seconds for as long as the session lasts: Refused(AUTH_FAILED) ends it, after
    UNAVAILABLE it is asked again later, and play goes on meanwhile. Without it nobody is asked.

    `token` proves the player to the operator who keeps the site's money; it is secret.

    TypeError and ValueError where `recheck_s` is no number.
    """

    user: User
    name: str = ""
    picture: str = ""
    recheck: Callable[[], Awaitable[None]] | None = None
    recheck_s: float = 0.0
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", shown_name(self.name))
        object.__setattr__(self, "picture", shown_picture(self.picture))
        object.__setattr__(self, "recheck_s", float(self.recheck_s))  # a session that has begun must not fail over it


class Cookie(NamedTuple):
    """Of this host alone, below `path`, for `max_age_s` (0 takes it away); scripts never see it, other sites' requests only
    bring it along where they lead here (SameSite=Lax). A name that begins with __Host- needs `secure` and the path "/"."""

    name: str
    value: str
    max_age_s: int
    path: str = "/"
    secure: bool = True


class Request(NamedTuple):
    """A request for a page of a platform. `path` is what stands below /<name>/; `query` and `form` have each name once; names
    of `headers` count in whatever case; `peer` is the client's address, `base` ours as the client knows it ("https://host").

    `method` is GET or POST; HEAD comes as GET. A body is at most 128 KiB, and `form` is empty where it is none.
    """

    method: str
    path: str
    query: Mapping[str, str] = {}
    form: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""
    peer: str = ""
    base: str = ""
    cookies: Mapping[str, str] = {}


TEXT, JSON = "text/plain; charset=utf-8", "application/json; charset=utf-8"
"""Content types of replies that are no pages."""


class Reply(NamedTuple):
    """`headers` go over those that every page has: no-store, no referrer, a Content-Security-Policy of our own host alone."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = {}
    cookies: Sequence[Cookie] = ()


class Platform(ABC):
    """One is built in each process, by an entry point of the group "webingo.platforms".

    `name` is what sites and logins call it by, and the name of its entry point; what it serves stands below /<name>/. Only
    where it is `social` may its sites have `social` and `products`.
    """

    name: ClassVar[str]
    social: ClassVar[bool] = False

    def __init__(self, settings: Settings, clock: Clock) -> None:  # noqa: B027 - may be left as it is
        """Raises BadResource where it can't work with these settings."""

    @abstractmethod
    async def authenticate(self, auth: Auth, site: Site) -> Identity:
        """The player whom `auth` proves to be. Raises Refused(AUTH_FAILED), UNAVAILABLE where the proof can't be had now."""

    def problems(self, site: Site) -> list[Problem]:
        """What is wrong with one of its sites, each without the file. A site that has any is not served."""
        return [] if self.social else antisocial(site)

    async def start(self, house: House) -> None:  # noqa: B027
        """Comes before the first player. What it raises stops the start."""

    async def stop(self) -> None:  # noqa: B027
        """Comes after the last player, of what was started. The store is still there."""

    async def page(self, request: Request) -> Reply | None:
        """What is served below /<name>/; None is 404. Refused is answered with its HTTP status. A page has 30 seconds."""
        return None

    def components(self, room: Room) -> Sequence[Component]:
        """What it plugs into the session of each of its players, before the session is open."""
        return ()


def antisocial(site: Site) -> list[Problem]:
    """What a site may not have whose platform is not social."""
    given = {"social": site.social is not None, "products": bool(site.products)}
    reason = f"sites of the platform {site.platform!r} can't have this"
    return [("", field, reason) for field, there in given.items() if there]


def shown_name(value: Any) -> str:
    """What a player may be called: printable characters, not too many; "" for what is no name."""
    return "".join(filter(str.isprintable, value)).strip()[:MOST_NAME] if isinstance(value, str) else ""


def shown_picture(value: Any) -> str:
    """The address of a picture that pages may load: by https, or by http from this machine; "" for everything else."""
    if (
        not isinstance(value, str)
        or len(value) > MOST_PICTURE
        or not value.isascii()
        or not value.isprintable()
        or " " in value
        or "\\" in value  # browsers read it as a slash, and so another host than we do
    ):
        return ""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return value if host and (parts.scheme == "https" or (parts.scheme == "http" and _here(host))) else ""


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
