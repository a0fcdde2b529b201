"""The HTTP server where it meets the world: whose forwarded addresses are believed, and how many connections there may be."""

import resource
import sys
from collections.abc import Awaitable, Collection
from typing import Any

import structlog
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream

log = structlog.get_logger("webingo.server")

# File descriptors that connections may not take: the database, files that are served, sockets that change hands.
_KEPT_FREE = 64

# Tornado prefers these two over the others; a proxy that appends to X-Forwarded-For hands them on as the client wrote them.
_NEVER_BELIEVED = ("X-Real-Ip", "X-Scheme")
_BELIEVED_OF_PROXIES = ("X-Forwarded-For", "X-Forwarded-Proto")


class EdgeServer(HTTPServer):
    """Believes what `trusted_downstream` forwards and nobody else: Tornado alone takes the headers from whoever sends them.

    A connection that takes one of the last file descriptors is closed at once. With none left, a socket that can't be
    accepted would wake the loop again and again, and all others would go without.
    """

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        super().initialize(*args, **kwargs)
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._full_at = sys.maxsize if limit == resource.RLIM_INFINITY else limit - _KEPT_FREE
        self._full = False

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        # The system gives out the lowest number that is free.
        full = stream.socket.fileno() >= self._full_at
        if full != self._full:
            self._full = full
            log.warning("connections_refused" if full else "connections_accepted_again", limit=self._full_at)
        if full:
            stream.close()
        else:
            super().handle_stream(stream, address)

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        delegate = super().start_request(server_conn, request_conn)
        return _Doubt(delegate, request_conn, self.trusted_downstream) if self.trusted_downstream else delegate


class _Doubt(HTTPMessageDelegate):
    """Takes away the headers that are not to be believed before anybody reads them."""

    def __init__(self, delegate: HTTPMessageDelegate, connection: Any, proxies: Collection[str]) -> None:
        self._delegate = delegate
        self._connection = connection
        self._proxies = proxies

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        from_proxy = self._connection.context.remote_ip in self._proxies
        for name in _NEVER_BELIEVED if from_proxy else _NEVER_BELIEVED + _BELIEVED_OF_PROXIES:
            headers.pop(name, None)
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()
