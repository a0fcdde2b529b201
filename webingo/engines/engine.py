"""The contract that every game fulfils: pure rules, `apply(state, action, rng) -> Step`.

An engine sees the state, the action, its manifest and random numbers: never the balance, the player or the clock. It may
not change what it is given. The same state, action and draws give the same step, for ever: that is what `webingo verify`
relies on. Amounts are integers in the denomination's smallest unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

from pydantic import BaseModel

from webingo.rng import Rng


class Action(NamedTuple):
    """What a player asks for. `params` comes from the wire unchecked: the engine refuses what is wrong in it."""

    name: str
    params: Mapping[str, Any]


class GameState(NamedTuple):
    """One state of a game. `id` is a UUID 4 that no other state has; `actions` is exactly what `apply` accepts now.

    `data` is sent to the player as it is; `private` is stored beside it and never leaves the server.
    """

    id: str
    name: str
    data: dict[str, Any]
    actions: tuple[str, ...]
    private: dict[str, Any]


class Move(NamedTuple):
    """Money that a step moves: a wager out of the wallet or a win into it. The amount is positive."""

    kind: Literal["wager", "win"]
    amount: int


class Step(NamedTuple):
    """What an action leads to. The caller gives the new state its id.

    `moves` are carried out in order with the change of state, all or nothing. A round begins with the first wager and is
    open until a step says `over`. `then` is an action that follows at once on the new state (a bet that first ends the
    round before): both transitions are committed together and pushed one after the other.

    `jackpots` are those of the site that this outcome wins, beside its moves: ids that the settings gave to the engine, in an
    order of the engine's that never changes, each at most once in a round, with the step whose state shows it. What one pays
    is the house's affair: the engine never knows.
    """

    name: str
    data: dict[str, Any]
    actions: tuple[str, ...]
    private: dict[str, Any]
    moves: tuple[Move, ...] = ()
    over: bool = True
    then: Action | None = None
    jackpots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Odds:
    """The exact mathematics of a game, per unit of stake. `details` holds what only this kind of game has; `parts` are the
    exact means of the parts of a Sample, by their names, as far as they are known.

    Jackpots are in none of the figures: they are not the engine's to pay. Where the game has some, `details["jackpots"]` says
    how often a round wins them, as a list of {"name": as the game calls it, "id": the site's, where the settings name one,
    "triggers": what wins it, in words, "probability", "one_in", "stakes": the lowest and the highest total stake at which it is
    so}; `at_least` beside them where `probability` is a bound from above."""

    rtp: Fraction
    hit_rate: Fraction
    variance: Fraction
    max_win: Fraction
    details: dict[str, Any]
    parts: dict[str, Fraction] = field(default_factory=dict)


class Part(NamedTuple):
    """Something that simulated rounds were also watched for: how many times, and what came out, added up."""

    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs
    total: int | Fraction
    squared: int | Fraction


@dataclass(frozen=True, slots=True)
class Sample:
    """Sums over simulated rounds, per unit of stake, that can be added up over processes: without any rounding where they are
    integers or fractions. `parts` are what else was watched, by name."""

    rounds: int
    returned: float | Fraction
    returned_squared: float | Fraction
    hits: int
    highest: float | Fraction
    parts: dict[str, Part] = field(default_factory=dict)


class Engine(Protocol):
    """One game: the rules of a kind of game with one manifest's mathematics and one site's settings.

    `Math` and `Settings` are the pydantic models of the manifest's `math` and `settings`; a site may override settings
    that the manifest opens, never the mathematics. Building an engine checks what the models can't and raises ValueError.
    """

    Math: ClassVar[type[BaseModel]]
    Settings: ClassVar[type[BaseModel]]

    max_win: int
    """The largest sum of wins of one round, as a multiple of the round's first wager, without jackpots: the commit refuses
    more."""

    jackpots: tuple[str, ...]
    """The site's jackpots that the game can win under these settings; () where it wins none."""

    def __init__(self, math: Any, settings: Any) -> None: ...

    def start(self, rng: Rng) -> Step:
        """The first state after the game is loaded. Moves no money."""
        ...

    def apply(self, state: GameState, action: Action, rng: Rng) -> Step:
        """The step that `action` leads to. Raises Refused (ACTION_NOT_ALLOWED, BAD_PARAMS, LIMIT) and nothing else."""
        ...

    def finish(self, state: GameState) -> Sequence[Action]:
        """The actions that bring the game to an end from here, so that it can be unloaded: none where no round is open.

        Raises Refused(NOT_FINISHABLE) where the player still has a choice to make.
        """
        ...

    def abandon(self, state: GameState) -> Sequence[Action]:
        """The actions that close a round whose player never came back, to the player's benefit where there is a choice."""
        ...

    def rules(self) -> dict[str, Any]:
        """What a player may read: JSON for /games/<id>/rules, with the pay table, limits and how a round goes.

        Keys: `summary` (text), `how_to_play` (list of texts), `pays` (list of {name, pay, odds, picture?}), `limits` (dict);
        where it wins jackpots of the site `jackpots`, their rows of `odds`, perhaps with a `note` (text): when those odds hold.
        """
        ...

    def odds(self) -> Odds:
        """Exact, by counting: no simulation."""
        ...

    def simulate(self, rounds: int, seed: int) -> Sample:
        """Plays rounds fast, with a seeded generator of its own that never serves live play. `seed` is below 2^128, and another
        one for each call of a run."""
        ...
