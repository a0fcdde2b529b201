"""Games and sites from files: res/games/<id>/manifest.json and res/local_sites/<id>.json."""

from pathlib import Path
from typing import Any

from webingo.errors import BadResource, Code, Refused
from webingo.problems import Problem
from webingo.resources.game import Game, GameManifest, read_manifest
from webingo.resources.offers import offers
from webingo.resources.site import Site, read_site


class LocalResources:
    """Reads, checks and builds all of it at once. Raises BadResource with every problem of every file.

    `games` are the manifests and `built` the games with their own settings, by id; `sites` by id, one per file.
    """

    def __init__(self, res_dir: Path, debug: bool = False) -> None:
        self.games: dict[str, GameManifest] = {}
        self.built: dict[str, Game] = {}
        self.sites: dict[str, Site] = {}
        self._offered: dict[tuple[str, str], Game] = {}
        self._problems: list[Problem] = []
        self._refused: set[str] = set()  # games with a problem of their own: a site that offers one has none
        self._debug = debug
        for folder in self._listed(res_dir / "games"):
            if folder.is_dir():
                self._read_game(folder)
        for file in self._listed(res_dir / "local_sites"):
            self._read_site(file)
        if self._problems:
            raise BadResource(self._problems)

    async def site(self, platform: str, site_id: str) -> Site:
        site = self.sites.get(site_id)
        if site is None or site.platform != platform:
            raise Refused(Code.UNKNOWN_SITE)
        return site

    def game(self, site: Site, game_id: str) -> Game:
        game = self.offered(site, game_id)
        if not game.enabled:
            raise Refused(Code.GAME_DISABLED)
        return game

    def offered(self, site: Site, game_id: str) -> Game:
        game = self._offered.get((site.id, game_id))
        if game is None:
            raise Refused(Code.UNKNOWN_GAME)
        return game

    def listing(self, site: Site) -> list[dict[str, Any]]:
        offered = [self._offered[site.id, game.id] for game in site.games]
        return [
            {
                "id": game.manifest.id,
                "engine": game.manifest.engine,
                "title": game.manifest.title,
                "description": game.manifest.description,
                "enabled": game.enabled,
            }
            for game in offered
        ]

    def _listed(self, folder: Path) -> list[Path]:
        if not folder.is_dir():
            self._problems.append((str(folder), "", "there is no such folder"))
            return []
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))

    def _read_game(self, folder: Path) -> None:
        file = folder / "manifest.json"
        self._refused.add(folder.name)
        try:
            manifest = read_manifest(file)
            _check_id(file, manifest.id, folder.name)
            self.built[manifest.id] = manifest.built(str(file))
        except BadResource as error:
            self._problems += error.problems
            return
        self.games[manifest.id] = manifest
        self._refused.remove(folder.name)

    def _read_site(self, file: Path) -> None:
        try:
            site = read_site(file)
            _check_id(file, site.id, file.stem)
        except BadResource as error:
            self._problems += error.problems
            return
        offered, problems = offers(site, self.games, self._debug, self._refused)
        self._offered |= {(site.id, game_id): game for game_id, game in offered.items()}
        self._problems += [(str(file), field, reason) for field, reason in problems]
        self.sites[site.id] = site


def _check_id(file: Path, found: str, expected: str) -> None:
    if found != expected:
        raise BadResource([(str(file), "id", f"it must be {expected!r}, as the file is named")])
