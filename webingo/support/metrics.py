"""What the server counts about itself, for Prometheus.

Counting is an addition to a dictionary: on the hot path Prometheus' own counters with their locks cost ten times as much.
The numbers are handed over when somebody asks.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from webingo.rng import SOURCE
from webingo.support.families import BUCKETS, Durations, columns, counted, cumulated


class _Counts(Collector):
    """All counts of this process. One event loop counts; a scrape on the same loop reads."""

    def __init__(self) -> None:
        self.connections = 0
        self.errors = 0
        self.actions: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self.refusals: defaultdict[str, int] = defaultdict(int)
        self.games: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])  # rounds, wagered, won
        self.commits = [0] * (len(BUCKETS) + 1)
        self.commit_seconds = 0.0
        self.calls: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.call_seconds = Durations()
        self.breakers: Callable[[], Mapping[str, str]] = dict
        self.payments: defaultdict[str, int] = defaultdict(int)
        self.graph_calls: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.graph_breaker: Callable[[], str] | None = None
        self.ledger_waiting: dict[str, tuple[float, float, float]] = {}  # group: entries, seconds, shards
        self.ledger_done: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])  # group: applied, failures

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("webingo_connections", "Open WebSocket connections.", self.connections)
        yield CounterMetricFamily("webingo_unexpected_errors", "Errors of the program itself; each is logged.", self.errors)
        yield GaugeMetricFamily(
            "webingo_rng_failed", "1 where the random numbers failed their health tests: play is stopped.", bool(SOURCE.failure)
        )
        yield counted(
            "webingo_actions",
            "Players' actions in games, by what came of them.",
            ("game", "action", "result"),
            self.actions.items(),
        )
        yield counted(
            "webingo_refusals", "Refusals, by code.", ("code",), (((code,), count) for code, count in self.refusals.items())
        )
        yield counted(
            "webingo_payments",
            "Messages about purchases, by what came of them: completed, pending, failed, unknown, strange, postponed; "
            "disputed; short: less was left than had to be taken back.",
            ("result",),
            (((result,), count) for result, count in self.payments.items()),
        )
        yield from self._graph()
        yield from self._money()
        yield self._commit_latency()
        yield from self._backoffice()
        yield from self._ledger()

    def _graph(self) -> Iterator[Metric]:
        yield counted(
            "webingo_graph_calls",
            "Calls to Facebook's Graph API, by what came of them: ok, rejected, failed, not_tried, gave_up.",
            ("call", "result"),
            self.graph_calls.items(),
        )
        if self.graph_breaker is not None:
            yield _states(
                "webingo_graph_breaker", "1 for the state of Graph's circuit breaker.", (), {(): self.graph_breaker()}
            )

    def _money(self) -> Iterator[Metric]:
        described = (("rounds", "Rounds begun."), ("wagered_units", "Wagers, in units."), ("won_units", "Wins, in units."))
        return columns(CounterMetricFamily, "webingo", described, ("game", "denom"), self.games.items())

    def _ledger(self) -> Iterator[Metric]:
        """Each process tells of the shards that it serves: add the processes up (the oldest entry: take the largest)."""
        gauges = (
            ("lag", "Ledger entries that a group of consumers has not taken yet."),
            ("oldest_seconds", "Age of the oldest of them; 0 where none waits."),
            ("shards", "Shards of the ledger that this process serves for the group."),
        )
        rows = [((group,), values) for group, values in self.ledger_waiting.items()]
        yield from columns(GaugeMetricFamily, "webingo_ledger", gauges, ("group",), rows)
        counters = (
            ("applied", "Ledger entries that a group has taken."),
            ("failures", "Times that a group could not take a page of entries."),
        )
        done = [((group,), counts) for group, counts in self.ledger_done.items()]
        yield from columns(CounterMetricFamily, "webingo_ledger", counters, ("group",), done)

    def _commit_latency(self) -> Metric:
        family = HistogramMetricFamily("webingo_commit_seconds", "Time from a transaction to the store's answer.")
        family.add_metric((), cumulated(self.commits), self.commit_seconds)
        return family

    def _backoffice(self) -> Iterator[Metric]:
        yield counted(
            "webingo_backoffice_calls",
            "Calls to the backoffice, by what came of them: ok, rejected, failed, not_tried.",
            ("call", "result"),
            self.calls.items(),
        )
        yield self.call_seconds.family("webingo_backoffice_seconds", "Time from a call to its answer.", ("call",))
        lines: dict[tuple[str, ...], str] = {(line,): state for line, state in self.breakers().items()}
        yield _states("webingo_backoffice_breaker", "1 for the state that the line's circuit breaker is in.", ("line",), lines)


def _states(name: str, text: str, labels: tuple[str, ...], found: Mapping[tuple[str, ...], str]) -> Metric:
    """The states of circuit breakers, by their labels."""
    states = GaugeMetricFamily(name, text, labels=(*labels, "state"))
    for values, state in found.items():
        for known in ("closed", "open", "half-open"):
            states.add_metric((*values, known), state == known)
    return states


class _Jackpots(Collector):
    """Every process knows every meter's value: take the largest, don't add them up. Wins are counted by whoever paid them."""

    def __init__(self) -> None:
        self.listeners = self.owed = 0
        self.values: dict[tuple[str, str, str], float] = {}
        self.paid: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])  # wins, units

    def collect(self) -> Iterator[Metric]:
        labels = ("site", "jackpot", "denom")
        values = GaugeMetricFamily("webingo_jackpot_value_units", "What a jackpot holds, in units.", labels=labels)
        for names, value in self.values.items():
            values.add_metric(names, value)
        yield values
        described = (("wins", "Jackpots paid."), ("paid_units", "What was paid, in units."))
        yield from columns(CounterMetricFamily, "webingo_jackpot", described, labels, self.paid.items())
        yield GaugeMetricFamily("webingo_jackpot_listeners", "Subscriptions of sessions to jackpots.", self.listeners)
        yield GaugeMetricFamily("webingo_jackpot_owed", "Wins that were granted and not paid when last looked.", self.owed)


_COUNTS = _Counts()
_JACKPOTS = _Jackpots()
REGISTRY = CollectorRegistry()
REGISTRY.register(_COUNTS)
REGISTRY.register(_JACKPOTS)


def connected() -> None:
    _COUNTS.connections += 1


def disconnected() -> None:
    _COUNTS.connections -= 1


def action(game: str, name: str, result: str) -> None:
    """`name` must be an action that the game knows: each new value is a series that Prometheus keeps."""
    _COUNTS.actions[game, name, result] += 1


def committed(seconds: float) -> None:
    _COUNTS.commits[bisect_left(BUCKETS, seconds)] += 1
    _COUNTS.commit_seconds += seconds


def played(game: str, denom: str, *, opened: bool, wagered: int, won: int) -> None:
    """The money of one transition, in smallest units; `opened` tells whether a round began with it."""
    sums = _COUNTS.games[game, denom]
    sums[0] += opened
    sums[1] += wagered
    sums[2] += won


def backoffice_called(call: str, result: str, seconds: float) -> None:
    """What came of a call: ok, rejected (it said no), failed (no answer that counts), not_tried (the breaker was open)."""
    _COUNTS.calls[call, result] += 1
    if result != "not_tried":
        _COUNTS.call_seconds.add((call,), seconds)


def breakers(states: Callable[[], Mapping[str, str]]) -> None:
    """Where to ask for the states of the backoffice's circuit breakers, by line."""
    _COUNTS.breakers = states


def refused(code: str) -> None:
    _COUNTS.refusals[code] += 1


def payment(result: str) -> None:
    """What came of a message about a purchase."""
    _COUNTS.payments[result] += 1


def graph_called(call: str, result: str) -> None:
    """What came of a call to Facebook's Graph API, as of one to the backoffice; gave_up: whoever asked waited no longer."""
    _COUNTS.graph_calls[call, result] += 1


def graph_breaker(state: Callable[[], str]) -> None:
    """Where to ask for the state of Graph's circuit breaker."""
    _COUNTS.graph_breaker = state


def unexpected_error() -> None:
    _COUNTS.errors += 1


def ledger_waiting(group: str, entries: int, oldest_s: float, shards: int) -> None:
    """What waits for a group in the shards that this process serves."""
    _COUNTS.ledger_waiting[group] = (entries, oldest_s, shards)


def ledger_left(group: str) -> None:
    """This process serves the group no more."""
    _COUNTS.ledger_waiting.pop(group, None)


def ledger_applied(group: str, entries: int) -> None:
    _COUNTS.ledger_done[group][0] += entries


def ledger_failed(group: str) -> None:
    _COUNTS.ledger_done[group][1] += 1


def jackpot_value(site: str, jackpot: str, denom: str, units: float) -> None:
    _JACKPOTS.values[site, jackpot, denom] = units


def jackpot_paid(site: str, jackpot: str, denom: str, units: int) -> None:
    sums = _JACKPOTS.paid[site, jackpot, denom]
    sums[0] += 1
    sums[1] += units


def jackpot_listeners(count: int) -> None:
    _JACKPOTS.listeners = count


def jackpots_owed(count: int) -> None:
    _JACKPOTS.owed = count
