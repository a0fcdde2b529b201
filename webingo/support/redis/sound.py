"""Makes sure that a restarted Redis writes on a sound append-only file.

A script's writes stand between MULTI and EXEC in the file. When the server is killed amid writing them, the next start
cuts off the broken command, but leaves the MULTI and the commands before it standing (Redis up to at least 7.0; mended in
Valkey by pull request 4342 of 2026). Whatever is written after that belongs to the open MULTI: at the second start half a
transaction comes back to life. A rewrite of the file removes what was left, so it has to come before our first write.
"""

import asyncio
import logging

from webingo.support.redis.connection import Connection
from webingo.support.redis.link import ResponseError

log = logging.getLogger("webingo.redis")

_NOT_OURS = ("NOPERM", "ERR unknown command", "ERR Unknown command")
_STEP_S, _LONGEST_S = 0.01, 600.0


async def made_sound(connection: Connection, timeout_s: float) -> Connection:
    """Returns the connection once the server has rewritten its append-only file since it was started; every other program
    that writes through this package has waited for the same. OSError or TimeoutError where trying again may help:
    `timeout_s` is for each answer of the server, the rewrite itself takes the time that it takes."""
    asked = False
    async with asyncio.timeout(_LONGEST_S):
        while True:
            async with asyncio.timeout(timeout_s):
                state = await _persistence(connection)
            if state.get("aof_enabled") != "1":
                return connection
            busy = state.get("aof_rewrite_in_progress") == "1" or state.get("aof_rewrite_scheduled") == "1"
            if not busy and state.get("aof_last_rewrite_time_sec", "-1") != "-1":
                return connection
            if not busy:
                if asked and state.get("aof_last_bgrewrite_status") != "ok":
                    raise ConnectionError("Redis can't rewrite its append-only file: see its log")
                asked = True
                async with asyncio.timeout(timeout_s):
                    if not await _rewriting(connection):
                        return connection
            await asyncio.sleep(_STEP_S)


async def _persistence(connection: Connection) -> dict[str, str]:
    try:
        found = await connection.ask("INFO", "persistence")
    except ResponseError:
        return {}
    text = found if isinstance(found, bytes) else b""
    return dict(line.split(":", 1) for line in text.decode().splitlines() if ":" in line)


async def _rewriting(connection: Connection) -> bool:
    try:
        await connection.ask("BGREWRITEAOF")
    except ResponseError as error:
        if "in progress" in str(error):
            return True
        if not str(error).startswith(_NOT_OURS):  # a full disk, say: nothing may be written on a file that is not sound
            raise ConnectionError(f"Redis can't rewrite its append-only file: {error}") from None
        log.warning(
            "Redis does not let its append-only file be rewritten (%s): after a crash amid a write, "
            "run BGREWRITEAOF before anything is written",
            error,
        )
        return False
    return True
