"""The example slot as studios run it: a process of its own, and a wire between it and the server, cut where a test wants."""

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.processes import ROOT
from tests.secrets import overheard

PROGRAM = ROOT / "examples" / "slot_over_rgs.py"


class Cut(NamedTuple):
    """What happens to a call on the wire: `at` "before" it reaches the server, or "after" the server has done it and before the
    slot hears of it."""

    path: str
    at: str


class Wire:
    """Stands between the slot and the server. `cuts` are taken in their order, each by the next call of its path: the slot is
    told nothing then, and `cut` is called. With `down` nothing gets through at all."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.cuts: list[Cut] = []
        self.cut: Callable[[], None] = lambda: None
        self.down = False
        self.paths: list[str] = []
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            request = await _message(reader)
            path = request.split(b" ", 2)[1].decode()
            self.paths.append(path)
            taken = self.cuts.pop(0) if self.cuts and self.cuts[0].path == path else None
            answer = b"" if self.down or (taken and taken.at == "before") else await self._forwarded(request)
            if taken is None:
                writer.write(answer)
                await writer.drain()
            else:
                self.cut()
        writer.close()

    async def _forwarded(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(request)
        answer = await _message(reader)
        writer.close()
        return answer


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head + await reader.readexactly(int(lengths[0]) if lengths else 0)


class Slot:
    """The program, to be started, killed and started again with the same journal, at another port each time."""

    def __init__(self, folder: Path, port: int, key: str) -> None:
        self.journal = folder / "journal.db"
        self.url = ""
        self._port = port
        self._key = key
        self._process: asyncio.subprocess.Process | None = None
        self._log = folder / "slot.log"

    async def start(self) -> None:
        arguments = ("--server", f"http://127.0.0.1:{self._port}", "--port", "0", "--journal", str(self.journal))
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, str(PROGRAM), *arguments, env={**os.environ, "RGS_KEY": self._key}, stdout=-1, stderr=log
            )
        assert self._process.stdout is not None
        line = (await asyncio.wait_for(self._process.stdout.readline(), 20)).decode()
        assert "http://" in line, self._log.read_text()
        self.url = "http://" + line.split("http://")[1].split("/")[0]

    def kill(self) -> None:
        """As a crash."""
        assert self._process is not None
        self._process.kill()

    async def ended(self) -> None:
        assert self._process is not None
        await asyncio.wait_for(self._process.wait(), 20)

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self.ended()
        if self._log.exists():
            overheard(self._log.read_text(), "examples/slot_over_rgs.py")

    async def ask(self, path: str, **fields: Any) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=60) as client:
            return await client.post(self.url + path, content=json.dumps(fields), headers={"Content-Type": "application/json"})

    async def spin(self, session: str, click: str, bet: int = 100) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask("/spin", session=session, spin=click, bet=bet)).json()
        return found

    def rounds(self) -> list[dict[str, Any]]:
        """The journal, read while the program does not run."""
        database = sqlite3.connect(self.journal)
        database.row_factory = sqlite3.Row
        with contextlib.closing(database):
            rows = [dict(row) for row in database.execute("SELECT * FROM rounds ORDER BY at")]
        return [{**row, "stops": json.loads(row["stops"] or "[]")} for row in rows]


@contextlib.asynccontextmanager
async def running(folder: Path, port: int, key: str) -> AsyncIterator[Slot]:
    slot = Slot(folder, port, key)
    await slot.start()
    try:
        yield slot
    finally:
        await slot.stop()


@contextlib.asynccontextmanager
async def wired(folder: Path, port: int, key: str) -> AsyncIterator[tuple[Slot, Wire]]:
    """A slot behind a wire, whose cuts kill it."""
    wire = Wire(port)
    await wire.start()
    slot = Slot(folder, wire.port, key)
    wire.cut = slot.kill
    await slot.start()
    try:
        yield slot, wire
    finally:
        await slot.stop()
        wire.stop()
