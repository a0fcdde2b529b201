"""What the server counts about itself, for Prometheus. Counting one thing costs less than a microsecond."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

_CONNECTIONS = Gauge("webingo_connections", "Open WebSocket connections.", registry=REGISTRY)
_ACTIONS = Counter(
    "webingo_actions", "Players' actions in games, by what came of them.", ("game", "action", "result"), registry=REGISTRY
)
_COMMIT = Histogram(
    "webingo_commit_seconds",
    "Time from a transaction to the store's answer.",
    buckets=(0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
    registry=REGISTRY,
)
_ROUNDS = Counter("webingo_rounds", "Rounds begun.", ("game", "denom"), registry=REGISTRY)
_WAGERED = Counter("webingo_wagered_units", "Wagers, in smallest units.", ("game", "denom"), registry=REGISTRY)
_WON = Counter("webingo_won_units", "Wins, in smallest units.", ("game", "denom"), registry=REGISTRY)
_REFUSALS = Counter("webingo_refusals", "Refusals, by code.", ("code",), registry=REGISTRY)
_ERRORS = Counter("webingo_unexpected_errors", "Errors of the program itself; each one is logged.", registry=REGISTRY)

_action_labels = cache(_ACTIONS.labels)
_refusal_labels = cache(_REFUSALS.labels)


@cache
def _game_labels(game: str, denom: str) -> tuple[Counter, Counter, Counter]:
    return _ROUNDS.labels(game, denom), _WAGERED.labels(game, denom), _WON.labels(game, denom)


def connected() -> None:
    _CONNECTIONS.inc()


def disconnected() -> None:
    _CONNECTIONS.dec()


def action(game: str, name: str, result: str) -> None:
    """`name` must be an action that the game knows: each new value is a series that Prometheus keeps."""
    _action_labels(game, name, result).inc()


def committed(seconds: float) -> None:
    _COMMIT.observe(seconds)


def played(game: str, denom: str, *, opened: bool, wagered: int, won: int) -> None:
    """The money of one transition, in smallest units; `opened` tells whether a round began with it."""
    rounds, wagers, wins = _game_labels(game, denom)
    if opened:
        rounds.inc()
    if wagered:
        wagers.inc(wagered)
    if won:
        wins.inc(won)


def refused(code: str) -> None:
    _refusal_labels(code).inc()


def unexpected_error() -> None:
    _ERRORS.inc()
