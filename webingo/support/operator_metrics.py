"""What is counted about calls to the operators who keep their players' money, for Prometheus."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from webingo.support.metrics import REGISTRY, cumulated

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Operators(Collector):
    """Calls are counted by whoever makes them: add the processes up. What waits is the same for all: take the largest."""

    def __init__(self) -> None:
        self.calls: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self.seconds: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0] * (len(_BUCKETS) + 2))
        self.waiting: Mapping[str, tuple[int, float]] = {}

    def collect(self) -> Iterator[Metric]:
        calls = CounterMetricFamily(
            "webingo_operator_calls",
            "Calls to operators, by what came of them: ok, refused, unanswered, failed (a mistake of the adapter), gave_up.",
            labels=("operator", "call", "result"),
        )
        for labels, count in self.calls.items():
            calls.add_metric(labels, count)
        yield calls
        seconds = HistogramMetricFamily(
            "webingo_operator_seconds", "Time from a call to its answer.", labels=("operator", "call")
        )
        for names, (total, *counts) in self.seconds.items():
            seconds.add_metric(names, cumulated(counts, _BUCKETS), total)
        yield seconds
        gauges = (
            ("deliveries", "Results and cancels that an operator has not acknowledged yet."),
            ("oldest_seconds", "Age of the oldest of them; 0 where none waits."),
        )
        for place, (name, text) in enumerate(gauges):
            gauge = GaugeMetricFamily(f"webingo_operator_{name}", text, labels=("operator",))
            for operator, values in self.waiting.items():
                gauge.add_metric((operator,), values[place])
            yield gauge


_OPERATORS = _Operators()
REGISTRY.register(_OPERATORS)


def called(operator: str, call: str, result: str, seconds: float) -> None:
    """What came of a call: ok, refused, unanswered, failed, gave_up."""
    _OPERATORS.calls[operator, call, result] += 1
    spent = _OPERATORS.seconds[operator, call]
    spent[0] += seconds
    spent[1 + bisect_left(_BUCKETS, seconds)] += 1


def waiting(found: Mapping[str, tuple[int, float]]) -> None:
    """For each operator, how many deliveries wait and how old the oldest is, in seconds."""
    _OPERATORS.waiting = found
