"""What the door remembers of a session between requests, beside the game's own state.

The notes of a player's last sessions stand on the seat, where only the session that holds the seat can write them. So
whichever process a request comes to, and whatever died in between, the note that it finds is the last one written.
"""

import hashlib
from dataclasses import dataclass, field

import orjson

from webingo.errors import Code, Refused

_MOST_NOTES = 4
_MOST_MARKS = 200
_NOTED_OF_IDLE = 20


@dataclass
class Note:
    """`sid` (hashed) and `game` tell whose it is. `bet` is [lines, bet per line], empty before the first one.

    `base` is the state up to which all is cleared: the round that is held began there. `at` is the state that the client was
    told last. `marks` are the positions of the round that requests have taken: [seq, transitions of the round before it],
    ascending; those up to `past` were taken in earlier rounds. A mark is written before what it stands for is done. `forced`
    are numbers left over from a forced play. `seen_ms` is about when the last request came. `rules` are those that the client
    was told, "" where nothing is known of it.
    """

    sid: str
    game: str
    bet: list[int] = field(default_factory=list)
    base: str = ""
    at: str = ""
    marks: list[list[int]] = field(default_factory=list)
    past: int = -1
    forced: list[int | float] = field(default_factory=list)
    seen_ms: int = 0
    rules: str = ""

    @classmethod
    def new(cls, sid: str, game: str, at: str, rules: str, *, round_open: bool) -> "Note":
        """For a session that begins at a state: of the round that is open there everything is held, of earlier ones nothing."""
        return cls(_hashed(sid), game, base="" if round_open else at, at=at, rules=rules)

    @property
    def last(self) -> int | None:
        """The highest position that was taken so far."""
        highest = max([self.past, *(known for known, _ in self.marks)])
        return highest if highest >= 0 else None

    def seen(self, now_ms: int, idle_ms: int) -> None:
        """A request came. Noted now and then, so that those which change nothing cost no write."""
        if now_ms - self.seen_ms >= idle_ms // _NOTED_OF_IDLE:
            self.seen_ms = now_ms

    def clear(self, at: str, seq: int | None = None) -> None:
        """Nothing is held any more of what came up to that state; a request at `seq` goes on from there."""
        if self.base != at:
            self.base = at
            self.past = max([self.past, *(known for known, _ in self.marks if known != seq)])
            self.marks = [] if seq is None else [[seq, 0]]

    def count_anew(self) -> None:
        """The next positions may be any."""
        self.marks, self.past = [], -1

    def taken(self, seq: int, transitions: int) -> tuple[int, int] | None:
        """The transitions (first, end) of the round that the request at position `seq` led to, of `transitions` in all. None
        where the position is free. Raises Refused(STALE) where it was taken, and is not held any more."""
        ends = [first for _, first in self.marks[1:]] + [transitions]
        for (known, first), end in zip(self.marks, ends, strict=False):
            if known == seq and end > first:
                return first, end
        if self.marks and self.marks[-1][0] == seq:
            return None  # it was begun, and nothing came of it
        if self.last is not None and seq <= self.last:
            raise Refused(Code.STALE, f"The position {seq} was taken before, and is not held any more.")
        return None

    def mark(self, seq: int, transitions: int) -> None:
        """A request at a free position begins."""
        if [seq, transitions] not in self.marks[-1:]:
            self.marks = [*self.marks, [seq, transitions]][-_MOST_MARKS:]


def read(written: bytes, sid: str, game: str, since_ms: int) -> tuple[Note | None, list[Note]]:
    """The note of a session and a game, None where there is none or nothing came for it since then; and the others."""
    own, others = None, []
    for found in orjson.loads(written) if written else ():
        note = Note(**found)
        if (note.sid, note.game) != (_hashed(sid), game):
            others.append(note)
        elif note.seen_ms >= since_ms:
            own = note
    return own, others


def write(own: Note, others: list[Note]) -> bytes:
    return orjson.dumps([own, *others[: _MOST_NOTES - 1]])


def _hashed(sid: str) -> str:
    return hashlib.sha256(sid.encode()).hexdigest()[:32]
