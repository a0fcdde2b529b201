"""Sites from files, too: res/local_sites/<id>.json."""

from pathlib import Path

from webingo.errors import BadResource
from webingo.resources.offers import offers
from webingo.resources.shelf import Shelf, check_id
from webingo.resources.site import Site, read_site


class LocalResources(Shelf):
    """Reads, checks and builds all of it at once. Raises BadResource with every problem of every file.

    `sites` by id, one per file.
    """

    def __init__(self, res_dir: Path, debug: bool = False) -> None:
        super().__init__(res_dir)
        self.sites: dict[str, Site] = {}
        self._debug = debug
        for file in self._listed(res_dir / "local_sites"):
            self._read_site(file)
        if self._problems:
            raise BadResource(self._problems)

    def _read_site(self, file: Path) -> None:
        try:
            site = read_site(file)
            check_id(file, site.id, file.stem)
        except BadResource as error:
            self._problems += error.problems
            return
        offered, problems = offers(site, self.games, self._debug, self._refused)
        self._stock[site.platform, site.id] = (site, offered)
        self._problems += [(str(file), field, reason) for field, reason in problems]
        self.sites[site.id] = site
