"""A player for tests: speaks the session protocol over a real socket."""

from contextlib import suppress
from socket import SHUT_RDWR
from typing import Any, ClassVar

import orjson

from tests import wsclient
from tests.secrets import secret
from tests.wsclient import Closed

DEMO = {"platform": "demo", "site": "demo"}


class Player:
    """`state` is the newest state that was pushed; `errors` are all errors so far."""

    connected: ClassVar[list["Player"]] = []

    def __init__(self, client: wsclient.Client, uid: str) -> None:
        self.client = client
        self.uid = uid
        self.state: dict[str, Any] = {}
        self.errors: list[dict[str, Any]] = []

    @classmethod
    async def connect(cls, port: int, uid: str = "ana", **connecting: Any) -> "Player":
        """Connected, but not logged in."""
        player = cls(await wsclient.connect(f"ws://127.0.0.1:{port}/session/ws", **connecting), uid)
        cls.connected.append(player)
        return player

    @classmethod
    def abort_all(cls) -> None:
        """Cuts every connection of the test that is over."""
        for player in cls.connected:
            player.client.abort()
        cls.connected.clear()

    @classmethod
    def cut_all(cls) -> None:
        """The same at once, whether their loop runs or not."""
        for player in cls.connected:
            socket = player.client.writer.get_extra_info("socket")
            if socket is not None and socket.fileno() >= 0:
                with suppress(OSError):
                    socket.shutdown(SHUT_RDWR)

    @classmethod
    async def log_in(cls, port: int, uid: str = "ana", token: str = "", **where: str) -> "Player":
        player = await cls.connect(port, uid)
        player.send(auth={"uid": uid, "token": token, "userinfo": {}}, **{**DEMO, **where})
        try:
            await player.next_state()
        except BaseException:
            player.client.abort()
            raise
        return player

    def send(self, **message: Any) -> None:
        auth = message.get("auth")
        token = auth.get("token") if isinstance(auth, dict) else None
        if isinstance(token, str) and len(token) >= 16:  # shorter ones are no tokens, but words that tests make do with
            secret(token, "player's token")
        self.client.send_text(orjson.dumps(message))

    async def next(self) -> dict[str, Any]:
        """The next message. Raises EOFError (code) when the connection ends instead."""
        while True:
            found = await self.client.recv()
            if isinstance(found, Closed):
                raise EOFError(found.code)
            opcode, payload = found
            if opcode == wsclient.TEXT:
                message: dict[str, Any] = orjson.loads(payload)
                if message["t"] == "state":
                    self.state = message
                elif message["t"] == "error":
                    self.errors.append(message)
                return message

    async def next_state(self) -> dict[str, Any]:
        """The next state; an error in between is an AssertionError."""
        message = await self.next()
        assert message["t"] == "state", message
        return message

    async def refused(self) -> str:
        """The code of the error that comes next; the full state behind it is taken too."""
        message = await self.next()
        assert message["t"] == "error", message
        await self.next_state()
        return str(message["code"])

    async def closed(self) -> int | None:
        """Reads to the end of the connection; answers the close code."""
        try:
            for _ in range(10_000):
                await self.next()
        except EOFError as end:
            code: int | None = end.args[0]
            return code
        raise AssertionError("the connection does not end")

    @property
    def sid(self) -> str:
        return str(self.state["gamestate"]["id"])

    @property
    def game(self) -> dict[str, Any]:
        game: dict[str, Any] = self.state["gamestate"]
        return game

    @property
    def credits(self) -> int:
        return int(self.state["wallet"]["credits"])

    async def load(self, gameid: str = "joker-bingo") -> dict[str, Any]:
        self.send(t="gameload", gameid=gameid)
        return await self.next_state()

    def act(self, action: str, params: dict[str, Any] | None = None, sid: str | None = None, **more: Any) -> None:
        self.send(t="action", action=action, params=params or {}, sid=sid or self.sid, **more)

    async def bet(self, amount: int = 4) -> dict[str, Any]:
        """Bets from idle or from a finished game; answers the last state of it."""
        count = 2 if self.game["name"] == "game" else 1
        self.act("bet", {"amount": amount})
        for _ in range(count):
            await self.next_state()
        return self.state

    async def end(self) -> dict[str, Any]:
        self.act("end")
        return await self.next_state()

    async def leave(self) -> None:
        await self.client.end()
