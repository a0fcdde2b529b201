#!/usr/bin/env python3
"""A slot that lives outside of webingo and plays through its RGS door: an example for studios, in one file, of Python alone.

    python examples/slot_over_rgs.py --server http://localhost:8080 --key wbk_…

and then in a browser http://localhost:8075/?session=<the sessionId of a player's POST /session>. Without --key the key is taken
from the variable RGS_KEY, where nobody sees it who looks at the running programs.

What is here is what every game of this kind needs, from the top: the game's mathematics (its return is counted, not stated),
the calls to the RGS, the journal, a round's way through the calls, the game's own little web server, and its page.

A round goes like this. Each step is in the journal before the next one begins, so that a crash at any point loses nothing:

    begun       the wager is asked for                      /rgs/escrow
    escrowed    the house holds it; numbers are drawn       /rng/distribution
    drawn       the outcome stands, and nobody has seen it  /rgs/result
    closed      the house knows it: the player sees it

What is answered "no" is over (refused). Where no answer comes, nobody knows whether the call was carried out: it is sent again
under the same id, which does it once, however often it is sent. A wager of which we never heard is taken back (cancelling,
/rgs/cancel, returned); an outcome that stands is reported until the house has taken it. After a crash the journal says what is
to be done, and `Mender` does it.
"""

import argparse
import hashlib
import json
import logging
import os
import re
import signal
import sqlite3
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

log = logging.getLogger("slot")

# -- the game ----------------------------------------------------------------------------------------------------------------

GAME, TITLE = "firefly-garden", "Firefly Garden"
STRIPS = ("SFCLCSCWFCMFLCSLCFCMSFSCSCFSCSLM", "MFLFMSCSWSFCSCWCLFCLFLCMCSCSCSFS", "FSCMSCFMFCFCSCLSFSLFCLSCLSWCSCMC")
"""A letter for each place of each reel; all are as long. A stop shows its place in the middle row, and one above and below."""
STOPS = len(STRIPS[0])
WILD = "W"
NAMES = {"W": "Firefly", "M": "Moon", "L": "Lantern", "F": "Lily", "S": "Toadstool", "C": "Clover"}
PAYS = {"W": 500, "M": 100, "L": 40, "F": 10, "S": 6, "C": 4}
"""Three of them on a line, in bets per line. The wild stands for every other one."""
PAIR = ("C", 1)
"""Two clovers from the left, or one and a wild."""
LINES = ((1, 1, 1), (0, 0, 0), (2, 2, 2), (0, 1, 2), (2, 1, 0))
"""The rows, from the top, through which each line goes."""
BETS = (10, 20, 50, 100, 200, 500)
"""For all lines together, in the smallest unit of the player's money."""
assert all(len(strip) == STOPS for strip in STRIPS) and all(bet % len(LINES) == 0 for bet in BETS)


class Win(NamedTuple):
    """`times` is what it pays, in bets per line; so many of `symbol` are `alike`, from the left."""

    line: int
    symbol: str
    alike: int
    times: int


def window(stops: Sequence[int]) -> list[str]:
    """What is seen of each reel, from the top."""
    return ["".join(strip[(stop + row) % STOPS] for row in (-1, 0, 1)) for strip, stop in zip(STRIPS, stops, strict=True)]


@cache
def pays(first: str, second: str, third: str) -> tuple[str, int, int]:
    """(symbol, alike, times) of three symbols on a line; times 0 where they pay nothing."""
    named = {symbol for symbol in (first, second, third) if symbol != WILD}
    if len(named) <= 1:
        symbol = named.pop() if named else WILD
        return symbol, 3, PAYS[symbol]
    if {first, second} in ({PAIR[0]}, {PAIR[0], WILD}):
        return PAIR[0], 2, PAIR[1]
    return first, 0, 0


def wins(seen: Sequence[str]) -> list[Win]:
    found = ((line, pays(*(reel[row] for reel, row in zip(seen, rows, strict=True)))) for line, rows in enumerate(LINES))
    return [Win(line, *paid) for line, paid in found if paid[2]]


class Odds(NamedTuple):
    """Of all the game's outcomes, each as probable as the others: counted, so exact. `rtp` of the bet, `hits` of the rounds;
    `most` is the largest win and `deviation` the standard deviation of one round, in bets."""

    rtp: Fraction
    hits: Fraction
    most: Fraction
    deviation: float


@cache
def odds() -> Odds:
    paid = [sum(win.times for win in wins(window(stops))) for stops in product(range(STOPS), repeat=len(STRIPS))]
    lines, count = len(LINES), len(paid)
    rtp = Fraction(sum(paid), count * lines)
    variance = Fraction(sum(times * times for times in paid), count * lines**2) - rtp**2
    return Odds(rtp, Fraction(sum(map(bool, paid)), count), Fraction(max(paid), lines), float(variance) ** 0.5)


# -- the calls ---------------------------------------------------------------------------------------------------------------


class Refused(Exception):  # noqa: N818
    """The RGS says no: it has done nothing."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


class NotSo(Refused):
    """We say no, before the RGS was asked anything."""


class Unanswered(Exception):  # noqa: N818
    """Nobody knows whether it was done; or it was not, and may be done in a moment."""


class Rgs:
    """The RGS door, with our key. Threads may share it: each call has a connection of its own."""

    def __init__(self, server: str, key: str, timeout_s: float = 10.0) -> None:
        address = urlsplit(server)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise SystemExit(f"--server: {server!r} is no address like https://games.example")
        self._kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        self._host, self._port, self._base = address.hostname, address.port, address.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._timeout_s = timeout_s

    def call(self, path: str, **fields: Any) -> dict[str, Any]:
        """Raises Refused and Unanswered."""
        connection = self._kind(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request("POST", self._base + path, json.dumps(fields), self._headers)
            answer = connection.getresponse()
            status, found = answer.status, json.loads(answer.read(1 << 20))
        except (OSError, HTTPException, ValueError) as error:
            raise Unanswered(f"{path}: {type(error).__name__}: {error}") from None
        finally:
            connection.close()
        if status == 200 and isinstance(found, dict):
            return found
        told = found.get("error") if isinstance(found, dict) else None
        told = told if isinstance(told, dict) else {}
        code, message = str(told.get("code", "")), str(told.get("message", ""))
        if status in (408, 429) or not 400 <= status < 500 or not code:  # without a code it is not the RGS that says no
            raise Unanswered(f"{path}: {status} {code}")
        raise Refused(status, code, message)

    def player(self, session: str) -> dict[str, Any]:
        return self.call("/rgs/player", session=session)

    def escrow(self, round_: "Round", session: str) -> dict[str, Any]:
        return self.call(
            "/rgs/escrow", session=session, round=round_.name, amount=round_.bet, id=f"{round_.name}:escrow", game=GAME
        )

    def draw(self, round_: "Round") -> tuple[str, list[int]]:
        """The id of the draws, and a stop for each reel."""
        drawn = self.call("/rng/distribution", n=0, m=STOPS, count=len(STRIPS), round=round_.name)
        return str(drawn["id"]), [int(stop) for stop in drawn["values"]]

    def result(self, round_: "Round") -> dict[str, Any]:
        draws = [round_.draws]
        return self.call("/rgs/result", round=round_.name, win=round_.win, id=f"{round_.name}:result", draws=draws)

    def cancel(self, round_: "Round") -> dict[str, Any]:
        return self.call("/rgs/cancel", round=round_.name, id=f"{round_.name}:cancel")


# -- the journal -------------------------------------------------------------------------------------------------------------

OPEN = ("begun", "escrowed", "drawn", "cancelling")
OVER = ("closed", "refused", "returned", "stuck")


@dataclass(frozen=True)
class Round:
    """A line of the journal. `player` stands for the session (which is secret, and not kept), `spin` for the click that asked
    for it. `message` says why it was not played."""

    name: str
    player: str
    spin: str
    bet: int
    state: str = "begun"
    draws: str = ""
    stops: str = ""
    win: int = 0
    balance: int | None = None
    message: str = ""
    at: float = 0.0

    @property
    def over(self) -> bool:
        return self.state in OVER


_COLUMNS = ", ".join(Round.__dataclass_fields__)
_SCHEMA = f"""
PRAGMA locking_mode = EXCLUSIVE;  -- two programs would take each other's rounds for left behind
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;  -- what is written here outlives the machine
CREATE TABLE IF NOT EXISTS rounds (
    name TEXT PRIMARY KEY, player TEXT NOT NULL, spin TEXT NOT NULL, bet INTEGER NOT NULL, state TEXT NOT NULL,
    draws TEXT NOT NULL, stops TEXT NOT NULL, win INTEGER NOT NULL, balance INTEGER, message TEXT NOT NULL, at REAL NOT NULL,
    UNIQUE (player, spin)
);
-- A player's next round begins when the last one is over, whoever asks for it, and however often.
CREATE UNIQUE INDEX IF NOT EXISTS one_at_a_time ON rounds (player) WHERE state IN {OPEN};
CREATE INDEX IF NOT EXISTS played ON rounds (player, at);
"""


class Journal:
    """What became of every round, on disk before anything follows from it. One process writes to it; its threads take turns."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, timeout=1, check_same_thread=False, isolation_level=None)
        self._turn = threading.Condition(threading.RLock())
        try:
            self._database.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            raise SystemExit(f"{file}: {error}. Is the game running already?") from None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Whoever waits for a round looks again afterwards."""
        with self._turn, self._database:
            yield self._database
            self._turn.notify_all()

    def begin(self, round_: Round) -> Round | None:
        """Writes it down; answers the round that was begun with the same click, if there is one. Raises Refused where another
        one of the player's is not over."""
        with self._writing() as database:
            if known := self.of_click(round_.player, round_.spin):
                return known
            values = list(vars(round_).values())
            try:
                database.execute(f"INSERT INTO rounds ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)
            except sqlite3.IntegrityError:
                raise NotSo(409, "BUSY", "Your last round is not over yet. Wait a moment.") from None
            return None

    def write(self, name: str, state: str, **changes: Any) -> Round:
        columns = {"state": state, **changes}
        with self._writing() as database:
            assigned = ", ".join(f"{column} = ?" for column in columns)
            database.execute(f"UPDATE rounds SET {assigned} WHERE name = ?", (*columns.values(), name))
            return self.round(name)

    def take_back(self, name: str) -> Round:
        """An outcome that stands is not taken back, nor a round that is over."""
        with self._writing() as database:
            where = "name = ? AND state IN ('begun', 'escrowed')"
            database.execute(f"UPDATE rounds SET state = 'cancelling' WHERE {where}", (name,))
            return self.round(name)

    def round(self, name: str) -> Round:
        return self._read("WHERE name = ?", name)[0]

    def of_click(self, player: str, spin: str) -> Round | None:
        return next(iter(self._read("WHERE player = ? AND spin = ?", player, spin)), None)

    def unfinished(self) -> list[Round]:
        return self._read(f"WHERE state IN {OPEN} ORDER BY at")

    def last(self, player: str, count: int) -> list[Round]:
        """The newest first."""
        return self._read("WHERE player = ? ORDER BY at DESC LIMIT ?", player, count)

    def wait_for(self, name: str, timeout_s: float) -> Round:
        """The round when it is over, or as it is when the time is."""
        with self._turn:
            self._turn.wait_for(lambda: self.round(name).over, timeout_s)
            return self.round(name)

    def _read(self, where: str, *values: Any) -> list[Round]:
        with self._turn:
            return [Round(*row) for row in self._database.execute(f"SELECT {_COLUMNS} FROM rounds {where}", values)]


# -- a round's way through the calls -------------------------------------------------------------------------------------------


_TOLD = {
    "INSUFFICIENT_FUNDS": "Your balance does not reach for this bet.",
    "AUTH_FAILED": "Your session has ended. Open the game again from its lobby.",
    "PLAYER_BLOCKED": "This account is closed for play.",
    "LIMIT": "A limit of yours is reached: the house took no bet.",
}
"""What players are told of a wager that was refused. The house's own words are for those who write games."""


class Rounds:
    """Plays rounds, and ends those that nobody plays any more. `pauses_s` are those between the tries of one call."""

    def __init__(self, rgs: Rgs, journal: Journal, pauses_s: Sequence[float] = (0.3, 1.0), patience_s: float = 25.0) -> None:
        self._rgs = rgs
        self.journal = journal
        self._pauses_s = pauses_s
        self._patience_s = patience_s
        self._played = set[str]()  # by a thread of this process, right now
        self.mender = Mender(self)

    def spin(self, session: str, spin: str, bet: int) -> Round:
        """Plays a round for a click. The same click again is answered with the same round. Raises Refused."""
        if bet not in BETS:
            raise NotSo(400, "BAD_BET", "There is no such bet.")
        name = f"{GAME}:{uuid.uuid4()}"
        begun = Round(name, player_of(session), spin, bet, at=time.time())
        self._played.add(name)
        try:
            known = self.journal.begin(begun)
            if known is None:
                self._play(begun, session)
        finally:
            self._played.discard(name)
        self.mender.wake()
        return self.journal.wait_for(known.name if known else name, self._patience_s)

    def _play(self, round_: Round, session: str) -> None:
        try:
            self._escrow(round_, session)
            escrowed = self.journal.write(round_.name, "escrowed")
            draws, stops = self._tried(lambda: self._rgs.draw(escrowed))
            times = sum(win.times for win in wins(window(stops)))
            drawn = self.journal.write(
                round_.name, "drawn", draws=draws, stops=json.dumps(stops), win=times * round_.bet // len(LINES)
            )
            self._tried(lambda: self.end(drawn))
        except Refused as refusal:
            self._not_played(round_, refusal)
        except Unanswered as unanswered:
            log.warning("%s: %s", round_.name, unanswered)
            self.journal.take_back(round_.name)  # `Mender` goes on with it

    def _not_played(self, round_: Round, refusal: Refused) -> None:
        log.info("%s: %s", round_.name, refusal)
        if self.journal.round(round_.name).state == "begun":
            told = _TOLD.get(refusal.code, "The house did not take the bet.")
            self.journal.write(round_.name, "refused", message=told)
        else:  # the money is with the house, and no numbers are to be had
            self.journal.take_back(round_.name)

    def _escrow(self, round_: Round, session: str) -> None:
        """A refusal of the first try says that nothing was booked. One of a later try says nothing about the first one."""
        try:
            self._rgs.escrow(round_, session)
            return
        except Unanswered as unanswered:
            log.warning("%s: %s", round_.name, unanswered)
        try:
            self._tried(lambda: self._rgs.escrow(round_, session))
        except Refused as refusal:
            raise Unanswered(str(refusal)) from None

    def _tried(self, call: Any) -> Any:
        """Once, and again after each pause, as long as there is no answer."""
        for pause_s in self._pauses_s:
            try:
                return call()
            except Unanswered as unanswered:
                log.warning("%s", unanswered)
                time.sleep(pause_s)
        return call()

    def end(self, round_: Round) -> None:
        """Reports the outcome, or takes the wager back, whatever the journal says. Raises Unanswered: later again."""
        drawn = round_.state == "drawn"
        try:
            answer = self._rgs.result(round_) if drawn else self._rgs.cancel(round_)
        except Refused as refusal:
            self._ended_otherwise(round_, refusal)
            return
        self.journal.write(round_.name, "closed" if drawn else "returned", balance=answer["balance"], message="")

    def _ended_otherwise(self, round_: Round, refusal: Refused) -> None:
        if refusal.status in (401, 403):  # our key is wrong or was revoked: somebody will see to it
            log.error("%s: %s", round_.name, refusal)
            raise Unanswered(str(refusal))
        if round_.state == "cancelling" and refusal.code == "NO_ROUND":
            self.journal.write(round_.name, "returned")  # the wager never arrived, and is not taken any more
        elif round_.state == "drawn" and refusal.code == "ROUND_OVER":
            log.warning("%s: the house has cancelled it before it heard of the outcome", round_.name)
            self.journal.write(round_.name, "returned", win=0)
        else:
            log.critical("%s: %s: somebody has to look at it", round_.name, refusal)
            self.journal.write(round_.name, "stuck")

    def left_behind(self) -> list[Round]:
        """Those that nobody plays. Whoever plays one is in `_played` from before it is written down until after its last step;
        so what this reads of one that is not may be old, but never in between."""
        found = [round_.name for round_ in self.journal.unfinished() if round_.name not in self._played]
        return [round_ for name in found if not (round_ := self.journal.take_back(name)).over]


class Mender:
    """Ends what was left behind by a crash, or by an RGS that did not answer: at once, then with longer and longer pauses."""

    LONGEST_S = 30.0

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self._woken = threading.Event()
        self._tries: dict[str, tuple[int, float]] = {}  # how often, and not before

    def start(self) -> None:
        threading.Thread(target=self._run, name="mender", daemon=True).start()

    def wake(self) -> None:
        self._woken.set()

    def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                rest_s = self.mend()
            except Exception:
                log.exception("mending failed")
                rest_s = self.LONGEST_S
            self._woken.wait(rest_s)

    def mend(self) -> float:
        """Tries all that is due. Answers how long there is nothing to do."""
        left = self._rounds.left_behind()
        self._tries = {round_.name: self._tries.get(round_.name, (0, 0.0)) for round_ in left}
        for round_ in left:
            tries, due = self._tries[round_.name]
            if due > time.monotonic():
                continue
            try:
                self._rounds.end(round_)
                del self._tries[round_.name]
            except Unanswered as unanswered:
                log.warning("%s waits: %s", round_.name, unanswered)
                pause_s = min(self.LONGEST_S, 0.5 * 2**tries)
                self._tries[round_.name] = (min(tries + 1, 10), time.monotonic() + pause_s)
        dues = [due for _, due in self._tries.values()]
        return max(0.05, min([self.LONGEST_S, *(due - time.monotonic() for due in dues)]))


def player_of(session: str) -> str:
    """What stands for a session in the journal: who reads that can't play with it."""
    return hashlib.sha256(session.encode()).hexdigest()[:32]


# -- the game's own server ---------------------------------------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_MOST_BODY = 4096
_LAST = 8


class Game(ThreadingHTTPServer):
    """Serves the page, and plays for it. Nothing that a page sends decides anything but when to spin, and for how much."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], rgs: Rgs, rounds: Rounds) -> None:
        super().__init__(address, Door)
        self.rgs = rgs
        self.rounds = rounds

    def player(self, session: str) -> dict[str, Any]:
        """Who plays, and all that the page has to know of the game."""
        told = self.rgs.player(session)
        counted = odds()
        game = {
            "title": TITLE,
            "strips": STRIPS,
            "symbols": [{"id": symbol, "name": NAMES[symbol], "pays": PAYS[symbol]} for symbol in PAYS],
            "pair": {"id": PAIR[0], "pays": PAIR[1]},
            "lines": LINES,
            "bets": BETS,
            "rtp": f"{float(counted.rtp):.2%}",
            "hits": f"{float(counted.hits):.1%}",
            "most": float(counted.most),
        }
        return {**told, "game": game, "rounds": self.last(session)}

    def last(self, session: str) -> list[dict[str, Any]]:
        return [shown(round_) for round_ in self.rounds.journal.last(player_of(session), _LAST)]

    def spin(self, session: str, spin: str, bet: int) -> dict[str, Any]:
        return shown(self.rounds.spin(session, spin, bet))


def shown(round_: Round) -> dict[str, Any]:
    """A round as its player may see it: the outcome only when the house has taken it."""
    told = {"round": round_.name, "spin": round_.spin, "bet": round_.bet, "state": round_.state, "message": round_.message}
    if round_.state != "closed":
        return {**told, "balance": round_.balance}
    stops = json.loads(round_.stops)
    line_bet = round_.bet // len(LINES)
    paid = [{**win._asdict(), "win": win.times * line_bet} for win in wins(window(stops))]
    return {**told, "stops": stops, "window": window(stops), "wins": paid, "win": round_.win, "balance": round_.balance,
            "draws": round_.draws}  # fmt: skip


def _told(refusal: Refused) -> tuple[int, dict[str, Any]]:
    """Status and answer for a player: what the house says of our key or of our calls is for us."""
    status, message = refusal.status, refusal.message
    if isinstance(refusal, NotSo) or refusal.code == "AUTH_FAILED":
        message = _TOLD.get(refusal.code, message)
    else:
        log.error("%s", refusal)
        status, message = 502, _TOLD.get(refusal.code, "The house does not let the game in at the moment.")
    return status, {"error": {"code": refusal.code, "message": message}}


class Door(BaseHTTPRequestHandler):
    """One browser's connection."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    server: Game

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path not in PAGES:
            self._send(404, "text/plain; charset=utf-8", b"There is nothing here.\n")
            return
        kind, text = PAGES[path]
        self._send(200, kind, text.encode())

    def do_POST(self) -> None:
        try:
            status, answer = 200, self._answer(self._asked())
        except Refused as refusal:
            status, answer = _told(refusal)
        except Unanswered as unanswered:
            log.warning("%s", unanswered)
            status, answer = 503, {"error": {"code": "UNAVAILABLE", "message": "The house does not answer at the moment."}}
        self._send(status, "application/json", json.dumps(answer).encode())

    def _asked(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= _MOST_BODY):
            self.close_connection = True
            raise NotSo(400, "BAD_MESSAGE", "The request can't be understood.")
        body = self.rfile.read(int(length))
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            asked = None
        # Forms of other pages can't send this type, so none of them spins for a player.
        if self.headers.get_content_type() != "application/json" or not isinstance(asked, dict):
            raise NotSo(400, "BAD_MESSAGE", "The request can't be understood.")
        return asked

    def _answer(self, asked: dict[str, Any]) -> Any:
        session = asked.get("session")
        if not isinstance(session, str) or not session.isascii() or not 0 < len(session) <= 128:
            raise NotSo(401, "AUTH_FAILED", "Open the game from its lobby.")
        if self.path == "/player":
            return self.server.player(session)
        spin, bet = asked.get("spin"), asked.get("bet")
        if self.path != "/spin":
            raise NotSo(404, "BAD_MESSAGE", "There is no such call.")
        if not (isinstance(spin, str) and _NAME.fullmatch(spin)) or type(bet) is not int:
            raise NotSo(400, "BAD_MESSAGE", "The request can't be understood.")
        return self.server.spin(session, spin, bet)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            "img-src 'self' data:; base-uri 'none'; form-action 'none'",
            "Referrer-Policy": "no-referrer",  # the session stands in the page's address
            "X-Content-Type-Options": "nosniff",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Addresses have sessions in them: they are not for the log."""


# -- the page ----------------------------------------------------------------------------------------------------------------

_HTML = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="theme-color" content="#0b1030">
<title>Firefly Garden</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/game.css">
<script type="module" src="/game.js"></script>
</head>
<body data-phase="loading">
<svg width="0" height="0" aria-hidden="true" class="defs">
  <defs>
    <radialGradient id="glow"><stop offset="0" stop-color="#fffbd0"/><stop offset=".35" stop-color="#ffe066" stop-opacity=".85"/><stop offset="1" stop-color="#ffc400" stop-opacity="0"/></radialGradient>
    <linearGradient id="tail" x2="0" y2="1"><stop offset="0" stop-color="#b98700"/><stop offset=".3" stop-color="#fff3a0"/><stop offset="1" stop-color="#d8ff4a"/></linearGradient>
    <linearGradient id="wing" x2="0" y2="1"><stop offset="0" stop-color="#f4fbff" stop-opacity=".95"/><stop offset="1" stop-color="#8ecbff" stop-opacity=".45"/></linearGradient>
    <linearGradient id="ribbon" x2="0" y2="1"><stop offset="0" stop-color="#9a5cff"/><stop offset="1" stop-color="#5a23c8"/></linearGradient>
    <radialGradient id="gold" cx=".35" cy=".3" r=".9"><stop offset="0" stop-color="#fffbe2"/><stop offset=".5" stop-color="#ffe08a"/><stop offset="1" stop-color="#d9902a"/></radialGradient>
    <radialGradient id="paper" cx=".5" cy=".55" r=".65"><stop offset="0" stop-color="#fff6c9"/><stop offset=".4" stop-color="#ffb04a"/><stop offset="1" stop-color="#c92a2a"/></radialGradient>
    <linearGradient id="brass" x2="1"><stop offset="0" stop-color="#6b4a17"/><stop offset=".45" stop-color="#f0cf7a"/><stop offset="1" stop-color="#6b4a17"/></linearGradient>
    <linearGradient id="petal" x2="0" y2="1"><stop offset="0" stop-color="#ff8ed0"/><stop offset=".6" stop-color="#ffc6ea"/><stop offset="1" stop-color="#fff4fb"/></linearGradient>
    <linearGradient id="petal-back" x2="0" y2="1"><stop offset="0" stop-color="#d94fa6"/><stop offset="1" stop-color="#ff9fd8"/></linearGradient>
    <linearGradient id="pad" x2="0" y2="1"><stop offset="0" stop-color="#3fbf7d"/><stop offset="1" stop-color="#12693f"/></linearGradient>
    <radialGradient id="cap" cx=".38" cy=".28" r=".85"><stop offset="0" stop-color="#ff8a7a"/><stop offset=".5" stop-color="#e0322f"/><stop offset="1" stop-color="#8a1020"/></radialGradient>
    <linearGradient id="stem" x2="1"><stop offset="0" stop-color="#cdb994"/><stop offset=".4" stop-color="#fff8e6"/><stop offset="1" stop-color="#c0a878"/></linearGradient>
    <radialGradient id="leaf" cx=".5" cy=".35" r=".75"><stop offset="0" stop-color="#a6f28a"/><stop offset=".55" stop-color="#3fb85a"/><stop offset="1" stop-color="#14713b"/></radialGradient>
  </defs>
  <symbol id="W" viewBox="0 0 100 100">
    <circle cx="50" cy="52" r="48" fill="url(#glow)"/>
    <g transform="rotate(-34 46 40)"><ellipse cx="30" cy="36" rx="25" ry="11" fill="url(#wing)" stroke="#dff2ff" stroke-width="1.2"/></g>
    <g transform="rotate(34 54 40)"><ellipse cx="70" cy="36" rx="25" ry="11" fill="url(#wing)" stroke="#dff2ff" stroke-width="1.2"/></g>
    <path d="M46 20C43 11 38 9 34 9M54 20c3-9 8-11 12-11" fill="none" stroke="#2a1b45" stroke-width="2.6" stroke-linecap="round"/>
    <ellipse cx="50" cy="58" rx="13" ry="21" fill="url(#tail)"/>
    <path d="M38 54c8 4 16 4 24 0M38.5 62c8 4 15 4 23 0" fill="none" stroke="#9a7a00" stroke-width="1.7" opacity=".7"/>
    <ellipse cx="50" cy="38" rx="12" ry="10.5" fill="#3a2566"/>
    <circle cx="50" cy="25" r="9" fill="#4b3186"/>
    <circle cx="46.5" cy="24" r="3.4" fill="#fff"/><circle cx="53.5" cy="24" r="3.4" fill="#fff"/><circle cx="47" cy="24.6" r="1.6" fill="#120a22"/><circle cx="53" cy="24.6" r="1.6" fill="#120a22"/>
    <path d="M8 78l8 8.5-8 8.5h18V78zM92 78l-8 8.5 8 8.5H74V78z" fill="#3c1590"/>
    <rect x="17" y="75" width="66" height="19" rx="5" fill="url(#ribbon)" stroke="#c9a6ff" stroke-width="1"/>
    <text x="50" y="89.5" text-anchor="middle" font-size="14.5" font-weight="800" letter-spacing="3" fill="#fff" font-family="system-ui, sans-serif">WILD</text>
  </symbol>
  <symbol id="M" viewBox="0 0 100 100">
    <circle cx="48" cy="52" r="46" fill="url(#glow)" opacity=".35"/>
    <path d="M58 10A41 41 0 1 0 91 69 34 34 0 0 1 58 10Z" fill="url(#gold)" stroke="#fff3c4" stroke-width="1.5"/>
    <circle cx="34" cy="46" r="5" fill="#c98a2b" opacity=".38"/><circle cx="46" cy="72" r="6.5" fill="#c98a2b" opacity=".33"/><circle cx="26" cy="62" r="3" fill="#c98a2b" opacity=".38"/><circle cx="44" cy="30" r="3.5" fill="#c98a2b" opacity=".3"/>
    <path d="M77 18l2.6 7.4L87 28l-7.4 2.6L77 38l-2.6-7.4L67 28l7.4-2.6zM66 44l1.6 4.4L72 50l-4.4 1.6L66 56l-1.6-4.4L60 50l4.4-1.6zM88 45l1.3 3.7L93 50l-3.7 1.3L88 55l-1.3-3.7L83 50l3.7-1.3z" fill="#fff6d0"/>
  </symbol>
  <symbol id="L" viewBox="0 0 100 100">
    <circle cx="50" cy="52" r="46" fill="url(#glow)" opacity=".5"/>
    <path d="M50 4v10" stroke="#e8c46a" stroke-width="3" stroke-linecap="round"/><circle cx="50" cy="6" r="4" fill="none" stroke="#e8c46a" stroke-width="2.5"/>
    <ellipse cx="50" cy="48" rx="34" ry="30" fill="url(#paper)"/>
    <path d="M50 18v60M37 19c-12 18-12 40 0 58M63 19c12 18 12 40 0 58M24.5 27c-10 14-10 28 0 42M75.5 27c10 14 10 28 0 42" fill="none" stroke="#8f1d1d" stroke-width="1.6" opacity=".5"/>
    <rect x="35" y="13" width="30" height="9" rx="3" fill="url(#brass)"/><rect x="35" y="74" width="30" height="9" rx="3" fill="url(#brass)"/>
    <path d="M42 83v9M50 83v13M58 83v9" stroke="#ffcf6b" stroke-width="3" stroke-linecap="round"/>
  </symbol>
  <symbol id="F" viewBox="-6 -4 112 112">
    <ellipse cx="50" cy="79" rx="44" ry="13" fill="url(#pad)"/><path d="M50 79l40-7M50 79L8 76M50 79l20 10M50 79L30 90" stroke="#0d5433" stroke-width="1.3" opacity=".6"/>
    <g fill="url(#petal-back)"><path id="p" d="M50 78C30 62 32 36 50 14c18 22 20 48 0 64Z" transform="rotate(-62 50 78)"/><path d="M50 78C30 62 32 36 50 14c18 22 20 48 0 64Z" transform="rotate(62 50 78)"/><path d="M50 78C32 62 33 36 50 12c17 24 18 50 0 66Z" transform="rotate(-20 50 78)"/><path d="M50 78C32 62 33 36 50 12c17 24 18 50 0 66Z" transform="rotate(20 50 78)"/></g>
    <g fill="url(#petal)" stroke="#ff9fd8" stroke-width=".8"><path d="M50 79C34 66 35 44 50 24c15 20 16 42 0 55Z" transform="rotate(-42 50 79)"/><path d="M50 79C34 66 35 44 50 24c15 20 16 42 0 55Z" transform="rotate(42 50 79)"/><path d="M50 80C34 66 35 40 50 18c15 22 16 48 0 62Z"/></g>
    <g fill="url(#petal)" stroke="#ff9fd8" stroke-width=".8"><path d="M50 81C36 74 34 58 40 44c10 10 15 24 10 37Z"/><path d="M50 81c14-7 16-23 10-37-10 10-15 24-10 37Z"/></g>
    <circle cx="50" cy="76" r="5.5" fill="#ffd84a"/>
  </symbol>
  <symbol id="S" viewBox="0 0 100 100">
    <path d="M37 50c2 18-1 30-7 40 12 6 28 6 40 0-6-10-9-22-7-40Z" fill="url(#stem)"/>
    <path d="M35 60c9 6 21 6 30 0l2 8c-11 5-23 5-34 0Z" fill="#fffaf0" stroke="#cdb994" stroke-width=".8"/>
    <path d="M8 56C8 26 30 8 50 8s42 18 42 48c-22 10-62 10-84 0Z" fill="url(#cap)" stroke="#ffb3a8" stroke-width="1"/>
    <g fill="#fff6ea"><ellipse cx="50" cy="26" rx="9" ry="7.5"/><ellipse cx="27" cy="41" rx="7" ry="6.5"/><ellipse cx="71" cy="38" rx="8" ry="7"/><ellipse cx="48" cy="50" rx="6.5" ry="5"/><ellipse cx="84" cy="53" rx="3.5" ry="3.5"/><ellipse cx="15" cy="55" rx="3" ry="3"/><circle cx="33" cy="21" r="3.5"/><circle cx="69" cy="19" r="3"/></g>
    <path d="M16 94c4-10 6-12 8-16 0 6 1 10 4 16M72 94c2-8 4-12 8-18 0 8 2 12 5 18" fill="none" stroke="#3fb85a" stroke-width="4" stroke-linecap="round"/>
  </symbol>
  <symbol id="C" viewBox="0 0 100 100">
    <path d="M51 50c2 18 8 32 20 42" fill="none" stroke="#1c8a4a" stroke-width="6" stroke-linecap="round"/>
    <g fill="url(#leaf)" stroke="#c6f7ae" stroke-width="1"><path d="M50 48C38 40 26 32 28 19c2-11 16-13 22-3 6-10 20-8 22 3 2 13-10 21-22 29Z"/><path d="M50 48C38 40 26 32 28 19c2-11 16-13 22-3 6-10 20-8 22 3 2 13-10 21-22 29Z" transform="rotate(90 50 48)"/><path d="M50 48C38 40 26 32 28 19c2-11 16-13 22-3 6-10 20-8 22 3 2 13-10 21-22 29Z" transform="rotate(180 50 48)"/><path d="M50 48C38 40 26 32 28 19c2-11 16-13 22-3 6-10 20-8 22 3 2 13-10 21-22 29Z" transform="rotate(270 50 48)"/></g>
    <path d="M50 48V26M50 48H72M50 48v22M50 48H28" stroke="#e5ffd6" stroke-width="1.6" opacity=".65" stroke-linecap="round"/>
  </symbol>
</svg>
<div class="sky" aria-hidden="true">
  <div class="stars"></div><div class="moon"></div>
  <svg class="hills" viewBox="0 0 1440 420" preserveAspectRatio="xMidYMax slice"><path d="M0 210C180 120 330 150 520 210s360 80 540 0 260-90 380-60v270H0Z" fill="#15265a"/><path d="M0 290c220-90 380-50 560-10s360 40 520-20 250-50 360-20v180H0Z" fill="#0e2147"/><path d="M0 350c160-50 330-40 520-10s420 30 620-10 230-20 300-10v100H0Z" fill="#091a36"/><g fill="none" stroke="#061229" stroke-width="5" stroke-linecap="round"><path d="M60 420c4-60 0-110-22-150M84 420c0-70 8-120 30-160M110 420c2-40 12-70 34-96M1330 420c-2-70-10-120-34-160M1356 420c0-60 8-110 28-150M1384 420c2-40 14-80 34-104M300 420c0-30 4-50 16-74M1130 420c-2-30-6-50-18-70"/></g><g fill="#0d1d3c"><ellipse cx="37" cy="262" rx="7" ry="22"/><ellipse cx="116" cy="252" rx="7" ry="22"/><ellipse cx="1294" cy="252" rx="7" ry="22"/><ellipse cx="1386" cy="262" rx="7" ry="22"/></g></svg>
  <div id="fireflies"></div>
</div>
<header>
  <h1>Firefly Garden</h1>
</header>
<main>
  <section id="paytable" class="panel" aria-labelledby="paytable-title">
    <header><h2 id="paytable-title">What it pays</h2><button class="close" type="button" aria-label="Close">×</button></header>
    <ul id="pays"></ul>
    <p>Three alike on a line. <b>The firefly</b> stands for any of them. Five lines: the rows and the diagonals.</p>
    <dl id="facts"></dl>
  </section>
  <section id="machine" aria-label="The reels">
    <div class="frame">
      <div id="reels" data-testid="reels"></div>
      <svg id="lines" viewBox="0 0 300 300" preserveAspectRatio="none" aria-hidden="true"></svg>
      <div id="big" aria-hidden="true"><strong></strong><span></span></div>
    </div>
    <p id="said" role="status" aria-live="polite" data-testid="said">The garden is opening…</p>
  </section>
  <section id="rounds" class="panel" aria-labelledby="rounds-title">
    <header><h2 id="rounds-title">Your last rounds</h2><button class="close" type="button" aria-label="Close">×</button></header>
    <ol id="played" data-testid="played"></ol>
    <p>Each is kept with the random numbers that decided it.</p>
  </section>
</main>
<footer>
  <div class="left"><div class="meter"><span>Balance</span><output id="balance" data-testid="balance">–</output></div>
  <div class="bet"><button id="less" type="button" aria-label="Bet less">−</button><div class="meter"><span>Bet</span><output id="bet" data-testid="bet">–</output></div><button id="more" type="button" aria-label="Bet more">+</button></div></div>
  <button id="spin" type="button" data-testid="spin" disabled aria-label="Spin"><svg viewBox="0 0 100 100" aria-hidden="true"><path d="M76 34A32 32 0 1 0 82 52" fill="none" stroke="currentColor" stroke-width="9" stroke-linecap="round"/><path d="M84 14l-2 26-24-8z" fill="currentColor"/></svg></button>
  <div class="right"><div class="meter is-win"><span>Win</span><output id="win" data-testid="win">–</output></div></div>
  <nav><button id="show-paytable" type="button">What it pays</button><button id="show-rounds" type="button">Last rounds</button></nav>
</footer>
<dialog id="stop" data-testid="stop"><h2></h2><p></p><button type="button">Try again</button></dialog>
</body>
</html>
"""  # noqa: E501

_CSS = """\
:root {
  --gold: #f4d58a; --gold-deep: #b8872f; --ink: #0b1030; --paper: #eef1ff; --soft: #aab4e0; --glass: rgb(14 20 58 / .72);
  --cell: min(18.4vh, 176px);
  color-scheme: dark;
  font-family: "Avenir Next", "Segoe UI", system-ui, sans-serif; color: var(--paper);
}
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body {
  display: grid; grid-template-rows: auto 1fr auto; min-height: 100dvh; overflow: hidden; background: #0b1030;
  padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left);
  -webkit-tap-highlight-color: transparent; user-select: none;
}
button { font: inherit; color: inherit; cursor: pointer; border: 0; background: none; touch-action: manipulation; }
button:disabled { cursor: default; }
:focus-visible { outline: 3px solid #9fe8ff; outline-offset: 3px; }
.defs { position: absolute; }

.sky { position: fixed; inset: 0; z-index: -1; overflow: hidden; background: radial-gradient(120% 90% at 50% 8%, #3c3f9a 0, #232a70 32%, #121744 62%, #0a0e2b 100%); }
.stars { position: absolute; inset: 0; opacity: .9; background-image:
  radial-gradient(1.5px 1.5px at 20px 30px, #fff, transparent), radial-gradient(1px 1px at 90px 110px, #cfd8ff, transparent),
  radial-gradient(1.5px 1.5px at 160px 60px, #fff, transparent), radial-gradient(1px 1px at 230px 150px, #fff, transparent),
  radial-gradient(1px 1px at 280px 20px, #cfd8ff, transparent), radial-gradient(2px 2px at 330px 95px, #ffeec2, transparent);
  background-size: 370px 190px; mask-image: linear-gradient(#000 30%, transparent 75%); }
.moon { position: absolute; top: -34vmin; left: 50%; width: 120vmin; height: 120vmin; translate: -50% 0; border-radius: 50%;
  background: radial-gradient(circle, rgb(255 243 205 / .42) 0, rgb(255 233 174 / .2) 28%, rgb(200 190 255 / .1) 48%, transparent 68%); }
.hills { position: absolute; bottom: 0; width: 100%; height: 46vh; }
#fireflies i { position: absolute; will-change: transform, opacity; width: 6px; height: 6px; border-radius: 50%; background: #fff7b0; opacity: 0;
  box-shadow: 0 0 10px 4px #ffe066, 0 0 26px 10px rgb(255 213 74 / .4); animation: drift var(--for) ease-in-out var(--late) infinite alternate, blink var(--blink) ease-in-out var(--late) infinite; }
@keyframes drift { from { transform: translate(0, 0); } 40% { transform: translate(calc(var(--dx) * .7), calc(var(--dy) * -.4)); } to { transform: translate(var(--dx), var(--dy)); } }
@keyframes blink { 0%, 100% { opacity: 0; } 50% { opacity: .95; } }

body > header { text-align: center; padding: 10px 16px 0; }
h1 { margin: 0; padding-bottom: .16em; font: 700 clamp(25px, 4.8vh, 46px)/1.15 "Palatino Linotype", Palatino, "URW Palladio L", Georgia, serif; letter-spacing: .045em;
  background: linear-gradient(#fffdf0, #ffe08a 45%, #d99a3a 80%, #ffeec2); background-clip: text; color: transparent; filter: drop-shadow(0 3px 8px rgb(0 0 0 / .55)); }

main { display: grid; grid-template-columns: minmax(0, 1fr) auto minmax(0, 1fr); gap: 28px; align-items: center; padding: 6px 28px; min-height: 0; }
.panel { max-width: 290px; width: 100%; padding: 16px 18px; border-radius: 20px; background: var(--glass); border: 1px solid rgb(244 213 138 / .28); box-shadow: 0 18px 50px rgb(0 0 0 / .4); }
#paytable { justify-self: end; }
.panel header { display: flex; justify-content: space-between; align-items: center; }
.panel h2 { margin: 0 0 8px; font-size: 15px; letter-spacing: .08em; color: var(--gold); font-weight: 700; }
.panel p { margin: 10px 0 0; font-size: 13px; line-height: 1.45; color: var(--soft); }
.panel p b { color: var(--paper); }
.close { display: none; }
#pays { list-style: none; margin: 0; padding: 0; }
#pays li { display: grid; grid-template-columns: 40px 1fr auto; align-items: center; gap: 10px; padding: 2px 0; border-bottom: 1px solid rgb(255 255 255 / .07); font-size: 14px; }
#pays svg { width: 38px; height: 38px; }
#pays small { color: var(--soft); font-size: 12px; }
#pays b { font-variant-numeric: tabular-nums; color: #ffe9b5; }
#facts { display: grid; grid-template-columns: 1fr auto; gap: 3px 10px; margin: 10px 0 0; font-size: 13px; }
#facts dt { color: var(--soft); } #facts dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
#played { list-style: none; margin: 0; padding: 0; }
#played:empty::before { content: 'None yet.'; font-size: 14px; color: var(--soft); }
#played li { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; padding: 6px 0; border-bottom: 1px solid rgb(255 255 255 / .07); font-size: 14px; font-variant-numeric: tabular-nums; }
#played li.is-new { animation: arrive .5s ease-out; }
#played b { color: #8dffb0; } #played .none { color: var(--soft); font-weight: 400; }
#played small { grid-column: 1 / -1; color: var(--soft); font: 11px ui-monospace, "DejaVu Sans Mono", monospace; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; user-select: text; }
@keyframes arrive { from { opacity: 0; transform: translateY(-8px); } }

#machine { display: grid; justify-items: center; gap: 8px; }
.frame { position: relative; padding: 14px; border-radius: 30px;
  background: linear-gradient(145deg, #ffe9b0, #a8762a 22%, #5c3c12 48%, #d7a74f 72%, #fff1c4 88%, #8a5f20);
  box-shadow: 0 24px 70px rgb(0 0 0 / .6), 0 0 90px rgb(255 208 96 / .22), inset 0 0 0 2px rgb(60 36 8 / .6); }
#reels { display: grid; grid-template-columns: repeat(3, var(--cell)); gap: 6px; padding: 6px; border-radius: 20px; background: #060a22; box-shadow: inset 0 0 30px #000; }
.reel { position: relative; height: calc(var(--cell) * 3); overflow: hidden; border-radius: 14px; background: linear-gradient(#131a52, #2a3490 50%, #131a52); }
.reel::after { content: ""; position: absolute; inset: 0; border-radius: inherit; pointer-events: none; box-shadow: inset 0 22px 26px -12px rgb(4 6 26 / .85), inset 0 -22px 26px -12px rgb(4 6 26 / .85); }
.strip { will-change: transform; }
.cell { height: var(--cell); display: grid; place-items: center; }
symbol, .cell svg, #pays svg { overflow: visible; }
.cell svg { width: 84%; height: 84%; filter: drop-shadow(0 5px 5px rgb(0 0 0 / .45)); transition: opacity .25s; }
.is-running .cell svg { filter: none; opacity: .82; }
#reels.is-won .cell svg { opacity: .38; }
#reels.is-won .cell.is-lit svg { opacity: 1; animation: glowing .9s ease-in-out infinite alternate; }
.cell.is-lit { background: radial-gradient(circle, rgb(255 224 102 / .5), transparent 68%); }
@keyframes glowing { from { transform: scale(1); } to { transform: scale(1.1); } }
#lines { position: absolute; inset: 20px; width: calc(100% - 40px); height: calc(100% - 40px); pointer-events: none; }
#lines polyline { fill: none; stroke: #fff3b0; stroke-width: 3; stroke-linecap: round; stroke-linejoin: round; filter: drop-shadow(0 0 6px #ffc400); opacity: .85;
  stroke-dasharray: 1; stroke-dashoffset: 1; animation: draw .35s ease-out forwards; }
@keyframes draw { to { stroke-dashoffset: 0; } }
#said { position: relative; margin: 0; min-height: 24px; font-size: 17px; color: #ffe9b5; text-align: center; text-shadow: 0 2px 6px #000; }
body[data-phase="settling"] #said::after { content: " ⋯"; animation: blink 1.2s infinite; }

#big { position: absolute; inset: 0; display: grid; place-content: center; text-align: center; border-radius: 30px; opacity: 0; pointer-events: none; background: radial-gradient(circle, rgb(6 8 34 / .88), rgb(6 8 34 / .35) 75%, transparent); }
#big.is-on { animation: bigwin 2.9s ease-out; }
#big strong { font: 700 clamp(30px, 6vh, 58px)/1.1 "Palatino Linotype", Palatino, Georgia, serif; color: #fff3c4; text-shadow: 0 0 26px #ffc400, 0 4px 10px #000; }
#big span { font-size: clamp(26px, 5vh, 46px); font-weight: 800; color: #8dffb0; font-variant-numeric: tabular-nums; text-shadow: 0 3px 10px #000; }
@keyframes bigwin { 0% { opacity: 0; transform: scale(.7); } 12% { opacity: 1; transform: scale(1.06); } 18%, 82% { opacity: 1; transform: scale(1); } 100% { opacity: 0; } }

footer { display: grid; grid-template-columns: 1fr auto 1fr; align-items: center; gap: 12px 30px; padding: 4px 28px 14px; }
.left, .right { display: flex; align-items: center; gap: 22px; }
.left { justify-content: flex-end; }
.meter { min-width: 132px; padding: 8px 18px; border-radius: 16px; text-align: center; background: var(--glass); border: 1px solid rgb(244 213 138 / .28); }
.meter span { display: block; font-size: 12px; letter-spacing: .06em; color: var(--soft); }
.meter output { font-size: 21px; font-weight: 700; font-variant-numeric: tabular-nums; white-space: nowrap; }
.is-win output { color: #8dffb0; }
.bet { display: flex; align-items: center; gap: 8px; }
.bet .meter { min-width: 108px; }
.bet button { width: 46px; height: 46px; border-radius: 50%; font-size: 26px; line-height: 1; background: linear-gradient(#38429f, #1c2360); border: 1px solid rgb(255 255 255 / .25); box-shadow: 0 5px 14px rgb(0 0 0 / .4); }
.bet button:disabled { opacity: .4; }
#spin { width: 104px; height: 104px; border-radius: 50%; color: #3a2404; display: grid; place-items: center;
  background: radial-gradient(circle at 35% 28%, #fffbe0, #ffd95a 45%, #e2981f 85%); border: 5px solid #fff1c4; box-shadow: 0 10px 30px rgb(0 0 0 / .5), 0 0 44px rgb(255 208 74 / .55), inset 0 -7px 14px rgb(140 80 0 / .45); transition: transform .12s, filter .2s; }
#spin svg { width: 58%; }
#spin:hover:enabled { filter: brightness(1.07); } #spin:active:enabled { transform: scale(.95); }
#spin:disabled { filter: saturate(.45) brightness(.8); }
body[data-phase="spinning"] #spin svg { animation: turn .8s linear infinite; }
@keyframes turn { to { transform: rotate(360deg); } }
footer nav { display: none; }

dialog { max-width: 380px; padding: 26px 28px; border-radius: 22px; border: 1px solid rgb(244 213 138 / .5); background: #141b52; color: var(--paper); text-align: center; box-shadow: 0 30px 90px #000; }
dialog::backdrop { background: rgb(5 7 26 / .72); }
dialog h2 { margin: 0 0 8px; color: var(--gold); } dialog p { margin: 0 0 18px; line-height: 1.5; color: #d5dbff; }
dialog button { padding: 12px 26px; border-radius: 999px; font-weight: 700; color: #3a2404; background: linear-gradient(#ffe9a8, #eaae35); }

@media (max-width: 1020px), (max-aspect-ratio: 1/1) {
  :root { --cell: min(28.4vw, 13.7vh); }
  main { grid-template-columns: 1fr; padding: 0 8px; }
  .frame { padding: 9px; border-radius: 24px; } #lines { inset: 15px; width: calc(100% - 30px); height: calc(100% - 30px); } #reels { gap: 4px; }
  body > header { padding-top: 18px; } h1 { font-size: clamp(27px, 9vw, 44px); }
  .panel { position: fixed; z-index: 5; inset: auto 0 0; max-width: none; max-height: 82dvh; overflow: auto; padding: 18px 22px calc(22px + env(safe-area-inset-bottom)); border-radius: 26px 26px 0 0; background: #121845; visibility: hidden; transform: translateY(102%); transition: transform .28s ease-out, visibility .28s; }
  body[data-panel="paytable"] #paytable, body[data-panel="rounds"] #rounds { visibility: visible; transform: none; }
  body[data-panel]::after { content: ""; position: fixed; inset: 0; z-index: 4; background: rgb(5 7 26 / .6); }
  .close { display: block; width: 44px; height: 44px; margin: -10px -12px 0 0; font-size: 28px; color: var(--soft); }
  .panel h2 { font-size: 17px; } #pays li { font-size: 16px; padding: 5px 0; }
  footer { grid-template-columns: 1.15fr 1fr; gap: 12px; padding: 0 16px 14px; }
  .left, .right { display: contents; } .meter { width: 100%; min-width: 0; }
  .meter output { font-size: 20px; }
  footer .is-win { grid-area: 1 / 2; }
  .bet { grid-area: 2 / 1; width: 100%; } .bet .meter { min-width: 0; flex: 1; padding: 8px 2px; } .bet output { font-size: 17px; }
  #spin { grid-area: 2 / 2; width: 92px; height: 92px; justify-self: center; }
  footer nav { display: flex; gap: 10px; grid-column: 1 / -1; justify-self: center; }
  footer nav button { padding: 10px 16px; min-height: 44px; border-radius: 999px; font-size: 14px; color: var(--gold); background: rgb(14 20 58 / .6); border: 1px solid rgb(244 213 138 / .3); }
}
@media (max-width: 1020px) and (max-height: 560px) {
  :root { --cell: min(20vh, 24vw); }
  body { grid-template-columns: 1fr auto; grid-template-rows: auto 1fr; } body > header { grid-column: 1; padding-top: 6px; } h1 { font-size: 22px; }
  main { grid-area: 2 / 1; } footer { grid-area: 1 / 2 / 3 / 3; align-content: center; width: 300px; }
}
@media (prefers-reduced-motion: reduce) { *, *::before, *::after { animation: none !important; transition: none !important; } #fireflies i { opacity: .7; } #lines polyline { stroke-dashoffset: 0; } #big.is-on { opacity: 1; } }
"""  # noqa: E501

_SCRIPT = """\
// The page shows what the game's server answers, and decides nothing. A click has an id: sent again, it is the same spin.
const $ = (id) => document.getElementById(id);
const session = new URLSearchParams(location.search).get("session") ?? "";
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const rest = (ms) => new Promise((done) => setTimeout(done, ms));
const PENDING = "firefly-garden-spin";  // a spin whose end we have not seen: a page that is loaded anew asks for it

let game, money, balance = null, bet = 0, cycling = 0;

class Problem extends Error {
  constructor(status, code, message) { super(message); this.status = status; this.code = code; }
}

async function ask(path, fields) {
  const body = JSON.stringify({ session, ...fields });
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const found = await answer.json();
  if (!answer.ok) throw new Problem(answer.status, found.error.code, found.error.message);
  return found;
}

function moneyOf(currency) {
  try {
    const made = new Intl.NumberFormat("en", { style: "currency", currency });
    const unit = 10 ** made.resolvedOptions().maximumFractionDigits;
    if (currency !== "CRE") return (amount) => made.format(amount / unit);
  } catch { /* no currency that the browser knows */ }
  return (amount) => amount.toLocaleString("en");
}

// -- what is seen ----------------------------------------------------------------------------------------------------------

const phase = (name) => { document.body.dataset.phase = name; draw(); };
const say = (text) => { $("said").textContent = text; };
const picture = (symbol) => `<svg viewBox="0 0 100 100" role="img" aria-label="${nameOf(symbol)}"><use href="#${symbol}"/></svg>`;
const cell = (symbol) => `<div class="cell" data-symbol="${symbol}">${picture(symbol)}</div>`;
const nameOf = (symbol) => game.symbols.find((one) => one.id === symbol).name;

function draw() {
  const idle = document.body.dataset.phase === "idle";
  $("balance").textContent = balance === null ? "…" : money(balance);
  $("balance").dataset.value = balance ?? "";
  $("bet").textContent = money ? money(bet) : "–";
  $("bet").dataset.value = bet;
  $("spin").disabled = !idle || (balance !== null && balance < bet);
  const place = game?.bets.indexOf(bet) ?? 0;
  $("less").disabled = !idle || place <= 0;
  $("more").disabled = !idle || !game || place >= game.bets.length - 1;
}

function drawPays() {
  const line = bet / game.lines.length;
  const row = (symbol, words, times) => `<li>${picture(symbol)}<span>${nameOf(symbol)} <small>${words}</small></span><b>${money(times * line)}</b></li>`;
  $("pays").innerHTML = game.symbols.map((one) => row(one.id, "× 3", one.pays)).join("") + row(game.pair.id, "the first two", game.pair.pays);
  const facts = [["Return to player", game.rtp], ["Rounds that win", game.hits], ["Largest win", money(Math.round(game.most * bet))]];
  $("facts").innerHTML = facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join("");
}

function list(rounds, fresh = false) {
  const items = rounds.filter((one) => one.state === "closed" || one.state === "returned").map((one) => {
    const item = document.createElement("li"), paid = document.createElement(one.win ? "b" : "span"), id = document.createElement("small");
    item.append(`Bet ${money(one.bet)}`, paid, id);
    paid.textContent = one.state === "returned" ? "given back" : one.win ? `+${money(one.win)}` : "no win";
    if (!one.win) paid.className = "none";
    id.textContent = id.title = one.draws || one.round;
    if (fresh) item.className = "is-new";
    return item;
  });
  fresh ? $("played").prepend(...items) : $("played").replaceChildren(...items);
  while ($("played").children.length > 8) $("played").lastChild.remove();
}

const strips = () => [...document.querySelectorAll(".strip")];
const height = () => document.querySelector(".reel").clientHeight / 3;

function show(windows) {
  strips().forEach((strip, reel) => { strip.innerHTML = [...windows[reel]].map(cell).join(""); });
}

const some = (reel, count) => {
  const from = Math.floor(Math.random() * game.strips[reel].length);  // what flies by, and decides nothing
  return Array.from({ length: count }, (_, place) => cell(game.strips[reel][(from + place) % game.strips[reel].length])).join("");
};

function run() {
  clearTimeout(cycling);
  $("big").classList.remove("is-on");
  $("reels").classList.remove("is-won");
  $("lines").replaceChildren();
  $("win").textContent = "–";
  $("win").dataset.value = "";
  if (calm) return [];
  return strips().map((strip, reel) => {
    const before = strip.innerHTML, turn = some(reel, 9);
    strip.innerHTML = turn + before;
    strip.parentElement.classList.add("is-running");
    const from = `translateY(${-9 * height()}px)`;
    strip.animate([{ transform: from }, { transform: "translateY(0)" }], { duration: 420, easing: "ease-in", fill: "forwards" }).finished.then((first) => {
      if (!strip.parentElement.classList.contains("is-running")) return;
      strip.innerHTML = turn + turn.slice(0, turn.length / 3);
      first.cancel();
      strip.animate([{ transform: from }, { transform: "translateY(0)" }], { duration: 330, iterations: Infinity });
    }, () => {});
    return strip;
  });
}

async function stop(windows) {
  const ends = strips().map(async (strip, reel) => {
    if (!calm) await rest(reel * 260);
    strip.getAnimations().forEach((one) => one.cancel());
    strip.parentElement.classList.remove("is-running");
    const landed = [...windows[reel]].map(cell).join("");
    strip.innerHTML = landed + (calm ? "" : some(reel, 8));
    if (!calm) {
      const way = [{ transform: `translateY(${-8 * height()}px)` }, { transform: `translateY(${height() * 0.09}px)`, offset: 0.82, easing: "ease-in-out" }, { transform: "translateY(0)" }];
      await strip.animate(way, { duration: 620, easing: "cubic-bezier(.2,.7,.35,1)" }).finished.catch(() => {});
    }
    strip.innerHTML = landed;
  });
  await Promise.all(ends);
}

function light(wins) {
  $("reels").classList.add("is-won");
  const cells = strips().map((strip) => [...strip.children]);
  cells.flat().forEach((one) => one.classList.remove("is-lit"));
  $("lines").replaceChildren(...wins.map((win) => {
    const rows = game.lines[win.line].slice(0, win.alike);
    rows.forEach((row, reel) => cells[reel][row].classList.add("is-lit"));
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    line.setAttribute("points", rows.map((row, reel) => `${50 + 100 * reel},${50 + 100 * row}`).join(" "));
    line.setAttribute("pathLength", "1");
    return line;
  }));
}

function cycle(wins, place = 0) {
  light(place ? [wins[place - 1]] : wins);
  if (wins.length > 1) cycling = setTimeout(() => cycle(wins, (place + 1) % (wins.length + 1)), place ? 1100 : 1700);
}

async function count(amount, ms) {
  const began = performance.now();
  $("win").dataset.value = amount;
  for (let part = calm ? 1 : 0; part < 1; part = (performance.now() - began) / ms) {
    $("win").textContent = money(Math.floor(amount * part));
    await new Promise(requestAnimationFrame);
  }
  $("win").textContent = money(amount);
}

function celebrate(round) {
  if (round.win < 15 * round.bet) return;
  $("big").querySelector("strong").textContent = round.win >= 60 * round.bet ? "A bright night!" : "Big win!";
  $("big").querySelector("span").textContent = money(round.win);
  $("big").classList.remove("is-on");
  void $("big").offsetWidth;  // so that it begins anew
  $("big").classList.add("is-on");
  setTimeout(() => $("big").classList.remove("is-on"), 2900);
}

// -- a round ---------------------------------------------------------------------------------------------------------------

async function spin() {
  if ($("spin").disabled) return;
  const click = { spin: crypto.randomUUID(), bet };
  sessionStorage.setItem(PENDING, JSON.stringify(click));
  if (balance !== null) balance -= bet;  // shown; the house's word follows
  say("Good luck!");
  phase("spinning");
  run();
  await Promise.all([play(click), calm ? null : rest(650)]).then(([round]) => finish(round), fail);
}

// Sends the click until its round is over: no answer may get lost, whatever happens to the network or to the game's server.
async function play(click) {
  for (let tries = 0; ; tries++) {
    try {
      const round = await ask("/spin", click);
      if (!["begun", "escrowed", "drawn", "cancelling"].includes(round.state)) return round;
      say("The house is still at it");
      phase("settling");
    } catch (problem) {
      if (problem instanceof Problem && problem.status < 500 && problem.code !== "BUSY") throw problem;
      if (tries === 1) { say("Waiting for the house"); phase("settling"); }
    }
    await rest(Math.min(5000, 400 * 2 ** tries));
  }
}

async function finish(round) {
  sessionStorage.removeItem(PENDING);
  if (round.state !== "closed") return giveBack(round);
  phase("stopping");
  await stop(round.window);
  balance = round.balance;
  if (round.win) {
    const [first, ...others] = round.wins, net = round.win > round.bet;
    const what = others.length ? `${round.wins.length} lines` : `${nameOf(first.symbol)} × ${first.alike}`;
    say(net ? `${what}: you win ${money(round.win)}!` : `${what}: ${money(round.win)} back.`);  // no cheers for what is no gain
    cycle(round.wins);
    celebrate(round);
    await count(round.win, net ? Math.min(1800, 500 + 60 * (round.win / round.bet)) : 1);
  } else {
    say("Nothing this time.");
    $("win").textContent = money(0);
    $("win").dataset.value = 0;
  }
  list([round], true);
  phase("idle");
  if (balance === null) await refresh();
}

async function giveBack(round) {
  await stop(lastWindow());
  list([round], true);
  say(round.message || (round.state === "stuck" ? "This round needs a look by the house." : "The round was called off: your bet is back."));
  phase("idle");
  await refresh();
}

const lastWindow = () => game.strips.map((strip) => strip.slice(0, 3));

async function refresh() {
  try {
    balance = (await ask("/player", {})).balance;
    draw();
  } catch (problem) { fail(problem); }
}

function fail(problem) {
  if (!(problem instanceof Problem)) console.error(problem);
  sessionStorage.removeItem(PENDING);
  const over = problem.status === 401;
  const words = over ? ["Your session has ended", "Open the game again from its lobby."] : ["The garden is closed for a moment", problem.message || "The game's server does not answer."];
  $("stop").querySelector("h2").textContent = words[0];
  $("stop").querySelector("p").textContent = words[1];
  $("stop").querySelector("button").hidden = over;
  if (!$("stop").open) $("stop").showModal();
  phase("closed");
}

// -- the beginning ---------------------------------------------------------------------------------------------------------

async function begin() {
  const told = await ask("/player", {});
  game = told.game; money = moneyOf(told.currency); balance = told.balance;
  bet = game.bets.findLast((one) => one <= Math.max(balance / 50, game.bets[0]));
  $("reels").innerHTML = game.strips.map(() => '<div class="reel"><div class="strip"></div></div>').join("");
  show(told.rounds.find((one) => one.window)?.window ?? ["LMC", "FWS", "SLF"]);
  list(told.rounds);
  drawPays();
  const pending = sessionStorage.getItem(PENDING);
  if (pending) {
    say("One moment: your last spin is still out.");
    phase("spinning");
    run();
    return play(JSON.parse(pending)).then(finish);
  }
  say("Catch three fireflies.");
  phase("idle");
}

function glow() {
  const drop = () => {
    const one = document.createElement("i"), by = (from, to) => from + Math.random() * (to - from);
    one.style.left = `${by(2, 98)}%`; one.style.top = `${by(18, 94)}%`;
    one.style.setProperty("--dx", `${by(-130, 130)}px`); one.style.setProperty("--dy", `${by(-110, 110)}px`);
    one.style.setProperty("--for", `${by(7, 15)}s`); one.style.setProperty("--blink", `${by(2.4, 5)}s`); one.style.setProperty("--late", `${by(-9, 0)}s`);
    return one;
  };
  $("fireflies").append(...Array.from({ length: 22 }, drop));
}

const step = (by) => { bet = game.bets[game.bets.indexOf(bet) + by]; drawPays(); draw(); };
const panel = (name) => { name ? document.body.dataset.panel = name : delete document.body.dataset.panel; };
$("spin").addEventListener("click", spin);
$("less").addEventListener("click", () => step(-1));
$("more").addEventListener("click", () => step(1));
$("show-paytable").addEventListener("click", () => panel("paytable"));
$("show-rounds").addEventListener("click", () => panel("rounds"));
document.querySelectorAll(".close").forEach((one) => one.addEventListener("click", () => panel("")));
document.addEventListener("click", (event) => { if (event.target === document.body) panel(""); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") panel("");
  if (event.code === "Space" && !event.repeat && !(event.target instanceof HTMLButtonElement)) { event.preventDefault(); spin(); }
});
$("stop").querySelector("button").addEventListener("click", () => { $("stop").close(); phase("loading"); begin().catch(fail); });
$("stop").addEventListener("cancel", (event) => event.preventDefault());
glow();
begin().catch(fail);
"""  # noqa: E501

_ICON = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#141b52"/><circle cx="16" cy="18" r="9" fill="#ffe066" opacity=".55"/><circle cx="16" cy="18" r="5" fill="#fff7b0"/><circle cx="16" cy="10" r="3" fill="#4b3186"/></svg>
"""  # noqa: E501

PAGES = {
    "/": ("text/html; charset=utf-8", _HTML),
    "/game.css": ("text/css; charset=utf-8", _CSS),
    "/game.js": ("text/javascript; charset=utf-8", _SCRIPT),
    "/icon.svg": ("image/svg+xml", _ICON),
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=f"{TITLE}: a slot that plays through webingo's RGS door.")
    parser.add_argument("--server", default="http://localhost:8080", help="where webingo is (default: %(default)s)")
    parser.add_argument("--key", default=os.environ.get("RGS_KEY", ""), help="an API key; webingo apikey create SITE makes one")
    parser.add_argument("--address", default="127.0.0.1", help="of the game's own server (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8075, help="of the game's own server (default: %(default)s)")
    parser.add_argument("--journal", type=Path, default=Path("firefly-garden.db"), help="its journal (default: %(default)s)")
    parser.add_argument("--odds", action="store_true", help="count the game's odds, print them, and do nothing else")
    given = parser.parse_args(arguments)
    if given.odds:
        counted = odds()
        print(f"RTP {float(counted.rtp):.6%} ({counted.rtp}), hits {float(counted.hits):.4%}")
        print(f"largest win {float(counted.most):g} x bet, deviation {counted.deviation:.4f} x bet")
        return
    if not given.key:
        parser.error("a key is needed: --key, or the variable RGS_KEY")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    rgs = Rgs(given.server, given.key)
    rounds = Rounds(rgs, Journal(given.journal))
    game = Game((given.address, given.port), rgs, rounds)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: threading.Thread(target=game.shutdown).start())
    print(f"{TITLE}: http://{given.address}:{game.server_address[1]}/?session=…", flush=True)
    rounds.mender.start()
    game.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
