"""The wiring of the whole server."""

import asyncio
import ssl
from collections.abc import Mapping
from functools import partial
from typing import Any

import structlog
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from webingo.backoffice.link import Backoffice
from webingo.config import Settings
from webingo.errors import BadResource, Refused
from webingo.jackpot.books import Books
from webingo.jackpot.jackpots import Jackpots
from webingo.platforms.platform import Platform
from webingo.platforms.registry import misplaced, platforms, unfit
from webingo.resources.local import LocalResources
from webingo.resources.remote import RemoteResources
from webingo.resources.stated import wrong_games, wrong_rtps
from webingo.rng import SOURCE, RngFailed, SystemRng
from webingo.server import files, health, platform_pages
from webingo.server.attempts import Attempts
from webingo.server.connection import Connection, Limits
from webingo.server.connections import Connections
from webingo.server.door import DoorHandler
from webingo.server.edge import EdgeServer
from webingo.server.login import Entrance
from webingo.server.operators import Operators
from webingo.server.rgs.door import RgsDoor
from webingo.server.session_http import SessionHandler
from webingo.server.slot_ide import handler as slot_ide
from webingo.server.slot_ide.visits import Visits
from webingo.server.websocket import DoorLimits, Visitor
from webingo.session.abandoned import close_abandoned
from webingo.session.house import House
from webingo.session.outlet import GOING_AWAY
from webingo.support.clock import Clock, SystemClock
from webingo.transaction.opening import open_store
from webingo.transaction.store import Store
from webingo.transaction.trimming import trim_ledger
from webingo.wallet.wallets import Wallets

log = structlog.get_logger("webingo.server")

_SWEEP_S = 60
_MAX_BODY = 1 << 20
_STOP_S = 10.0
_KEEPERS = ("accounting",)  # where none of them is enrolled our ledger is the only one, and nothing of it goes

# Whoever opens a connection and says nothing more, or a word a minute, holds a file descriptor of ours.
_IDLE_HTTP_S, _BODY_S = 60, 20


class Server:
    """One process of the server. `start` returns once it answers on `port`; `stop` lets every action in hand finish."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.port = settings.http_port
        self._clock = clock or SystemClock()
        self._platforms = platforms(settings, self._clock)
        self._resources = sources(settings, self._platforms)
        self._operators: Operators | None = None
        self._connections = Connections(self._clock)
        self._visitors: set[Visitor] = set()
        self._started: list[Platform] = []

    async def start(self, store: Store | None = None) -> None:
        """`store` is used instead of the settings' own; it is closed with the server."""
        SOURCE.start()
        settings = self.settings
        self.store = store or await open_store(settings)
        self.jackpots = Jackpots(self.store, self._resources, SystemRng(), self._clock)
        self.backoffice: Backoffice | None = None
        if isinstance(self._resources, RemoteResources):
            books = Books(self.jackpots, self._clock)
            self.backoffice = Backoffice(settings, self.store, self._resources, books, self._clock)
        try:
            if self.backoffice is not None:
                await self.backoffice.start()
            await self.jackpots.start(self._resources.all_sites())
            self._operators = Operators(settings, self.store, self._clock)
            await self._operators.start()
            self._open_house(self._operators.wallets)
            await self._start_platforms()
            self._listen()
        except BaseException:  # an embedded database would outlive a start that failed
            await self._let_go()
            raise
        self._sweeper = asyncio.create_task(self._sweep())
        for site in self._resources.all_sites():
            if site.test_mode and not settings.debug:
                log.warning("test_mode_without_effect", site=site.id)

    def _open_house(self, wallets: Wallets) -> None:
        settings = self.settings
        registrar = None if self.backoffice is None else self.backoffice.book
        who = settings.debug, self.jackpots, registrar, wallets
        self.house = House(self.store, self._resources, SystemRng(), self._clock, *who)
        if isinstance(self._resources, RemoteResources):
            self._resources.listen(self.house.changed)
        idle_s, rate, burst = settings.session_idle_s, settings.message_rate, settings.message_burst
        self._slot_ide = Visits(self.house, idle_s, rate, burst)
        self._rgs = RgsDoor(settings, self.house)
        self.store.listen(self.house.hear, self.house.missed)

    async def _start_platforms(self) -> None:
        for name, platform in self._platforms.items():
            try:
                await platform.start(self.house)
                self._started.append(platform)
            except (BadResource, Refused):
                raise
            except Exception as error:  # somebody else's code
                raise BadResource([("platform", name, f"it can't be started: {type(error).__name__}: {error}")]) from error

    def _listen(self) -> None:
        settings = self.settings
        self._http = EdgeServer(
            Application(self._routes(), log_function=_log_request),
            ssl_options=tls(settings),
            xheaders=bool(settings.trusted_proxies),
            trusted_downstream=settings.trusted_proxies,
            max_body_size=_MAX_BODY,
            idle_connection_timeout=_IDLE_HTTP_S,
            body_timeout=_BODY_S,
        )
        try:
            sockets = bind_sockets(settings.http_port, settings.http_address or None)
        except OSError as error:
            where = settings.http_address or "all interfaces"
            raise OSError(f"can't listen on port {settings.http_port} of {where}: {error.strerror}") from None
        self.port = sockets[0].getsockname()[1]
        self._http.add_sockets(sockets)

    def _routes(self) -> list[Any]:
        settings = self.settings
        entrance = Entrance(self._platforms, self._resources, Attempts(settings.failed_logins, self._clock))
        limits = Limits(settings.max_frame_bytes, settings.ping_interval_s, settings.ping_timeout_s, settings.slow_reader_s)
        door_limits = DoorLimits(
            settings.auth_timeout_s,
            settings.message_rate,
            settings.message_burst,
            settings.max_bad_messages,
            int(settings.session_idle_s),
        )

        def receiver(connection: Connection) -> Visitor:
            return Visitor(connection, self.house, entrance, self.jackpots, door_limits, self._visitors)

        door = {
            "factory": receiver,
            "limits": limits,
            "connections": self._connections,
            "per_address": settings.connections_per_address,
        }
        login = {"house": self.house, "entrance": entrance, "idle_s": int(settings.session_idle_s)}
        return [
            (r"/session/ws", DoorHandler, door),
            (r"/session", SessionHandler, login),
            *slot_ide.routes(self._slot_ide, settings.max_frame_bytes),
            *self._rgs.routes(),
            *health.routes(self._unready),
            *platform_pages.routes(self._platforms),
            *files.routes(settings, self._resources, self.jackpots.bounds),
        ]

    async def _unready(self) -> list[str]:
        """Why this process should get no players at the moment."""
        chance = [RngFailed(SOURCE.failure).message] if SOURCE.failure else []
        return [*chance, *await self.store.problems(), *([] if self.backoffice is None else self.backoffice.problems())]

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            for sweep in (self._close_abandoned, self._trim_ledger, self._rgs.sweep):
                try:
                    await sweep()
                except Refused as refusal:
                    log.warning("sweep_postponed", code=refusal.code)
                except Exception:
                    log.exception("sweep_failed")

    async def _close_abandoned(self) -> None:
        await close_abandoned(self.house, self.settings.abandoned_round_s)

    async def _trim_ledger(self) -> None:
        kept_ms = self.settings.ledger_retention_days * 86_400_000
        await trim_ledger(self.store, self._clock.now_ms() - kept_ms, _KEEPERS)

    async def stop(self) -> None:
        """No new connections; actions in hand are finished, clients are sent away (1001), the database is let go."""
        self._http.stop()
        self._sweeper.cancel()
        leaving = [asyncio.create_task(visitor.leave(GOING_AWAY)) for visitor in self._visitors]
        leaving += [asyncio.create_task(self._slot_ide.stop()), asyncio.create_task(self._rgs.stop())]
        await asyncio.wait(leaving, timeout=self.settings.graceful_stop_s)
        await self._connections.close(GOING_AWAY, "The server goes down.")
        await self._http.close_all_connections()
        if endings := [ending for visitor in self._visitors if (ending := visitor.ending) is not None]:
            await asyncio.wait(endings)
        await self._let_go()

    async def _let_go(self) -> None:
        for platform in self._started:
            try:
                async with asyncio.timeout(_STOP_S):
                    await platform.stop()
            except Exception:  # also that it came to no end
                log.exception("platform_failed", platform=platform.name)
        if self._operators is not None:
            await self._operators.stop()
        if self.backoffice is not None:
            await self.backoffice.stop()
        await self.jackpots.stop()
        await self.store.aclose()


def sources(settings: Settings, known: Mapping[str, Platform]) -> LocalResources | RemoteResources:
    """The games, and the sites where they are files. Raises BadResource."""
    resources: LocalResources | RemoteResources
    if settings.rgs_base:
        resources = RemoteResources(
            settings.res_dir, partial(unfit, known=known, operators=list(settings.operators)), settings.debug
        )
        problems = [] if settings.debug else list(wrong_games(resources, settings.res_dir))
    else:
        resources = LocalResources(settings.res_dir, settings.debug)
        problems = misplaced(resources.sites.values(), known, settings.operators)
        if not settings.debug and not problems:
            problems = list(wrong_rtps(resources, settings.res_dir))
    if problems:
        raise BadResource(problems)
    return resources


def _log_request(handler: RequestHandler) -> None:
    """Without the query: launch addresses carry a session's id there, which is its only credential."""
    request, facts = handler.request, getattr(handler, "facts", {})
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=handler.get_status(),
        milliseconds=round(request.request_time() * 1000, 1),
        peer=request.remote_ip,
        **facts,
    )


def tls(settings: Settings) -> ssl.SSLContext | None:
    """What HTTPS is served with; None for HTTP. Raises BadResource."""
    if not settings.cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.cert, settings.certkey)
    except ssl.SSLError as error:
        raise BadResource(
            [("settings", "cert", f"{settings.cert} and {settings.certkey} don't go together: {error}")]
        ) from None
    return context
