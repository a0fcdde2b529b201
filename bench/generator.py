"""The load generator, a process of its own: players on raw sockets who answer each state with the next action at once.

It does as little as it can. Frames are masked beforehand but for the state id in them, and of what arrives only the frames'
headers are read, and of the last state the id, found by its bytes. What it costs is part of every result.
"""

import asyncio
import time
from array import array
from dataclasses import dataclass, field
from typing import Any

from bench.children import Answer, run_child
from bench.machine import cpu_s

MASK = b"\x37\xfa\x21\x3d"
SID = b'"gamestate":{"id":"'
SID_LENGTH = 36
ERROR = b'{"t":"error"'
TEXT, PING, PONG = 0x1, 0x9, 0xA
AT_ONCE = 50  # connections that are opened side by side

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: d2ViaW5nby1iZW5jaC0xIQ==\r\n\r\n"
)


def masked(payload: bytes, opcode: int = TEXT) -> bytes:
    """A client's frame, of at most 64 KiB."""
    size = len(payload)
    head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big")
    return head + MASK + bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload))


class Action:
    """An action whose frame is ready but for the state id."""

    def __init__(self, start: bytes, end: bytes = b'"}') -> None:
        whole = masked(start + bytes(SID_LENGTH) + end)
        at = len(whole) - len(end) - SID_LENGTH
        self._before, hole, self._after = whole[:at], whole[at : at + SID_LENGTH], whole[at + SID_LENGTH :]
        self._mask = int.from_bytes(hole, "big")  # zeros, masked, are the mask
        self.size = len(whole)

    def on(self, sid: bytes) -> bytes:
        return self._before + (int.from_bytes(sid, "big") ^ self._mask).to_bytes(SID_LENGTH, "big") + self._after


BET = Action(b'{"t":"action","action":"bet","params":{"amount":4},"sid":"')
END = Action(b'{"t":"action","action":"end","params":{},"sid":"')


@dataclass
class Group:
    """Players who play together. `plain`: bet, end, bet, end; else bet upon bet. Results count while `measuring`."""

    players: list["Player"] = field(default_factory=list)
    plain: bool = False
    playing: bool = False
    rounds: int = 0
    received: int = 0
    sent: int = 0
    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    samples: list[bytes] | None = None
    failure: str = ""

    def fail(self, why: str) -> None:
        self.failure, self.playing = self.failure or why, False
        for player in self.players:
            player.settle()


class Player(asyncio.Protocol):
    """One connection. `ready` is set whenever nothing is asked for any more."""

    def __init__(self, group: Group, path: str, first: bytes) -> None:
        self._group = group
        self._path = path
        self._first = first  # the login; empty on a server that knows none
        self._rest = b""
        self._upgraded = False
        self._waiting = 1
        self._sent_at = 0.0
        self._sid = bytes(SID_LENGTH)
        self._in_game = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert hasattr(transport, "write")
        self._write = transport.write
        self._write(HANDSHAKE.format(path=self._path).encode())

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ready.done() or self._group.playing:
            self._group.fail(f"a connection was lost: {error}")

    def settle(self) -> None:
        if not self.ready.done():
            self.ready.set_result(None)

    def ask(self, frame: bytes) -> None:
        """Something outside of play; `ready` is set with its answer."""
        self.ready = asyncio.get_running_loop().create_future()
        self._waiting = 1
        self._write(frame)

    def play(self) -> None:
        self.ready = asyncio.get_running_loop().create_future()
        self._act()

    def _act(self) -> None:
        group = self._group
        action = END if group.plain and self._in_game else BET
        self._waiting = 1 if group.plain or not self._in_game else 2
        self._in_game = action is BET
        group.sent += action.size
        self._sent_at = time.perf_counter()
        self._write(action.on(self._sid))

    def data_received(self, data: bytes) -> None:
        self._group.received += len(data)
        if self._rest:
            data = self._rest + data
        if not self._upgraded:
            data = self._upgrade(data)
        at, size = 0, len(data)
        while size - at >= 4:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = data[at + 2] << 8 | data[at + 3], at + 4
            end = start + length
            if length == 127 or end > size:  # nothing that long is ever sent
                break
            opcode = data[at] & 0x0F
            if opcode == TEXT:
                self._message(data, start, end)
            elif opcode == PING:
                self._write(masked(data[start:end], PONG))
            at = end
        self._rest = data[at:]

    def _upgrade(self, data: bytes) -> bytes:
        head, found, rest = data.partition(b"\r\n\r\n")
        if not found:
            return data
        if b" 101 " not in head[:16]:
            self._group.fail(head.decode(errors="replace"))
            return b""
        self._upgraded = True
        if self._first:
            self._write(self._first)
        else:
            self._in_game = not self._group.plain
            self.settle()
        return rest

    def _message(self, data: bytes, start: int, end: int) -> None:
        group = self._group
        if data.startswith(ERROR, start):
            group.fail(data[start:end].decode())
            return
        if group.samples is not None:
            group.samples.append(data[start:end])
        self._waiting -= 1
        if self._waiting:
            return
        at = data.find(SID, start, end)
        if at >= 0:
            self._sid = data[at + len(SID) : at + len(SID) + SID_LENGTH]
        if self.ready.done():
            return
        if self._sent_at:
            group.latencies.append(time.perf_counter() - self._sent_at)
            group.rounds += 1
        if group.playing:
            self._act()
        else:
            self._sent_at = 0.0
            self.settle()


class Generator:
    """Opens groups of players, and lets one of them play at a time."""

    player = Player

    def __init__(self, port: int) -> None:
        self._port = port
        self._groups: list[Group] = []

    async def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        do: str = command.pop("do")
        found: dict[str, Any] = await getattr(self, do)(**command)
        return found

    async def open(self, count: int, path: str, uid: str, plain: bool = False) -> dict[str, Any]:
        """Players who are connected and, where `uid` says who they are, logged in. The group's number is the answer."""
        group = Group(plain=plain)
        self._groups.append(group)
        loop = asyncio.get_running_loop()
        for first in range(0, count, AT_ONCE):
            new = []
            for number in range(first, min(first + AT_ONCE, count)):
                who = f'{{"auth":{{"uid":"{uid}{number}"}},"platform":"demo","site":"bench"}}'
                player = self.player(group, path, masked(who.encode()) if uid else b"")
                await loop.create_connection(lambda player=player: player, "127.0.0.1", self._port)  # type: ignore[misc]
                group.players.append(player)
                new.append(player)
            await self._settled(group, new)
        return {"group": len(self._groups) - 1}

    async def load(self, group: int) -> dict[str, Any]:
        """Everybody loads the game."""
        chosen = self._groups[group]
        for player in chosen.players:
            player.ask(masked(b'{"t":"gameload","gameid":"joker-bingo"}'))
        await self._settled(chosen, chosen.players)
        return {}

    async def begin(self, group: int) -> dict[str, Any]:
        """Everybody bets once, so that each later bet settles one."""
        chosen = self._groups[group]
        for player in chosen.players:
            player.play()
        await self._settled(chosen, chosen.players)
        return {}

    async def sample(self, group: int, seconds: float) -> dict[str, Any]:
        """The idle and the game state, out of some rounds, whose sizes are nearest to the mean ones."""
        chosen = self._groups[group]
        chosen.samples = found = []
        await self.play(group, 0, seconds, {})
        chosen.samples = None
        return {name: _typical([text for text in found if b'"name":"%s"' % name.encode() in text]) for name in ("idle", "game")}

    async def play(self, group: int, warmup: float, seconds: float, pids: dict[str, int]) -> dict[str, Any]:
        """Everybody plays; what happens and what CPU the processes use after the warm-up is measured."""
        chosen = self._groups[group]
        chosen.playing = True
        for player in chosen.players:
            player.play()
        await asyncio.sleep(warmup)
        chosen.rounds = chosen.received = chosen.sent = 0
        chosen.latencies = array("d")
        begun, used, own = time.perf_counter(), {name: cpu_s(pid) for name, pid in pids.items()}, time.process_time()
        await asyncio.sleep(seconds)
        measured = {
            "seconds": time.perf_counter() - begun,
            "cpu_s": {name: cpu_s(pid) - used[name] for name, pid in pids.items()},
            "generator_s": time.process_time() - own,
            "rounds": chosen.rounds,
            "bytes_in": chosen.sent,
            "bytes_out": chosen.received,
            "latencies": quantiles(chosen.latencies),
        }
        chosen.playing = False
        await self._settled(chosen, chosen.players)
        return measured

    async def _settled(self, group: Group, players: list[Player]) -> None:
        async with asyncio.timeout(30):
            for player in players:
                await player.ready
        if group.failure:
            raise RuntimeError(group.failure)


def quantiles(latencies: "array[float]") -> list[float]:
    """p50 and p99, in seconds."""
    ordered = sorted(latencies)
    return [ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]] if ordered else [0.0, 0.0]


def _typical(texts: list[bytes]) -> str:
    mean = sum(map(len, texts)) / len(texts)
    return min(texts, key=lambda text: abs(len(text) - mean)).decode()


async def _nothing() -> None:
    """The sockets end with the process."""


async def _begin(config: dict[str, Any]) -> tuple[Answer, Any]:
    return Generator(config["port"]).answer, _nothing


if __name__ == "__main__":
    run_child(_begin)
