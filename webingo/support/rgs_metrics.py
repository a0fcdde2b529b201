"""What is counted about the RGS door, for Prometheus."""

from collections import defaultdict
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from webingo.support.families import Durations, counted
from webingo.support.metrics import REGISTRY


class _Rgs(Collector):
    """Calls are counted by whoever answers them: add the processes up. Every process that sweeps knows all rounds that are
    overdue: take the largest."""

    def __init__(self) -> None:
        self.calls: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.seconds = Durations()
        self.overdue = 0

    def collect(self) -> Iterator[Metric]:
        yield counted(
            "webingo_rgs_calls",
            "Calls of games that live elsewhere, by what came of them: ok, or the code of the refusal.",
            ("call", "result"),
            self.calls.items(),
        )
        yield self.seconds.family("webingo_rgs_seconds", "Time from such a call to its answer.", ("call",))
        yield GaugeMetricFamily(
            "webingo_rgs_overdue", "Rounds elsewhere that were open for too long when last looked.", self.overdue
        )


_RGS = _Rgs()
REGISTRY.register(_RGS)


def rgs_called(call: str, result: str, seconds: float) -> None:
    _RGS.calls[call, result] += 1
    _RGS.seconds.add((call,), seconds)


def rgs_overdue(count: int) -> None:
    _RGS.overdue = count
