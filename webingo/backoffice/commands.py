"""Carries out what the staff of the backoffice orders: blocks, and adjustments of wallets. In order, each once in effect.

Of all processes one has the lease and does it. What it did just before it died is done again by the next one: an adjustment is
posted under the command's id, and a block is refused from one whose lease is over.
"""

import asyncio
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import orjson
import structlog
from pydantic import Field, TypeAdapter, ValidationError

from webingo.backoffice.client import Client, Rejected, Unreachable
from webingo.backoffice.contract import AdjustCommand, Answer, Command, CommandDone, Done
from webingo.errors import Code, Refused
from webingo.support import metrics
from webingo.support.clock import Clock
from webingo.transaction.store import Store
from webingo.transaction.transaction import Funds, Posting, WalletId
from webingo.user import User
from webingo.wallet.denomination import DENOMINATIONS, operator_of

log = structlog.get_logger("webingo.backoffice")

LEASE = "commands"
_TTL_MS = 10_000
_EVERY_S = 3.0
_ONE: TypeAdapter[Command] = TypeAdapter(Command)


class _Page(Answer):
    """`Commands`, each still to be looked at: what we don't understand must not hold up the others."""

    commands: list[dict[str, Any]] = Field([], max_length=100)


class Executor:
    """One process's part in it. `member` names the process, uniquely."""

    def __init__(self, client: Client, store: Store, member: str, clock: Clock) -> None:
        self._client = client
        self._store = store
        self._member = member
        self._clock = clock
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._waits = False
        self.holds = False
        """Whether this process has the lease."""

    def wake(self) -> None:
        """There is something to do."""
        self._woken.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """The command in hand is given up, and comes again to whoever goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        try:
            await self._store.lease(LEASE, self._member, 0)
        except Refused as refusal:
            log.info("lease_runs_out", code=refusal.code)

    async def _run(self) -> None:
        while True:
            try:
                self._woken.clear()
                while await self._work():
                    pass
                self._waits = False
            except (Unreachable, Rejected) as error:
                self._note_waiting(str(error))
            except Refused as refusal:
                self.holds = False
                self._note_waiting(refusal.code)
            except Exception:
                metrics.unexpected_error()
                log.exception("commands_failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _EVERY_S)

    def _note_waiting(self, reason: str) -> None:
        """Once for each trouble: it may last for hours."""
        if not self._waits:
            log.warning("commands_wait", reason=reason)
        self._waits = True

    async def _renewed(self) -> int:
        fence = await self._store.lease(LEASE, self._member, _TTL_MS)
        self.holds = fence > 0
        return fence

    async def _work(self) -> bool:
        """Does what there is to do; whether there may be more. Another process's work is left alone."""
        if not await self._renewed():
            return False
        found = await self._client.get("settings", "commands", "v1/commands", _Page)
        again = bool(found.commands)
        for written in found.commands:
            fence = await self._renewed()
            if not fence:
                return False
            done = await self._carried_out(written, fence)
            again &= await self._reported(str(written.get("id")), done)
            log.warning("command_done", id=written.get("id"), command=written.get("command"), ok=done.ok, code=done.code)
        return again

    async def _reported(self, command_id: str, done: CommandDone) -> bool:
        path = f"v1/commands/{quote(command_id, safe='')}/done"
        try:
            await self._client.post("settings", "command_done", path, orjson.dumps(done.model_dump()), Done, tries=3)
        except Rejected as rejected:
            log.error("told_and_rejected", call="command_done", id=command_id, code=rejected.code, reason=rejected.message)
            return False
        return True

    async def _carried_out(self, written: dict[str, Any], fence: int) -> CommandDone:
        """Raises Refused where it is to be tried again: UNAVAILABLE, and REPLACED where the lease is over."""
        funds, code, message = Funds(0, 0), "", ""
        try:
            command = _ONE.validate_python(written)
            if isinstance(command, AdjustCommand):
                funds = await self._adjust(command)
            else:
                await self._store.block(User(command.platform, command.uid), command.command == "block", fence)
        except ValidationError as error:
            code, message = Code.BAD_PARAMS, f"The server does not understand {error.error_count()} of its fields."
        except Refused as refusal:
            if refusal.code in (Code.UNAVAILABLE, Code.REPLACED):
                raise
            code, message = refusal.code, refusal.message
            funds = Funds(refusal.facts.get("balance", 0), refusal.facts.get("seq", 0))
        at = self._clock.now_ms()
        return CommandDone(ok=not code, code=code, message=message, balance=funds.balance, seq=funds.seq, at=at)

    async def _adjust(self, command: AdjustCommand) -> Funds:
        if operator := operator_of(command.denom):
            raise Refused(Code.BAD_PARAMS, f"The operator {operator} keeps this money: it is adjusted there.")
        if command.denom not in DENOMINATIONS:
            raise Refused(Code.BAD_PARAMS, f"There is no denomination {command.denom}.")
        wallet = WalletId(User(command.platform, command.uid), command.denom)
        at = self._clock.now_ms()
        return await self._store.post(Posting(f"adjust:{command.id}", wallet, "adjustment", command.amount, command.reason, at))
