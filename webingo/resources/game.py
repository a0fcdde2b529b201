"""A game is data: res/games/<id>/manifest.json, checked in full by the engine that it names."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from webingo.engines.engine import Engine
from webingo.engines.registry import engines
from webingo.errors import BadResource
from webingo.problems import Problem, invalid, read_object, unknown
from webingo.transaction.transaction import MAX_AMOUNT

if TYPE_CHECKING:
    from webingo.resources.jackpots import Feeds

GameId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Version = Annotated[
    str, StringConstraints(pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$")
]


class GameManifest(BaseModel):
    """What a studio delivers. `math` never changes without a new `version`; `settings` are the defaults of what may.

    `rtp` is the return to player as a fraction of the stake, `max_win` the largest win of a round as a multiple of its first
    wager; both are stated here and checked against what the engine computes.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    id: GameId
    engine: str
    title: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    version: Version
    description: str = ""
    rtp: float = Field(gt=0, le=1)
    max_win: int = Field(ge=1, le=MAX_AMOUNT)
    volatility: Literal["low", "medium", "high"]
    settings: dict[str, Any] = {}
    open_to_sites: list[str] = []
    math: dict[str, Any] = {}

    def build(self, overrides: Mapping[str, Any] | None = None, enabled: bool = True) -> "Game":
        """The game with a site's settings over its own.

        Raises BadResource whose problems name no file and have fields from the manifest's root: `math.pays.0.pay`.
        """
        return self._build({**self.settings, **(overrides or {})}, self._not_open(self._kind(), overrides or {}), enabled)

    def recorded(self, settings: Mapping[str, Any]) -> "Game":
        """The game with exactly the settings of a round's record, whatever is open to sites today. Raises as `build`."""
        return self._build(settings, [], True)

    def _kind(self) -> type[Engine]:
        kind = engines().get(self.engine)
        if kind is None:
            raise BadResource([("", "engine", unknown("engine", self.engine, engines()))])
        return kind

    def _build(self, settings: Mapping[str, Any], problems: list[Problem], enabled: bool) -> "Game":
        kind = self._kind()
        math_model = _checked(kind.Math, self.math, "math.", problems)
        settings_model = _checked(kind.Settings, settings, "settings.", problems)
        if problems:
            raise BadResource(problems)
        try:
            engine = kind(math_model, settings_model)
        except ValueError as error:
            raise BadResource([("", "math", f"the engine refuses it: {error}")]) from None
        # What a site changes may lower the largest win (no gamble, say), but players are told the manifest's.
        if engine.max_win > self.max_win or (engine.max_win < self.max_win and settings == self.settings):
            raise BadResource([("", "max_win", f"the manifest states {self.max_win}, the engine computes {engine.max_win}")])
        return Game(self, settings_model.model_dump(mode="json"), engine, enabled)

    def built(self, file: str) -> "Game":
        """The game with its own settings. Raises BadResource whose problems name `file`."""
        try:
            return self.build()
        except BadResource as error:
            raise BadResource([(file, field, reason) for _, field, reason in error.problems]) from None

    def _not_open(self, kind: type[Engine], overrides: Mapping[str, Any]) -> list[Problem]:
        known = kind.Settings.model_fields
        problems = [
            ("", f"open_to_sites.{place}", unknown("setting", name, known))
            for place, name in enumerate(self.open_to_sites)
            if name not in known
        ]
        for name in overrides:
            if name not in known:
                problems.append(("", f"settings.{name}", unknown("setting", name, self.open_to_sites)))
            elif name not in self.open_to_sites:
                problems.append(("", f"settings.{name}", "the game does not let a site change this setting"))
        return problems


@dataclass(frozen=True, slots=True)
class Game:
    """A game as one site offers it. `settings` are those in force, with every default filled in; `feeds` says what its wagers
    add to the site's jackpots, None where that is nothing."""

    manifest: GameManifest
    settings: dict[str, Any]
    engine: Engine
    enabled: bool = True
    feeds: "Feeds | None" = None


def read_manifest(file: Path) -> GameManifest:
    """A manifest by itself, not yet built. Raises BadResource."""
    document = read_object(file)
    try:
        return GameManifest.model_validate(document)
    except ValidationError as error:
        raise BadResource(invalid(str(file), error, GameManifest.model_fields)) from None


def _checked(model: type[BaseModel], value: Mapping[str, Any], prefix: str, problems: list[Problem]) -> Any:
    try:
        # As JSON, since a strict model takes a list for a tuple only from there.
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        known = invalid("", error, model.model_fields, prefix)
        named = {field for _, field, _ in problems}
        problems += [problem for problem in known if problem[1] not in named]
        return None
