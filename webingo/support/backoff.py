"""How long to wait before something is tried or asked again. Chance keeps those apart who began together."""

from webingo.rng import Rng

_GRAIN = 1_000_000


def full_jitter(rng: Rng, failures: int, first_s: float, most_s: float) -> float:
    """Seconds: evenly drawn from 0 up to a bound that is `first_s` after the first failure, doubles with each, and stops at
    `most_s` (Brooker, "Exponential Backoff And Jitter", AWS 2015)."""
    return _bound(failures, first_s, most_s) * rng.below(_GRAIN) / _GRAIN


def half_jitter(rng: Rng, failures: int, first_s: float, most_s: float) -> float:
    """As `full_jitter`, but evenly drawn from half of the bound up to it."""
    return (_bound(failures, first_s, most_s) + full_jitter(rng, failures, first_s, most_s)) / 2


def around(rng: Rng, seconds: float, spread: float) -> float:
    """Evenly drawn from `seconds` less that part of them up to as much more: for what is done again and again."""
    return seconds * (1 - spread + 2 * spread * rng.below(_GRAIN) / _GRAIN)


def _bound(failures: int, first_s: float, most_s: float) -> float:
    return min(most_s, first_s * 2.0 ** min(failures - 1, 60))
