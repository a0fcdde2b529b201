"""What a social casino gives its players: a bonus each day, and something for each new level.

Each gift is posted under an id that names what it is for, and so once for ever; what was noted of it in the userdata comes
after. A crash in between is made up for with the next try, which posts nothing more.
"""

from math import inf
from typing import Any

import structlog

from webingo.errors import Code, Refused
from webingo.resources.social import Social
from webingo.session.component import Room
from webingo.session.house import House
from webingo.transaction.transaction import Funds, Posting

log = structlog.get_logger("webingo.social")

_DAILY, _REWARDED = "soc_daily", "soc_rewarded"
_NEVER = -(10**9), 0  # the day of the last bonus, and how many in a row, where there was none


class Rewards:
    """Of one session. All of it but `due` may be called in the session's turn only."""

    def __init__(self, room: Room, house: House) -> None:
        self._room = room
        self._house = house
        self._looked_at: Social | None = None
        self._due_at: float = inf  # the spend with which the next level is to be rewarded

    @property
    def social(self) -> Social:
        return self._room.site.social or _NONE

    # -- levels -------------------------------------------------------------------------------------------------------

    def due(self, spent: int) -> bool:
        """Whether a level was reached that is not rewarded yet."""
        if self._looked_at is not self.social:
            self._look()
        return spent >= self._due_at

    async def level_up(self) -> list[dict[str, Any]]:
        """Rewards every level that was reached; what to tell of each. Raises Refused(UNAVAILABLE), REPLACED."""
        social, room, told = self.social, self._room, list[dict[str, Any]]()
        try:
            for level in range(self._rewarded + 1, social.level(room.spent) + 1):
                reward = await self._reward(level, social.levels[level - 2].reward)
                told.append({"what": "level_up", "level": level, "reward": reward})
        except Refused as refusal:
            if refusal.code is not Code.LIMIT:
                raise
            log.warning("reward_postponed", session=str(room.seat), code=refusal.code)  # until the next login
        if told:
            await room.keep({_REWARDED: told[-1]["level"]})
        postponed = self._rewarded < social.level(room.spent)
        self._look()
        if postponed:
            self._due_at = inf
        return told

    async def _reward(self, level: int, reward: int) -> int:
        """What was posted for the level, this time or before; 0 where another amount had been."""
        if not reward:
            return 0
        try:
            await self._post(f"level:{self._room.site.id}:{level}", "level_up", reward, f"level {level}")
        except Refused as refusal:
            if refusal.code is not Code.BAD_PARAMS:
                raise
            return 0
        return reward

    @property
    def _rewarded(self) -> int:
        """The highest level that was rewarded, or at which the player began."""
        found = self._room.userdata.get(_REWARDED)
        return found if type(found) is int and found > 1 else 1

    def _look(self) -> None:
        self._looked_at = self.social
        step = self.social.next_level(self._rewarded)
        self._due_at = inf if step is None else step.spend

    # -- the day's bonus ----------------------------------------------------------------------------------------------

    def today(self) -> dict[str, Any] | None:
        """The bonus that can be had now, or else the next one; what each day in a row brings, when the next day begins, and
        what time it is. None where there is none."""
        now_ms = self._house.clock.now_ms()
        offered = self._offered(self.social.day(now_ms))
        return None if offered is None else {**offered, "now_ms": now_ms}

    def _offered(self, today: int) -> dict[str, Any] | None:
        social = self.social
        if not social.daily_bonus:
            return None
        day, streak = self._last_day()
        if day > today + 1:  # by a clock that was wrong: another `utc_offset_minutes` makes a day at most
            day, streak = _NEVER
        available = day < today
        row = streak + 1 if day >= today - 1 else 1
        return {
            "day": row,
            "amount": social.bonus(row),
            "available": available,
            "next_ms": social.begins_ms(today + 1),
            "days": social.daily_bonus,
        }

    async def collect(self) -> dict[str, Any]:
        """Posts today's bonus; what to tell of it. Raises Refused: LIMIT where it was had already, FORBIDDEN where there is
        none."""
        social = self.social
        today = social.day(self._house.clock.now_ms())
        offered = self._offered(today)
        if offered is None:
            raise Refused(Code.FORBIDDEN, "There is no daily bonus here.")
        if not offered["available"]:
            raise Refused(Code.LIMIT, "Today's bonus was collected already.")
        row, amount, had_before = offered["day"], offered["amount"], False
        try:
            await self._post(f"daily:{self._room.site.id}:{today}", "daily_bonus", amount, f"day {row}")
        except Refused as refusal:
            if refusal.code is not Code.BAD_PARAMS:
                raise
            had_before = True  # and it was worth something else then
        await self._room.keep({_DAILY: {"day": today, "streak": row}})
        if had_before:
            raise Refused(Code.LIMIT, "Today's bonus was collected already.")
        return {"what": "daily_bonus", "amount": amount, "day": row, "next_ms": social.begins_ms(today + 1)}

    def _last_day(self) -> tuple[int, int]:
        """The day of the last bonus, and how many days in a row it was; a day long ago where there was none."""
        found = self._room.userdata.get(_DAILY)
        if isinstance(found, dict) and type(found.get("day")) is int and type(found.get("streak")) is int:
            return found["day"], found["streak"]
        return _NEVER

    async def _post(self, posting_id: str, kind: str, amount: int, note: str) -> Funds:
        room = self._room
        now_ms = self._house.clock.now_ms()
        funds = await self._house.store.post(Posting(posting_id, room.wallet, kind, amount, note, now_ms, site=room.site.id))
        room.learn(funds)
        return funds


_NONE = Social()
