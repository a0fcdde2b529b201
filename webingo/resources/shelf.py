"""Games from files, res/games/<id>/manifest.json, and the sites that offer them, wherever those come from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from webingo.errors import BadResource, Code, Refused
from webingo.problems import Problem
from webingo.resources.game import Game, GameManifest, read_manifest
from webingo.resources.site import Site


class Shelf:
    """What all sources of sites have in common: a ResourceSource over what was checked and put here.

    `games` are the manifests and `built` the games with their own settings, by id. While `gaming` is off, every game of
    every site is disabled; those of a closed site always are.
    """

    def __init__(self, res_dir: Path) -> None:
        self.games: dict[str, GameManifest] = {}
        self.built: dict[str, Game] = {}
        self.gaming = True
        self._stock: dict[tuple[str, str], tuple[Site, dict[str, Game]]] = {}
        self._problems: list[Problem] = []
        self._refused: set[str] = set()  # games with a problem of their own: a site that offers one has none
        for folder in self._listed(res_dir / "games"):
            if folder.is_dir():
                self._read_game(folder)

    def all_sites(self) -> list[Site]:
        """As they are now."""
        return [site for site, _ in self._stock.values()]

    async def site(self, platform: str, site_id: str) -> Site:
        found = self._stock.get((platform, site_id))
        if found is None:
            raise Refused(Code.UNKNOWN_SITE)
        return found[0]

    def newest(self, site: Site) -> Site:
        found = self._stock.get((site.platform, site.id))
        return site if found is None else found[0]

    def game(self, site: Site, game_id: str) -> Game:
        game = self.offered(site, game_id)
        if not game.enabled:
            raise Refused(Code.GAME_DISABLED)
        return game

    def offered(self, site: Site, game_id: str) -> Game:
        found = self._stock.get((site.platform, site.id))
        game = None if found is None else found[1].get(game_id)
        if found is None or game is None:
            raise Refused(Code.UNKNOWN_GAME)
        closed = not (self.gaming and found[0].enabled)
        return replace(game, enabled=False) if closed and game.enabled else game

    def listing(self, site: Site) -> list[dict[str, Any]]:
        offered = [self.offered(site, game.id) for game in self.newest(site).games]
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
            check_id(file, manifest.id, folder.name)
            self.built[manifest.id] = manifest.built(str(file))
        except BadResource as error:
            self._problems += error.problems
            return
        self.games[manifest.id] = manifest
        self._refused.remove(folder.name)


def check_id(file: Path, found: str, expected: str) -> None:
    if found != expected:
        raise BadResource([(str(file), "id", f"it must be {expected!r}, as the file is named")])
