"""What players may know of a game: GET /games/<id>/rules, for programs as JSON and for people as a page."""

import asyncio
from pathlib import Path
from typing import Any

from tornado.template import Loader, ParseError, Template
from tornado.web import HTTPError

from webingo.errors import BadResource
from webingo.resources.game import Game
from webingo.resources.local import LocalResources
from webingo.server.pages import CONTENT_SECURITY_POLICY, PageHandler

_SHOWN_APART = {"game", "title", "version", "description", "summary", "volatility", "pay_by"}
_LABELS = {"bets": "Stakes per card", "max_stake": "Largest stake", "max_extra": "Extra balls, at most"}


class RulesPages:
    """The rules of all games as they are without a site's settings; each worked out when it is first asked for.

    Raises BadResource where the template is missing or broken.
    """

    def __init__(self, resources: LocalResources, templates: Path) -> None:
        self._games = resources.built
        self._rules: dict[str, dict[str, Any]] = {}
        file = templates / "rules.html"
        try:
            self.template: Template = Loader(str(templates)).load("rules.html")
        except (OSError, ParseError) as error:
            raise BadResource([(str(file), "", f"the template can't be used: {error}")]) from None

    async def rules(self, game_id: str) -> dict[str, Any] | None:
        """None for an unknown game."""
        game = self._games.get(game_id)
        if game is None:
            return None
        if game_id not in self._rules:
            self._rules[game_id] = await asyncio.to_thread(_rules, game)
        return self._rules[game_id]


def _rules(game: Game) -> dict[str, Any]:
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
    return {**stated, **game.engine.rules()}


class RulesHandler(PageHandler):
    """Open to anybody: regulators want the rules readable without an account."""

    def initialize(self, pages: RulesPages) -> None:
        self._pages = pages

    async def get(self, game_id: str) -> None:
        rules = await self._pages.rules(game_id)
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
            rules=rules, notes=notes, words=_words, number=_number, percent=_percent, pictures=_pictures, lines=_lines(rules)
        )
        self.finish(page)

    head = get


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
