"""What players may know of a game: GET /games/<id>/rules, for programs as JSON and for people as a page."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from tornado.template import Loader, ParseError, Template
from tornado.web import HTTPError

from webingo.errors import BadResource, Code, Refused
from webingo.jackpot.bounds import Bounds, BoundsOf
from webingo.resources.game import Game
from webingo.resources.site import Site
from webingo.resources.source import ResourceSource
from webingo.server.jackpot_rules import jackpot_rules
from webingo.server.pages import CONTENT_SECURITY_POLICY, PageHandler

_SHOWN_APART = {"game", "title", "version", "description", "summary", "volatility", "pay_by", "site"}
_LABELS = {"bets": "Stakes per card", "max_stake": "Largest stake", "max_extra": "Extra balls, at most"}


Key = tuple[str, str, str]
"""Platform, site ("" for both: without a site's settings) and game."""
Running = Callable[[Site], Awaitable[BoundsOf]]
"""Which bounds of a site's jackpots are in force. Raises Refused(UNAVAILABLE)."""


async def without_meters(site: Site) -> BoundsOf:
    """As the site has them."""
    return {jackpot.id: Bounds.of(jackpot) for jackpot in site.jackpots}


class RulesPages:
    """The rules of all games, as they are without a site's settings, and as each site plays them, with its jackpots. Each is
    worked out when it is first asked for, and again where the site has changed, or what is in force of its jackpots.

    Raises BadResource where the template is missing or broken.
    """

    def __init__(self, resources: ResourceSource, templates: Path, running: Running = without_meters) -> None:
        self._resources = resources
        self._running = running
        self._rules: dict[Key, tuple[_Found, dict[str, Any]]] = {}
        file = templates / "rules.html"
        try:
            self.template: Template = Loader(str(templates)).load("rules.html")
        except (OSError, ParseError) as error:
            raise BadResource([(str(file), "", f"the template can't be used: {error}")]) from None

    async def rules(self, game_id: str, platform: str = "", site_id: str = "") -> dict[str, Any] | None:
        """Those of a game on a site, or, where none is named, anywhere. None for what is unknown."""
        found = await self._find(game_id, platform, site_id)
        if found is None:
            return None
        key = platform, site_id, game_id
        known = self._rules.get(key)
        if known is None or known[0] != found:
            titles = {name: manifest.title for name, manifest in self._resources.games.items()}
            known = self._rules[key] = found, await asyncio.to_thread(_rules, found, titles)
        return known[1]

    async def _find(self, game_id: str, platform: str, site_id: str) -> "_Found | None":
        if not platform and not site_id:
            game = self._resources.built.get(game_id)
            return None if game is None else _Found(game, None, {})
        try:
            site = await self._resources.site(platform, site_id)
            game = self._resources.offered(site, game_id)
            return _Found(game, site, await self._running(site))
        except Refused as refusal:
            if refusal.code is Code.UNAVAILABLE:
                raise HTTPError(503) from None
            return None


class _Found(NamedTuple):
    """What a page is worked out from."""

    game: Game
    site: Site | None
    bounds: BoundsOf


def _rules(found: _Found, titles: Mapping[str, str]) -> dict[str, Any]:
    game, site, bounds = found
    manifest = game.manifest
    stated = {
        "game": manifest.id,
        "title": manifest.title,
        "version": manifest.version,
        "description": manifest.description,
        "rtp": manifest.rtp,
        "max_win": manifest.max_win,
        "volatility": manifest.volatility,
    }
    rules = {**stated, **game.engine.rules()}
    won = rules.pop("jackpots", [])
    if site is not None:
        rules["site"] = site.title or site.id
        if told := jackpot_rules(site, game, won, titles, bounds):
            rules["jackpots"] = told
            rules.pop("jackpot", None)  # the same in short
    return rules


class RulesHandler(PageHandler):
    """Open to anybody: regulators want the rules readable without an account."""

    def initialize(self, pages: RulesPages) -> None:
        self._pages = pages

    async def get(self, game_id: str) -> None:
        platform, site = self.get_query_argument("platform", ""), self.get_query_argument("site", "")
        rules = await self._pages.rules(game_id, platform, site)
        if rules is None:
            raise HTTPError(404)
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Vary", "Accept")
        if self.wants_json():
            self.write_json(rules)
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        notes = {name: text for name, text in rules.items() if isinstance(text, str) and name not in _SHOWN_APART}
        page = self._pages.template.generate(
            rules=rules,
            notes=notes,
            words=_words,
            number=_number,
            percent=_percent,
            pictures=_pictures,
            lines=_lines(rules),
            json=_as_json(self.request.query),
        )
        self.finish(page)

    head = get


def _as_json(query: str) -> str:
    """The address of the same page as JSON."""
    kept = [(name, value) for name, value in parse_qsl(query) if name in ("platform", "site")]
    return "?" + urlencode([*kept, ("format", "json")])


def _words(name: str) -> str:
    return _LABELS.get(name) or name.replace("_", " ").capitalize()


def _number(value: Any) -> str:
    """Numbers with thousands marked, lists of them with commas between."""
    if isinstance(value, list | tuple):
        return ", ".join(_number(item) for item in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"


def _pictures(pay: dict[str, Any]) -> list[list[str]]:
    """A pay's pictures as rows of x, . and *: all of a family's, else its one."""
    found: list[list[str]] = pay.get("pictures") or ([pay["picture"]] if pay.get("picture") else [])
    return found


def _lines(rules: dict[str, Any]) -> list[list[str]]:
    """A slot game's pay lines as pictures: rows of x and ., as long as there are reels."""
    rows = rules.get("window", {}).get("rows", 0)
    return [["".join("x" if row == place else "." for place in line) for row in range(rows)] for line in rules.get("lines", [])]
