"""A backoffice's database with a past: real rounds of the shipped games, played by made-up players over two weeks.

The rounds are drawn from a pool that the engines have played, so their money is what the games give; ledger, wallets, totals
and sessions agree with them. A million rounds take less than a minute: rows go in as raw tuples, before the indexes.
"""

import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import pi, sin
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Table, insert, select, text

from webingo.engines.engine import Action
from webingo.office import tables
from webingo.office.database import Database
from webingo.resources.jackpots import feeds, millionths
from webingo.resources.local import LocalResources
from webingo.resources.site import Site
from webingo.rng import SystemRng
from webingo.session.play import Running, Transition, began, transitions
from webingo.transaction.transaction import Seat, WalletId
from webingo.user import User

RES = Path(__file__).parent.parent / "res"
DAY, MINUTE = 86_400_000, 60_000
FIRST = (
    "Ana",
    "Bia",
    "Caio",
    "Duda",
    "Eva",
    "Fabio",
    "Gil",
    "Hugo",
    "Iara",
    "Kim",
    "Lia",
    "Maya",
    "Nico",
    "Otto",
    "Pia",
    "Rui",
    "Sara",
)
LOOSE = ("demo", "bingo-75")
"""A game that pays less than it should, for the dashboard to find."""
NODES = ("game-1", "game-2", "game-3")


class Sample(NamedTuple):
    """A round that an engine has played: its moves, the last of which closes it, and its record."""

    version: str
    moves: list[tuple[str, int]]
    record: list[bytes]
    wagered: int
    won: int


@dataclass
class Past:
    """What was made up. `now` is the time up to which it goes."""

    now: int
    players: list[str] = field(default_factory=list)
    newest: str = ""


@cache
def shipped() -> LocalResources:
    return LocalResources(RES, debug=True)


def peopled(resources: LocalResources) -> list[Site]:
    """The sites whose past is made up: all players are of one platform."""
    return [site for site in resources.sites.values() if site.platform == "demo"]


@cache
def _pools(count: int, seed: int, loose: tuple[str, str]) -> "dict[tuple[str, str], _Pool]":
    offers = [(site, offer) for site in peopled(shipped()) for offer in site.games]
    return {
        (site.id, offer.id): _Pool(shipped(), site, offer.id, count, seed * 1000 + place * count, loose)
        for place, (site, offer) in enumerate(offers)
    }


def deal(dice: random.Random) -> "tuple[Site, str, Sample]":
    """A site, one of its games, and a round of that."""
    pools = _pools(400, 1, LOOSE)
    site, game = dice.choice(list(pools))
    return shipped().sites[site], game, pools[site, game].deal(dice)


class _Pool:
    """Rounds that an engine has played, dealt out so that they return what the game does: a few hundred would be far off."""

    def __init__(self, resources: LocalResources, site: Site, game: str, count: int, seed: int, loose: tuple[str, str]) -> None:
        self._good: list[Sample] = []
        self._poor: list[Sample] = []
        for place in range(20 * count):
            played = sampled(resources, site, game, seed + place)
            (self._good if played.won >= 2 * played.wagered else self._poor).append(played)
            if place >= count and len(self._good) >= 4:
                break
        wanted = resources.games[game].rtp
        good, poor = (
            [sum(one.wagered for one in part), sum(one.won for one in part), len(part)] for part in (self._good, self._poor)
        )
        # share * (won - wanted * wagered) of the good ones + (1 - share) * that of the poor ones = 0
        above, below = ((part[1] - wanted * part[0]) / part[2] for part in (good, poor))
        self._share = 0.8 * -below / (above - below) if (site.id, game) == loose else -below / (above - below)

    def deal(self, dice: random.Random) -> Sample:
        part = self._good if dice.random() < self._share else self._poor
        return part[int(dice.random() * len(part))]


class Dice(SystemRng):
    """The same numbers every time."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    def below(self, n: int) -> int:
        return self._random.randrange(n)

    def sample(self, items: Sequence[Any], k: int) -> list[Any]:
        return self._random.sample(list(items), k)


def fill(
    database: Database,
    now: int,
    rounds: int = 1_000_000,
    players: int = 5_000,
    days: int = 14,
    pool: int = 400,
    records: int = 2_000,
    seed: int = 1,
    grant: int = 10_000_000,
    lively: bool = False,
    loose: tuple[str, str] = LOOSE,
    forgotten: int = 0,
) -> Past:
    """Fills empty tables. The newest `records` rounds have a record to step through and to prove. Wallets begin with `grant`.

    `lively`: rounds come as they do, more in the evening and at the end of the week, instead of one after the other.
    Of `forgotten` rounds one is left open.
    """
    dice = random.Random(seed)
    resources = shipped()
    past = Past(now, [f"{dice.choice(FIRST).lower()}-{place}" for place in range(players)])
    pools = _pools(pool, seed, loose)
    with database.write() as session:
        _sites(session, resources, now)
        session.flush()
        connection = session.connection()
        indexes = [index for table in (ROUNDS, LEDGER, SESSIONS, PLAYERS) for index in table.indexes]
        for index in indexes:
            index.drop(connection)
        book = _Book(past, dice, peopled(resources), pools, rounds, days, records, grant)
        book.forgotten = forgotten
        if lively:
            book.times = _lively(now, rounds, days, random.Random(seed))
        raw = connection.connection.cursor()
        pour(database, raw, ROUNDS, book.rounds())
        pour(database, raw, LEDGER, book.ledger)
        pour(database, raw, RECORDS, book.records)
        pour(database, raw, WALLETS, book.wallets())
        pour(database, raw, PLAYERS, book.people())
        pour(database, raw, SESSIONS, book.sessions())
        for index in indexes:
            index.create(connection)
        for statement in _TOTALS:
            connection.execute(text(statement))
        _happenings(session, past, dice)
        session.flush()
        if not database.sqlite:
            connection.execute(text("SELECT setval(pg_get_serial_sequence('rounds', 'n'), (SELECT max(n) FROM rounds))"))
            connection.execute(text("SELECT setval(pg_get_serial_sequence('ledger', 'id'), (SELECT max(id) FROM ledger))"))
            connection.execute(text("ANALYZE"))  # as it does by itself; SQLite doesn't
        past.newest = session.scalars(select(tables.Round.id).order_by(tables.Round.n.desc()).limit(1)).one()
    return past


ROUNDS: Table = tables.Round.__table__  # type: ignore[assignment]
LEDGER: Table = tables.Entry.__table__  # type: ignore[assignment]
RECORDS: Table = tables.RoundRecord.__table__  # type: ignore[assignment]
WALLETS: Table = tables.Wallet.__table__  # type: ignore[assignment]
PLAYERS: Table = tables.Player.__table__  # type: ignore[assignment]
SESSIONS: Table = tables.PlayerSession.__table__  # type: ignore[assignment]

_SUMS = "count(*), sum(wagered), sum(1.0 * wagered * wagered), sum(won)"
_BY = "platform, site, denom, game"
_FIGURES = "rounds, wagered, wagered_squared, won"
_TOTALS = (
    f"INSERT INTO game_totals ({_BY}, {_FIGURES}) SELECT {_BY}, {_SUMS} FROM rounds WHERE ended_at IS NOT NULL GROUP BY {_BY}",
    f"INSERT INTO game_minutes (minute, {_BY}, {_FIGURES}) "
    f"SELECT ended_at / {MINUTE}, {_BY}, {_SUMS} FROM rounds WHERE ended_at IS NOT NULL GROUP BY ended_at / {MINUTE}, {_BY}",
    f"INSERT INTO game_days (day, {_BY}, {_FIGURES}) "
    f"SELECT ended_at / {DAY}, {_BY}, {_SUMS} FROM rounds WHERE ended_at IS NOT NULL GROUP BY ended_at / {DAY}, {_BY}",
)


def pour(database: Database, raw: Any, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    names = [column.name for column in table.columns]
    if database.sqlite:
        places = ", ".join("?" * len(names))
        raw.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})", rows)
        return
    with raw.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _lively(now: int, rounds: int, days: int, dice: random.Random) -> list[int]:
    """When the rounds begin, in their order: an hour's share of a day follows a wave, and chance does the rest."""
    hours = [now - (place + 1) * DAY // 24 for place in range(days * 24)]
    weights = []
    for begin in hours:
        hour, day = begin // (DAY // 24) % 24, begin // DAY % 7
        weights.append((1 + 0.75 * sin((hour - 12) / 12 * pi)) * (1.5 if day in (1, 2, 3) else 1) * (0.9 + dice.random() * 0.2))
    chosen = dice.choices(hours, weights, k=rounds)
    return sorted(begin + int(dice.random() * DAY / 24) for begin in chosen)


class _Book:
    """The rows, in the order of each table's columns."""

    def __init__(
        self,
        past: Past,
        dice: random.Random,
        sites: list[Site],
        pools: dict[tuple[str, str], _Pool],
        rounds: int,
        days: int,
        records: int,
        grant: int,
    ) -> None:
        self._past, self._dice, self._sites, self._pools = past, dice, sites, pools
        self._count, self._days, self._kept, self._grant = rounds, days, records, grant
        self._feeds = {(site.id, game.id): feeds(site, game.id) for site in sites for game in site.games}
        self._funds = dict[tuple[str, str, str], list[int]]()
        self.times = list[int]()
        self.forgotten = 0
        self.ledger = list[tuple[Any, ...]]()
        self.records = list[tuple[str, bytes]]()

    def rounds(self) -> Iterator[tuple[Any, ...]]:
        dice, past, kept = self._dice, self._past, self._count - self._kept
        begin = past.now - self._days * DAY
        span = (past.now - begin - 4_000) / self._count
        offers = [(site, game) for site in self._sites for game in site.games]
        weights = [len(offers) - place for place in range(len(offers))]
        chosen = dice.choices(offers, weights, k=self._count)
        popular = dice.choices(past.players, [1 / (place + 3) for place in range(len(past.players))], k=self._count)
        for n in range(1, self._count + 1):
            site, game = chosen[n - 1]
            uid, sample = popular[n - 1], self._pools[site.id, game.id].deal(dice)
            at = begin + int(span * n) + int(20 * MINUTE * sin(n * span / DAY * 2 * pi))
            at = min(self.times[n - 1] if self.times else at, past.now - 4_000)
            key = f"{n % 64:02d}-{n:08x}-5eed-4000-8000-{n * 2654435761 % 2**48:012x}"
            open_still = n > self._count - 40 and len(sample.record) > 3 and n % 3 == 0
            open_still = open_still or bool(self.forgotten and n % self.forgotten == 0)
            wagered, won, ended = self._money(n, key, site, game.id, uid, at, sample, open_still)
            yield (
                *(n, key, site.platform, site.id, uid, site.denomination, game.id, sample.version),
                *(at, None if open_still else ended, wagered, won, 0, 0),
            )
            if n > kept:
                self.records.append((key, self._packed(sample, key, uid, at, open_still)))

    def _money(
        self, n: int, key: str, site: Site, game: str, uid: str, at: int, sample: Sample, open_still: bool
    ) -> tuple[int, int, int]:
        moves = [move for move in sample.moves if not (open_still and move[0] in ("win", "end"))]
        funds = self._funds.setdefault((site.platform, uid, site.denomination), [0, 0])
        if not funds[1]:
            self._entry(n, f"grant:{uid}", site, uid, funds, "grant", self._grant, "", "", at - 60_000)
        wagered = won = 0
        for place, (kind, amount) in enumerate(moves):
            signed = -amount if kind == "wager" else amount
            wagered, won = (wagered + amount, won) if kind == "wager" else (wagered, won + amount)
            closes = place == len(moves) - 1 and not open_still
            self._entry(n, f"{key}:{place}", site, uid, funds, kind, signed, key, game, at + place * 900, closes)
        return wagered, won, at + len(moves) * 900

    def _entry(
        self,
        n: int,
        entry: str,
        site: Site,
        uid: str,
        funds: list[int],
        kind: str,
        amount: int,
        key: str,
        game: str,
        at: int,
        closes: bool = False,
    ) -> None:
        funds[0] += amount
        funds[1] += 1
        feeding = self._feeds[site.id, game] if kind == "wager" else None
        fed = feeding.of(-amount) if feeding else ""
        self.ledger.append(
            (
                *(len(self.ledger) + 1, f"{entry}:{site.denomination}", n % 64, f"{at}-{n}", site.platform, site.denomination),
                *(uid, funds[1], kind, amount, funds[0], key, game, site.id, at, "", fed, closes, 0),
            )
        )

    def _packed(self, sample: Sample, key: str, uid: str, at: int, open_still: bool) -> bytes:
        header = orjson.loads(sample.record[0]) | {"round": key, "uid": uid, "at": at}
        record = [header, *(orjson.loads(part) for part in sample.record[1:])]
        moved = 0
        for step in record[1::2]:
            step["at"] = at + moved * 900
            moved += len(step["moves"])
        if open_still:
            record = record[:-2]
        return zlib.compress(orjson.dumps(record))

    def wallets(self) -> Iterator[tuple[Any, ...]]:
        for (platform, uid, denom), (balance, seq) in self._funds.items():
            yield platform, uid, denom, balance, seq

    def people(self) -> Iterator[tuple[Any, ...]]:
        now = self._past.now
        for uid in {uid: None for _, uid, _ in self._funds}:
            name = uid.split("-")[0].title()
            yield "demo", uid, name, now - self._days * DAY, now - self._dice.randrange(DAY), False, None

    def sessions(self) -> Iterator[tuple[Any, ...]]:
        now, dice = self._past.now, self._dice
        for place, uid in enumerate(self._past.players * 4):
            live = place < 137
            site = self._sites[place % len(self._sites)]
            began = now - dice.randrange(50 * MINUTE) if live else now - DAY // 24 - dice.randrange(self._days * DAY)
            ended = None if live else min(began + dice.randrange(90 * MINUTE), now)
            alive = now - dice.randrange(30_000) if live else ended
            node = NODES[place % 3]
            if live and node == NODES[2]:
                alive = now - 100_000
            figures = (dice.randrange(300), dice.randrange(9_000), dice.randrange(9_000))
            reason = "" if live else "left"
            yield (f"s-{place:08d}", node, site.platform, site.id, uid, began, ended, alive, *figures, reason)


def sampled(resources: LocalResources, site: Site, game_id: str, seed: int) -> Sample:
    """One round from its first wager to its end, played as a player might."""
    game, dice = resources.offered(site, game_id), Dice(seed)
    chance = random.Random(seed)
    seat = Seat(User(site.platform, "nobody"), site.id)
    wallet = WalletId(seat.user, site.denomination)
    running, done = began(game, dice), list[Transition]()
    for _ in range(500):
        action = _choice(running, chance)
        if action is None:
            break
        steps = transitions(running, [action], dice, seat, wallet, 0)
        done += steps
        running = steps[-1].running
        if not running.round:
            break
    record = [done[0].part.header]
    for step in done:
        record += [step.part.record, step.part.state]
    moves = [(move.kind, move.amount) for step in done for move in step.part.moves]
    if not done[-1].part.moves:
        moves.append(("end", 0))  # as the store closes a round whose last part moved nothing
    wagered = sum(amount for kind, amount in moves if kind == "wager")
    won = sum(amount for kind, amount in moves if kind == "win")
    return Sample(game.manifest.version, moves, record, wagered, won)


def _choice(running: Running, chance: random.Random) -> Action | None:
    """What a player does next; None when the round is over."""
    state, data = running.state, running.state.data
    bets = data["bets"][:4]
    if state.name == "idle":
        if "cards" in data:
            return Action("bet", {"amount": chance.choice(bets) * len(data["open"])})
        lines = {"lines": data["line_choices"][-1]} if data["line_choices"] else {}
        return Action("spin", {"bet": chance.choice(bets), **lines})
    if "extra" in state.actions and chance.random() < 0.35:
        return Action("extra", {})
    if "end" in state.actions:
        return Action("end", {})
    if "play" in state.actions:
        return Action("play", {})
    if "gamble" in state.actions and chance.random() < 0.2:
        return Action("gamble", {"type": data["gamble"]["types"][0]} if data["gamble"]["types"] else {})
    if "collect" in state.actions:
        return Action("collect", {})
    return None


def _sites(session: Any, resources: LocalResources, now: int) -> None:
    for site in resources.sites.values():
        document = orjson.loads((RES / "local_sites" / f"{site.id}.json").read_bytes())
        row = {"platform": site.platform, "site": site.id, "document": document}
        session.execute(insert(tables.Site).values(**row, version=3, updated_at=now - DAY))
        for version in (1, 2, 3):
            older = document | {"title": document.get("title", "") + " (before)"} if version < 3 else document
            values = row | {"document": older, "version": version, "by": "eva", "at": now - (4 - version) * DAY}
            session.execute(insert(tables.SiteVersion).values(**values))


def _happenings(session: Any, past: Past, dice: random.Random) -> None:
    """What the dashboard has to point at: a command that failed, adjustments that wait, jackpots and their wins."""
    now = past.now
    failed = {"platform": "demo", "uid": past.players[3], "denom": "credit", "amount": -50_000, "reason": "test"}
    session.add(
        tables.Command(
            id="c-1", n=1, command="adjust", payload=failed, by="eva", state="failed", code="INSUFFICIENT_FUNDS",
            message="There are not enough credits for this.", at=now - 3_000_000, done_at=now - 2_990_000,
        )
    )  # fmt: skip
    for place in (1, 2):
        session.add(
            tables.Adjustment(
                platform="demo", uid=past.players[place], denom="credit", amount=250_000, reason="Lost after a fault of ours",
                asked_by="bia", asked_at=now - place * 600_000, state="waiting",
            )
        )  # fmt: skip
    for site in peopled(shipped()):
        for jackpot in site.jackpots:
            _meter(session, past, dice, site, jackpot)


def _meter(session: Any, past: Past, dice: random.Random, site: Site, jackpot: Any) -> None:
    """A jackpot that has been won five times, and adds up."""
    feeding = [game.id for game in site.games if jackpot.fed_by(game.id)]
    by_site = select(tables.Round).where(tables.Round.site == site.id, tables.Round.game.in_(feeding))
    rounds = session.scalars(by_site.order_by(tables.Round.n.desc()).limit(60)).all()[len(jackpot.id) :: 9][:5]
    paid = 0
    for round_ in rounds:
        amount = jackpot.min // jackpot.storage_multiplier * dice.randrange(110, 300) // 100
        paid += amount * jackpot.storage_multiplier
        round_.jackpot += amount
        session.add(
            tables.JackpotWin(
                claim=f"{round_.id}:{jackpot.id}", platform=site.platform, site=site.id, jackpot=jackpot.id, uid=round_.uid,
                denom=site.denomination, amount=amount, round=round_.id, game=round_.game, at=round_.began_at + 2_000,
            )
        )  # fmt: skip
    value = jackpot.min + (jackpot.max - jackpot.min) * dice.randrange(5, 70) // 100 + 123
    share = millionths(jackpot.reserve) / max(1, millionths(jackpot.contribution) + millionths(jackpot.reserve))
    reserve, seeded = int((value + paid) * share * 0.3), jackpot.min * 2
    contributed = value + reserve + paid - seeded
    snapshot = {
        "platform": site.platform, "site": site.id, "id": jackpot.id, "title": jackpot.title, "denom": site.denomination,
        "multiplier": jackpot.storage_multiplier, "min": jackpot.min, "max": jackpot.max, "value": value, "overflow": 0,
        "reserve": reserve, "carry": 0, "seeded": seeded, "contributed": contributed, "paid": paid, "at": past.now,
    }  # fmt: skip
    session.add(tables.Jackpot(platform=site.platform, site=site.id, id=jackpot.id, snapshot=snapshot, at=past.now))
