"""Families of figures as Prometheus takes them, made from plain dictionaries and lists when somebody asks."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

Labels = tuple[str, ...]

BUCKETS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds, in seconds."""


def counted(name: str, text: str, labels: Labels, counts: Iterable[tuple[Sequence[str], int]]) -> Metric:
    """How often each of what is labelled was counted."""
    family = CounterMetricFamily(name, text, labels=labels)
    for found, count in counts:
        family.add_metric(found, count)
    return family


def columns(
    family: type[CounterMetricFamily] | type[GaugeMetricFamily],
    prefix: str,
    described: Sequence[tuple[str, str]],
    labels: Labels,
    rows: Iterable[tuple[Sequence[str], Sequence[float]]],
) -> Iterator[Metric]:
    """A family for each (name, text) of `described`, whose values stand in its place in every row."""
    rows = list(rows)
    for place, (name, text) in enumerate(described):
        made = family(f"{prefix}_{name}", text, labels=labels)
        for found, values in rows:
            made.add_metric(found, values[place])
        yield made


def cumulated(counts: Sequence[float], buckets: Sequence[float] = BUCKETS) -> list[tuple[str, float]]:
    """What a histogram takes: for each upper bound how many lie below; the last count is of those above all bounds."""
    bounds = (*(str(bound) for bound in buckets), "+Inf")
    return list(zip(bounds, accumulate(counts), strict=True))


class Durations:
    """How long things took, by labels."""

    def __init__(self, buckets: Sequence[float] = BUCKETS) -> None:
        self._buckets = buckets
        self._spent: defaultdict[Labels, list[float]] = defaultdict(lambda: [0.0] * (len(buckets) + 2))

    def add(self, labels: Labels, seconds: float) -> None:
        spent = self._spent[labels]
        spent[0] += seconds
        spent[1 + bisect_left(self._buckets, seconds)] += 1

    def family(self, name: str, text: str, labels: Labels) -> Metric:
        made = HistogramMetricFamily(name, text, labels=labels)
        for found, (total, *counts) in self._spent.items():
            made.add_metric(found, cumulated(counts, self._buckets), total)
        return made
