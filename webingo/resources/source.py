"""Where sites and games come from: local files, or the backoffice."""

from collections.abc import Mapping
from typing import Any, Protocol

from webingo.resources.game import Game, GameManifest
from webingo.resources.site import Site


class ResourceSource(Protocol):
    """Everything that it gives out was checked in full before."""

    @property
    def games(self) -> Mapping[str, GameManifest]:
        """The manifests of all games, by id, whether a site offers them or not."""
        ...

    @property
    def built(self) -> Mapping[str, Game]:
        """All games with their own settings, by id."""
        ...

    def all_sites(self) -> list[Site]:
        """As they are now, of all platforms."""
        ...

    async def site(self, platform: str, site_id: str) -> Site:
        """Raises Refused UNKNOWN_SITE, also for a site of another platform. A closed one is found too."""
        ...

    def newest(self, site: Site) -> Site:
        """The site as it is now: it may have changed since it was given out."""
        ...

    def game(self, site: Site, game_id: str) -> Game:
        """The game as the site offers it now. Raises Refused UNKNOWN_GAME or GAME_DISABLED."""
        ...

    def offered(self, site: Site, game_id: str) -> Game:
        """As `game`, but a disabled one too: a round that is still open on it has to be brought to its end. UNKNOWN_GAME."""
        ...

    def listing(self, site: Site) -> list[dict[str, Any]]:
        """The site's games in its order, for players: id, engine, title, description, enabled."""
        ...
