"""Meters on Redis: each in a slot of its own, `wb:{jp:<platform>:<denom>:<site>:<jackpot>}:…`

  meter  hash    n, by (the last change's unique name), value, overflow, reserve, seeded, contributed, paid (millionths of a
                 unit), hit (secret), drawn_before, terms (JSON), passed:<shard> (a position of its ledger)
  wins   hash    claim -> the win, as JSON; for ever
  owed   set     claims that are granted and not yet settled
  log    stream  what the house answers for: opened, changed, won, paid, mended

and `wb:jackpots`, the set of all meters; the channel of the same name has their news.
"""

import asyncio
from collections.abc import Callable, Iterable
from importlib.resources import files
from typing import Any

import orjson

from webingo.jackpot.meter import Change, Meter, MeterId, Terms, Win
from webingo.jackpot.shelf import News, news_of, settled
from webingo.rng import fresh_id
from webingo.support.redis import Link, Script

_ALL = _CHANNEL = "wb:jackpots"
_AMOUNTS = ("n", "value", "overflow", "reserve", "seeded", "contributed", "paid", "hit", "drawn_before")
_PASSED = "passed:"
_PAGE = 1000


def _script(name: str) -> Script:
    return Script(name, files("webingo.jackpot").joinpath(f"scripts/{name}.lua").read_text(encoding="utf-8"))


_PUT, _SETTLE = _script("put"), _script("settle")


class RedisShelf:
    """See Shelf. `link` is the store's."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def meters(self) -> list[MeterId]:
        return sorted(MeterId.parse(name.decode()) for name in await self._link.execute("SMEMBERS", _ALL))

    async def read(self, meter: MeterId) -> Meter:
        return _meter(await self._link.execute("HGETALL", _key(meter, "meter")))

    async def put(self, meter: MeterId, base: Meter, change: Change) -> Meter | Win | None:
        if not base.n:  # known before it is: a name without a meter is an empty one
            await self._link.execute("SADD", _ALL, str(meter))
        old, new = _fields(base) if base.n else {}, _fields(change.meter)
        fields = [text for name, value in new.items() if old.get(name) != value for text in (name, value)]
        wins = [text for win in change.wins for text in (win.claim, orjson.dumps(win._asdict()))]
        notes = [orjson.dumps(note) for note in change.notes]
        news = [_written(found) for found in news_of(meter, change)]
        counts = (len(fields) // 2, len(change.wins), len(notes))
        keys = [_key(meter, name) for name in ("meter", "wins", "owed", "log")]
        answer = await self._link.call(_PUT, keys, (base.n, fresh_id(), *counts, *fields, *wins, *notes, *news))
        match answer[0]:
            case b"MOVED":
                return _meter(answer[1])
            case b"CLAIMED":
                return _win(answer[1])
        return None

    async def win(self, meter: MeterId, claim: str) -> Win | None:
        found = await self._link.execute("HGET", _key(meter, "wins"), claim)
        return _win(found) if found else None

    async def settle(self, meter: MeterId, claim: str, at_ms: int) -> bool:
        keys = (_key(meter, "owed"), _key(meter, "log"))
        answer = await self._link.call(_SETTLE, keys, (claim, orjson.dumps(settled(claim, at_ms))))
        return bool(answer[1])

    async def owed(self, meter: MeterId) -> list[Win]:
        claims = await self._link.execute("SMEMBERS", _key(meter, "owed"))
        found = await asyncio.gather(*(self.win(meter, claim.decode()) for claim in claims))
        return [win for win in found if win is not None]

    async def wins(self, meter: MeterId) -> list[Win]:
        return [_win(found) for found in await self._link.execute("HVALS", _key(meter, "wins"))]

    async def notes(self, meter: MeterId) -> list[dict[str, Any]]:
        notes, start = list[dict[str, Any]](), "-"
        while True:
            page = await self._link.execute("XRANGE", _key(meter, "log"), start, "+", "COUNT", _PAGE)
            notes += [orjson.loads(fields[1]) for _, fields in page]
            if len(page) < _PAGE:
                return notes
            start = "(" + page[-1][0].decode()

    def listen(self, hear: Callable[[News], None], missed: Callable[[], None]) -> None:
        self._link.listen(_CHANNEL, lambda message: hear(_news(message)), missed)


def _key(meter: MeterId, name: str) -> str:
    return f"wb:{{jp:{meter}}}:{name}"


def _fields(meter: Meter) -> dict[str, str]:
    fields = {name: str(getattr(meter, name)) for name in _AMOUNTS}
    if meter.terms is not None:
        fields["terms"] = orjson.dumps(meter.terms._asdict()).decode()
    return {**fields, **{f"{_PASSED}{shard}": position for shard, position in meter.passed.items()}}


def _meter(pairs: Iterable[bytes]) -> Meter:
    texts = [text.decode() for text in pairs]
    named = dict(zip(texts[::2], texts[1::2], strict=True))
    if not named:
        return Meter()
    return Meter(
        **{name: int(named.get(name, "0")) for name in _AMOUNTS},
        terms=Terms(**orjson.loads(named["terms"])) if "terms" in named else None,
        passed={int(name.removeprefix(_PASSED)): value for name, value in named.items() if name.startswith(_PASSED)},
    )


def _win(text: bytes) -> Win:
    return Win(**orjson.loads(text))


def _written(news: News) -> bytes:
    """ "<meter> <n> <value>", and the win as JSON where there is one."""
    win = orjson.dumps(news.win._asdict()) if news.win else b""
    return b"%s %d %d %s" % (str(news.meter).encode(), news.n, news.value, win)


def _news(message: bytes) -> News:
    meter, n, value, win = message.split(b" ", 3)
    return News(MeterId.parse(meter.decode()), int(n), int(value), _win(win) if win else None)
