"""What webingo is compared with: a bare Tornado echo, in a process of its own."""

from collections.abc import Awaitable, Callable
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from bench.children import Answer, run_child


class Settled(WebSocketHandler):
    """Tornado's own handler: answers each message with the two states that a settled bet is answered with."""

    def initialize(self, idle: str, game: str) -> None:
        self._idle, self._game = idle, game

    def open(self, *args: str, **kwargs: str) -> None:
        self.set_nodelay(True)  # or else the second message waits some 40 ms for the first one's acknowledgement

    def on_message(self, message: str | bytes) -> None:
        self.write_message(self._idle)
        self.write_message(self._game)


class Plain(Settled):
    """One state for each action: that of a game for a bet, of an idle game for its end."""

    def on_message(self, message: str | bytes) -> None:
        self.write_message(self._game if '"bet"' in str(message) else self._idle)


async def _echo(states: dict[str, str]) -> tuple[int, Callable[[], Awaitable[None]]]:
    server = HTTPServer(Application([("/settled", Settled, states), ("/plain", Plain, states)], log_function=lambda _: None))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)

    async def end() -> None:
        server.stop()

    return sockets[0].getsockname()[1], end


async def _begin(config: dict[str, Any]) -> tuple[Answer, Callable[[], Awaitable[None]]]:
    port, end = await _echo(config["states"])

    async def answer(_: dict[str, Any]) -> dict[str, Any]:
        return {"port": port}

    return answer, end


if __name__ == "__main__":
    run_child(_begin)
