"""Sites that a backoffice keeps: taken in as they come, checked like local ones, and only then given out."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from webingo.errors import BadResource, Code, Refused
from webingo.problems import Problem
from webingo.resources.game import Game
from webingo.resources.offers import checked
from webingo.resources.shelf import Shelf
from webingo.resources.site import Site
from webingo.resources.stated import wrong_offers

log = structlog.get_logger("webingo.sites")


class RemoteResources(Shelf):
    """The games are local files. Of each site the newest good document is in force: a bad one is refused with its problems,
    which `refused` tells by site, and the last good one stays.

    Until `ready` is set, nobody knows which sites there are: they are UNAVAILABLE.
    """

    def __init__(self, res_dir: Path, unfit: Callable[[Site], list[Problem]], debug: bool = False) -> None:
        """`unfit` tells what is wrong with a site in the eyes of its platform. Raises BadResource for the games."""
        super().__init__(res_dir)
        if self._problems:
            raise BadResource(self._problems)
        self.ready = False
        self.refused: dict[tuple[str, str], list[Problem]] = {}
        self._unfit = unfit
        self._debug = debug
        self._versions: dict[tuple[str, str], int] = {}  # the newest that was looked at, good or bad
        self._listeners: list[Callable[[Site], None]] = []
        self._taking = asyncio.Lock()

    def listen(self, changed: Callable[[Site], None]) -> None:
        """`changed` is called with every site that is another from now on. It must not raise."""
        self._listeners.append(changed)

    async def site(self, platform: str, site_id: str) -> Site:
        if not self.ready and (platform, site_id) not in self._stock:
            raise Refused(Code.UNAVAILABLE)
        return await super().site(platform, site_id)

    async def take(self, platform: str, site_id: str, version: int, document: Mapping[str, Any], again: bool = False) -> None:
        """A version of a site; older ones than that which was looked at last are passed over. `again`: versions may have
        begun anew, so that another one counts even where its number is lower."""
        where = (platform, site_id)
        async with self._taking:
            known = self._versions.get(where, -1)
            if version == known or (version < known and not again):
                return
            try:
                site, offered = checked(document, self.games, self._debug)
                problems = await self._wrong(where, site, offered)
            except BadResource as error:
                problems = error.problems
            self._versions[where] = version
            if problems:
                self.refused[where] = problems
                wrong = [": ".join(part for part in problem if part) for problem in problems]
                log.error("site_refused", platform=platform, site=site_id, version=version, problems=wrong)
                return
            self.refused.pop(where, None)
            self._stock[where] = (site, offered)
        log.info("site_taken", platform=platform, site=site_id, version=version)
        self._tell(site)

    def allow(self, gaming: bool) -> None:
        """All games of all sites are disabled, or allowed again."""
        if gaming != self.gaming:
            self.gaming = gaming
            log.warning("gaming_allowed" if gaming else "gaming_disabled")
            for site, _ in tuple(self._stock.values()):
                self._tell(site)

    def _tell(self, site: Site) -> None:
        for listener in self._listeners:
            listener(site)

    async def _wrong(self, where: tuple[str, str], site: Site, offered: Mapping[str, Game]) -> list[Problem]:
        """What is wrong with a document that is right in itself."""
        problems: list[Problem] = []
        for field, found, expected in (("platform", site.platform, where[0]), ("id", site.id, where[1])):
            if found != expected:
                problems.append(("", field, f"it must be {expected!r}, as the site is called"))
        problems += self._unfit(site)
        if not self._debug and not problems:
            # Counting takes up to a second for each game; players must not wait for it.
            wrong = await asyncio.to_thread(lambda: list(wrong_offers(site, self._unproved(where, offered))))
            problems += [("", field, reason) for field, reason in wrong]
        return problems

    def _unproved(self, where: tuple[str, str], offered: Mapping[str, Game]) -> dict[str, Game]:
        """The games whose settings differ from those in force, which were looked at before."""
        now = self._stock[where][1] if where in self._stock else {}
        return {name: game for name, game in offered.items() if name not in now or now[name].settings != game.settings}
