"""A backoffice over real HTTP that keeps all in memory, holds requests against the contract, and misbehaves on demand."""

import asyncio
import gzip
import json
import re
from collections import deque
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, ValidationError

from tests.secrets import secret
from webingo.backoffice import contract, contract_books

KEY = secret("the-key-of-the-backoffice-in-tests-" * 2, "backoffice's key")

# What may go wrong with one request. The first six never do its work; the others did it before they go wrong.
BEFORE = ("refuse", "reset", "hang", "error", "html", "redirect")
AFTER = ("drop", "cut", "garbage", "lie", "late")

_POSTS: list[tuple[str, type[BaseModel]]] = [
    (r"/v1/sessions", contract.SessionBegin),
    (r"/v1/sessions/alive", contract.SessionsAlive),
    (r"/v1/sessions/([^/]+)/end", contract.SessionEnd),
    (r"/v1/ledger", contract_books.LedgerBatch),
    (r"/v1/players", contract_books.PlayerSnapshots),
    (r"/v1/jackpots", contract_books.JackpotSnapshots),
    (r"/v1/commands/([^/]+)/done", contract.CommandDone),
]


class FakeBackoffice:
    """`troubles` are used up, one for each request; `always` is for all. `patience`: seconds that "hang" and "late" take."""

    def __init__(self, patience: float = 5.0) -> None:
        self.patience = patience
        self.troubles: deque[str] = deque()
        self.always = ""
        self.only = ""  # troubles befall only paths that begin so
        self.seen: list[tuple[str, str]] = []
        self.wrong: list[str] = []
        self.sites: dict[tuple[str, str], contract.SiteVersion] = {}
        self.gaming = True
        self.blocked: set[tuple[str, str]] = set()
        self.changes: list[dict[str, Any]] = []
        self.commands: dict[str, dict[str, Any]] = {}
        self.done: dict[str, list[contract.CommandDone]] = {}
        self.sessions: dict[str, contract.SessionBegin] = {}
        self.ended: dict[str, contract.SessionEnd] = {}
        self.alive: list[contract.SessionsAlive] = []
        self.entries: dict[str, contract_books.LedgerEntry] = {}
        self.repeated = 0
        self.batches: list[int] = []
        self.rounds: dict[str, list[dict[str, Any]]] = {}
        self.players: list[contract_books.PlayerSnapshot] = []
        self.jackpots: list[contract_books.JackpotSnapshots] = []
        self.most_bytes = 1 << 30
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[Any]] = set()
        self.port = 0

    # -- life -------------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nothing listens from now on; `start` takes the same port again."""
        if self._server is not None:
            self._server.close()
            for task in tuple(self._serving):
                task.cancel()
            if self._serving:
                await asyncio.wait(tuple(self._serving))
            await self._server.wait_closed()
            self._server = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/rgs-api/"

    # -- what staff does --------------------------------------------------------------------------------------------------

    def set_site(self, document: dict[str, Any]) -> None:
        where = document["platform"], document["id"]
        version = self.sites[where].version + 1 if where in self.sites else 1
        self.sites[where] = contract.SiteVersion(platform=where[0], site=where[1], version=version, document=document)
        self._change({"kind": "site", **self.sites[where].model_dump()})

    def set_gaming(self, enabled: bool) -> None:
        self.gaming = enabled
        self._change({"kind": "gaming", "enabled": enabled})

    def command(self, command: str, **fields: Any) -> str:
        n = len(self.changes) + 1
        self.commands[f"c{n}"] = {"command": command, "id": f"c{n}", "n": n, **fields}
        self._change({"kind": "command", "id": f"c{n}"})
        return f"c{n}"

    def change_of_another_kind(self, **fields: Any) -> None:
        self._change(fields)

    def _change(self, fields: dict[str, Any]) -> None:
        self.changes.append({**fields, "n": len(self.changes) + 1})
        self._changed.set()
        self._changed = asyncio.Event()

    # -- HTTP -------------------------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while await self._request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._serving.discard(task)
            writer.transport.abort()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        path = target.removeprefix("/rgs-api")
        trouble = self._trouble(path)
        self.seen.append((method, path))
        if trouble == "reset":
            return False
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if trouble == "hang":
            await asyncio.sleep(self.patience)
            return False
        early = {
            "error": (500, b'{"code":"OOPS","message":"broken"}', "application/json", ""),
            "refuse": (503, b"", "text/plain", ""),
            "html": (200, b"<html><body>Welcome!</body></html>", "text/html", ""),
            "redirect": (307, b"", "text/plain", f"Location: http://127.0.0.1:{self.port}/elsewhere\r\n"),
        }.get(trouble)
        if early is not None:
            return await self._answer(writer, *early)
        if headers.get("authorization") != f"Bearer {KEY}":
            return await self._answer(writer, 401, b'{"code":"UNAUTHORIZED","message":"no"}', "application/json", "")
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        status, answer = await self._done(method, path, body)
        match trouble:
            case "drop":
                return False
            case "lie":
                answer = {"yes": "of course"}
            case "late":
                await asyncio.sleep(self.patience)
            case "garbage":
                writer.write(b"\x00\x01 what?\r\n\r\n")
                await writer.drain()
                return False
        data = json.dumps(answer).encode()  # json: numbers as large as they are
        if trouble == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (len(data) + 9))
            writer.write(data)
            await writer.drain()
            return False
        return await self._answer(writer, status, data, "application/json", "")

    def _trouble(self, path: str) -> str:
        if not path.startswith(self.only):
            return ""
        return self.troubles.popleft() if self.troubles else self.always

    async def _answer(self, writer: asyncio.StreamWriter, status: int, body: bytes, kind: str, more: str) -> bool:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        return True

    async def _done(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if len(body) > self.most_bytes:
            return 413, {"code": "TOO_LARGE", "message": "send less at once"}
        path, _, query = path.partition("?")
        if method == "GET":
            return await self._get(path, dict(part.split("=") for part in query.split("&") if part))
        for pattern, model in _POSTS:
            if match := re.fullmatch(pattern, path):
                try:
                    request = model.model_validate_json(body)
                except ValidationError as error:
                    self.wrong.append(f"{path}: {error}")
                    return 422, {"code": "BAD_REQUEST", "message": str(error)[:500]}
                return self._post(request, *match.groups())
        self.wrong.append(f"{method} {path}")
        return 404, {"code": "UNKNOWN", "message": "no such call"}

    async def _get(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path == "/v1/sites":
            sites = [site.model_dump() for site in self.sites.values()]
            return 200, {"sites": sites, "gaming": self.gaming, "next": len(self.changes)}
        if path == "/v1/commands":
            return 200, {"commands": [command for id_, command in self.commands.items() if id_ not in self.done][:100]}
        after = int(query["after"])
        if after > len(self.changes):
            return 409, {"code": "UNKNOWN_POSITION", "message": "ahead"}
        if after == len(self.changes):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), float(query["wait_s"]))
        return 200, {"next": len(self.changes), "changes": self.changes[after:]}

    def _post(self, request: BaseModel, id_: str = "") -> tuple[int, Any]:
        match request:
            case contract.SessionBegin():
                found = self.sites.get((request.platform, request.site))
                if found is None:
                    return 404, {"code": "UNKNOWN_SITE", "message": "no such site"}
                if not found.document.get("enabled", True):
                    return 403, {"code": "SITE_CLOSED", "message": "closed for the night"}
                if (request.platform, request.uid) in self.blocked:
                    return 403, {"code": "PLAYER_BLOCKED", "message": "not you"}
                self.sessions[request.session] = request
                return 200, {"session": request.session, "site": found.document, "version": found.version}
            case contract.SessionEnd():
                self.ended[id_] = request
            case contract.SessionsAlive():
                self.alive.append(request)
            case contract_books.LedgerBatch():
                return self._ledger(request)
            case contract_books.PlayerSnapshots():
                self.players += request.players
            case contract_books.JackpotSnapshots():
                self.jackpots.append(request)
            case contract.CommandDone():
                self.done.setdefault(id_, []).append(request)
        return 200, {"ok": True}

    def _ledger(self, batch: contract_books.LedgerBatch) -> tuple[int, Any]:
        new = [entry for entry in batch.entries if entry.id not in self.entries]
        self.repeated += len(batch.entries) - len(new)
        self.batches.append(len(batch.entries))
        self.entries |= {entry.id: entry for entry in new}
        self.rounds |= {round_.round: round_.record for round_ in batch.rounds}
        return 200, {"taken": len(new), "repeated": len(batch.entries) - len(new)}

    def disorder(self) -> list[str]:
        """Wallets whose entries did not arrive one by one, in order, each with the balance that follows from the one before."""
        last: dict[str, tuple[int, int]] = {}
        found = []
        for entry in self.entries.values():
            seq, balance = last.get(entry.wallet, (0, 0))
            if entry.seq != seq + 1 or entry.balance != balance + entry.amount:
                found.append(f"{entry.wallet}: {entry.seq} after {seq}, {entry.balance} after {balance}")
            last[entry.wallet] = (entry.seq, entry.balance)
        return found
