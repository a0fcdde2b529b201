"""The smallest engine there can be, as a third party would bring it: by an entry point of an installed distribution."""

import json
from fractions import Fraction
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from webingo.engines.engine import Action, Odds, Sample, Step
from webingo.engines.registry import engines
from webingo.errors import Code, Refused

ROOT = Path(__file__).parent.parent
MANIFEST = {
    "id": "coin",
    "engine": "coin",
    "title": "Heads",
    "version": "1.0.0",
    "description": "A coin is tossed.",
    "rtp": 0.95,
    "max_win": 19,
    "volatility": "medium",
    "settings": {"bets": [1, 2]},
    "open_to_sites": ["bets"],
    "math": {"sides": 20, "pay": 19},
}
SITE = {"id": "here", "platform": "demo", "denomination": "credit", "initial_credits": 5, "games": [{"id": "coin"}]}


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class CoinEngine:
    """Lands on one of `sides`; on one of them it pays `pay` times the stake."""

    class Math(_Model):
        sides: int = Field(ge=2)
        pay: int = Field(ge=1)
        reported_rtp: float | None = None  # for tests of an engine whose figures are not what it plays
        breaks: bool = False

    class Settings(_Model):
        bets: tuple[int, ...] = Field((1,), min_length=1)
        theme: str = "plain"

    jackpots = ()

    def __init__(self, math, settings):
        if math.pay > 1000:
            raise ValueError("pay is above 1000")
        self.math, self.settings, self.max_win = math, settings, math.pay

    def start(self, rng):
        return Step("idle", {}, ("bet",), {})

    def apply(self, state, action, rng):
        raise Refused(Code.ACTION_NOT_ALLOWED)

    def finish(self, state) -> list[Action]:
        return []

    abandon = finish

    def rules(self):
        return {
            "summary": "A coin with <many> sides.",
            "how_to_play": ["Bet.", "Hope & wait."],
            "pays": [{"name": "heads", "pay": self.math.pay, "odds": f"1 in {self.math.sides}", "picture": ["x.", ".*"]}],
            "limits": {"bets": list(self.settings.bets)},
        }

    def odds(self):
        if self.math.breaks:
            raise RuntimeError("broken on purpose")
        hit = Fraction(1, self.math.sides)
        rtp = Fraction(self.math.reported_rtp or hit * self.math.pay).limit_denominator(10**6)
        return Odds(rtp, hit, hit * self.math.pay**2 - rtp**2, Fraction(self.math.pay), {"sides": {"heads": hit}})

    def simulate(self, rounds, seed):
        import numpy

        hits = int(numpy.random.default_rng(seed).binomial(rounds, 1 / self.math.sides))
        return Sample(rounds, hits * self.math.pay, hits * self.math.pay**2, hits, self.math.pay if hits else 0)


def install(folder: Path, monkeypatch) -> Path:
    """A res/ with the game and the site in `folder`, and the engine on the path of this and of started processes."""
    packages, res = folder / "packages", folder / "res"
    distribution = packages / "coin-1.0.dist-info"
    distribution.mkdir(parents=True)
    (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: coin\nVersion: 1.0\n")
    (distribution / "entry_points.txt").write_text("[webingo.engines]\ncoin = tests.coin:CoinEngine\n")
    monkeypatch.setenv("PYTHONPATH", f"{packages}:{ROOT}")
    monkeypatch.syspath_prepend(packages)
    engines.cache_clear()
    write(res, "games/coin/manifest.json", MANIFEST)
    write(res, "local_sites/here.json", SITE)
    return res


def write(res: Path, name: str, value) -> None:
    """`value` as JSON, or as it is when it is text."""
    (res / name).parent.mkdir(parents=True, exist_ok=True)
    (res / name).write_text(value if isinstance(value, str) else json.dumps(value))
