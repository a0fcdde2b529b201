"""What games return by their exact odds, counted once for each set of mathematics and settings, beside the pages that ask.

Counting takes up to a second for a game: it is done by a thread of its own, and a page that comes earlier says so.
"""

import json
import threading
from collections.abc import Mapping
from math import sqrt
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from webingo.errors import BadResource
from webingo.resources.game import GameManifest
from webingo.resources.stated import odds_of


class Theory(NamedTuple):
    """Per unit of stake: the exact return and the standard deviation of a round's. `deviation` is None where it is not known
    (yet, or as `problem` says), and `rtp` then what the manifest states."""

    rtp: float
    deviation: float | None = None
    problem: str = ""


class Theories:
    """By game and settings. The games are this program's own files."""

    def __init__(self, manifests: Mapping[str, GameManifest]) -> None:
        self._manifests = manifests
        self._lock = threading.Lock()
        self._known: dict[str, Theory] = {}
        self._waiting: SimpleQueue[tuple[str, GameManifest, Mapping[str, Any]]] = SimpleQueue()
        self._counting = False

    def of(self, game: str, settings: Mapping[str, Any]) -> Theory | None:
        """With a site's settings over the game's own. None for a game that this program does not have."""
        manifest = self._manifests.get(game)
        if manifest is None:
            return None
        key = json.dumps([game, manifest.version, settings], sort_keys=True)
        with self._lock:
            if (known := self._known.get(key)) is not None:
                return known
            self._known[key] = stated = Theory(manifest.rtp)
            self._waiting.put((key, manifest, settings))
            if not self._counting:
                self._counting = True
                threading.Thread(target=self._count, name="odds", daemon=True).start()
            return stated

    def _count(self) -> None:
        while True:
            with self._lock:
                try:
                    key, manifest, settings = self._waiting.get_nowait()
                except Empty:
                    self._counting = False
                    return
            found = _counted(manifest, settings)
            with self._lock:
                self._known[key] = found

    @property
    def counting(self) -> bool:
        """Whether some are still being counted."""
        with self._lock:
            return self._counting


def _counted(manifest: GameManifest, settings: Mapping[str, Any]) -> Theory:
    try:
        odds = odds_of(manifest.build(settings))
    except BadResource as error:
        _, name, reason = error.problems[0]
        return Theory(manifest.rtp, None, f"{name}: {reason}")
    return Theory(float(odds.rtp), sqrt(odds.variance))
