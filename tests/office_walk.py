"""A walk through every page of the console, and how long each takes: found by its routes, its forms, its links and its pagers.

Nothing here lists pages: one that is added is walked, too. Only what people type into fields is told by name, in `Typed`.
"""

import base64
import itertools
import random
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import orjson

from tests.console import Document, Form

DAY = 86_400_000
Typed = Mapping[str, Sequence[str]]
"""What is typed into the fields of these names; a field that is not named stays empty."""


@dataclass
class Measured:
    """Seconds of each try, to the last byte; of a file to be downloaded to its first ones."""

    seconds: list[float] = field(default_factory=list)
    bytes: int = 0

    @property
    def middle(self) -> float:
        return median(self.seconds)

    @property
    def best(self) -> float:
        return min(self.seconds)


class Walk:
    """`client` is signed in. What takes longer than `suspicious` seconds is tried thrice. With `far` lists are followed to
    their ends, and forms are filled in by two fields at once."""

    def __init__(
        self, client: httpx.Client, typed: Typed, combinations: int, suspicious: float = 0.1, far: bool = True
    ) -> None:
        self._far = far
        self._client, self._typed, self._combinations, self._suspicious = client, typed, combinations, suspicious
        self._forms = set[str]()
        self.found: dict[str, Measured] = {}

    def page(self, address: str) -> Document:
        """An empty one for a file. Every answer has to be a success, or lead to a page."""
        found = self.found.setdefault(address, Measured())
        text = self._try(address, found)
        while found.middle > self._suspicious and len(found.seconds) < 3:
            self._try(address, found)
        return Document(text)

    def _try(self, address: str, found: Measured) -> str:
        begun = time.perf_counter()
        with self._client.stream("GET", address) as answer:
            assert answer.status_code in (200, 303), (address, answer.status_code)
            if "attachment" in answer.headers.get("content-disposition", ""):
                first = next(answer.iter_raw(), b"")
                found.seconds.append(time.perf_counter() - begun)
                found.bytes = len(first)
                return ""
            body = answer.read()
        found.seconds.append(time.perf_counter() - begun)
        found.bytes = len(body)
        return body.decode()

    def everything(self, starts: Iterable[str]) -> None:
        """These pages, their tabs, what their forms find, and the pages before and behind each."""
        for start in starts:
            page = self.page(start)
            for address in _tabs(start, page):
                self._beside(self.page(address))
            self._beside(page)
            for form in page.forms:
                if form.method == "get" and form.action not in self._forms:
                    self._forms.add(form.action)
                    for address in self._asked(form):
                        far = [link for one in _pagers(self.page(address)) for link in _far(one)]
                        if self._far and far and far[-1] not in self.found:
                            self.page(far[-1])

    def again(self, addresses: Iterable[str], times: int) -> None:
        for address in itertools.chain.from_iterable(itertools.repeat(list(addresses), times)):
            self._try(address, self.found.setdefault(address, Measured()))

    def _beside(self, page: Document) -> None:
        """The next page, and with `far` one from the middle and one from the end of the list, and the way back from there."""
        for link in _pagers(page):
            for far in (link, *_far(link)) if self._far else (link,):
                if far in self.found:
                    continue
                for back in _pagers(self.page(far)):
                    if back not in self.found and "page=n" in back:
                        self.page(back)

    def _asked(self, form: Form) -> Iterator[str]:
        """Every field with every value, every pair of them, and a choice of all combinations."""
        offered = {
            name: form.options[name] if kind == "select" else ["", *self._typed.get(f"{form.action} {name}", ())]
            for name, kind in form.kinds.items()
            if kind in ("select", "text", "search", "date", "datetime-local")
        }
        names = list(offered)
        asked = dict.fromkeys(self._pairs(offered))
        dice = random.Random(form.action)
        for _ in range(self._combinations):
            asked[tuple(dice.choice(offered[name]) for name in names)] = None
        for values in asked:
            given = {name: value for name, value in zip(names, values, strict=True) if value}
            yield form.action + ("?" + urlencode(given) if given else "")

    def _pairs(self, offered: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
        empty = {name: values[0] for name, values in offered.items()}
        if not self._far:
            yield from (tuple({**empty, name: value}.values()) for name, values in offered.items() for value in values[:5])
            return
        for one, other in itertools.combinations(offered, 2):
            for values in itertools.product(offered[one], offered[other]):
                yield tuple({**empty, one: values[0], other: values[1]}.values())

    def table(self, count: int = 15) -> str:
        """The slowest ones."""
        slowest = sorted(self.found.items(), key=lambda item: -item[1].middle)[:count]
        lines = [f"{'best':>8} {'median':>8} {'bytes':>8}  page"]
        for address, one in slowest:
            lines.append(f"{one.best * 1000:6.0f}ms {one.middle * 1000:6.0f}ms {one.bytes:8}  {address[:160]}")
        every = sorted(one.middle for one in self.found.values())
        lines.append(
            f"{len(every)} addresses; median of all {median(every) * 1000:.1f} ms, p99 {_share(every, 0.99) * 1000:.0f} ms"
        )
        return "\n".join(lines)


def _share(values: Sequence[float], share: float) -> float:
    return values[min(int(len(values) * share), len(values) - 1)]


def starts(paths: Iterable[str], known: Mapping[str, Sequence[Mapping[str, str]]]) -> Iterator[str]:
    """Addresses of routes: `known` has by each part of a path in braces the values to put in, of the whole path first."""
    for path in paths:
        names = re.findall(r"{(\w+)(?::\w+)?}", path)
        if not names:
            yield path
            continue
        for values in known[" ".join(names)]:
            yield re.sub(r"{(\w+)(:\w+)?}", lambda name, values=values: quote(values[name[1]], safe=""), path)


def _tabs(address: str, page: Document) -> list[str]:
    """Links from a page to itself, asked otherwise; pagers are followed by themselves."""
    path = urlsplit(address).path
    links = [link for link in page.links() if urlsplit(link).path == path]
    return [link for link in dict.fromkeys(links) if link != address and "page=" not in link][:20]


def _pagers(page: Document) -> list[str]:
    """Where rel="next" and rel="prev" lead."""
    return [have["href"] for tag, have in page.elements if tag == "a" and have.get("rel") in ("next", "prev")]


def _far(link: str) -> Iterator[str]:
    """The same list in its middle and near its end: the cursor's first number made smaller."""
    parts = urlsplit(link)
    given = dict(parse_qsl(parts.query))
    cursor = given.get("page", "")
    if not cursor or cursor[0] == "n":
        return
    for share in (0.5, 0.98):
        yield f"{parts.path}?{urlencode({**given, 'page': _moved(cursor, share)})}"


def _moved(cursor: str, share: float) -> str:
    def less(value: Any) -> Any:
        if not isinstance(value, int):
            return value
        return value - int(60 * DAY * share) if value > 10**12 else int(value * (1 - share))

    if cursor[0] != "o":
        return ".".join(str(less(int(part))) for part in cursor.split("."))
    values = orjson.loads(base64.urlsafe_b64decode(cursor[1:] + "=" * (-len(cursor[1:]) % 4)))
    return "o" + base64.urlsafe_b64encode(orjson.dumps([less(value) for value in values])).decode().rstrip("=")
