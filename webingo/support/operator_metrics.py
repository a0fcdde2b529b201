"""What is counted about calls to the operators who keep their players' money, for Prometheus."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from webingo.support.families import Durations, columns, counted
from webingo.support.metrics import REGISTRY

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Operators(Collector):
    """Calls are counted by whoever makes them: add the processes up. What waits is the same for all: take the largest."""

    def __init__(self) -> None:
        self.calls: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self.seconds = Durations(_BUCKETS)
        self.waiting: Mapping[str, tuple[int, float]] = {}

    def collect(self) -> Iterator[Metric]:
        yield counted(
            "webingo_operator_calls",
            "Calls to operators, by what came of them: ok, refused, unanswered, failed (a mistake of the adapter), gave_up.",
            ("operator", "call", "result"),
            self.calls.items(),
        )
        yield self.seconds.family("webingo_operator_seconds", "Time from a call to its answer.", ("operator", "call"))
        gauges = (
            ("deliveries", "Results and cancels that an operator has not acknowledged yet."),
            ("oldest_seconds", "Age of the oldest of them; 0 where none waits."),
        )
        rows = [((operator,), values) for operator, values in self.waiting.items()]
        yield from columns(GaugeMetricFamily, "webingo_operator", gauges, ("operator",), rows)


_OPERATORS = _Operators()
REGISTRY.register(_OPERATORS)


def called(operator: str, call: str, result: str, seconds: float) -> None:
    """What came of a call: ok, refused, unanswered, failed, gave_up."""
    _OPERATORS.calls[operator, call, result] += 1
    _OPERATORS.seconds.add((operator, call), seconds)


def waiting(found: Mapping[str, tuple[int, float]]) -> None:
    """For each operator, how many deliveries wait and how old the oldest is, in seconds."""
    _OPERATORS.waiting = found
