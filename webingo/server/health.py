"""What those who watch the server ask: is it alive, should it get players, what has it counted."""

from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from webingo.server.pages import PageHandler
from webingo.support.metrics import REGISTRY

Unready = Callable[[], Awaitable[list[str]]]


def routes(unready: Unready) -> list[Any]:
    """/healthz, /readyz and /metrics. `unready` gives the reasons why the process should get no players now."""
    return [
        (r"/healthz", AliveHandler),
        (r"/readyz", ReadyHandler, {"unready": unready}),
        (r"/metrics", MetricsHandler),
    ]


class _ProbeHandler(PageHandler):
    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")


class AliveHandler(_ProbeHandler):
    """200 as long as the event loop turns."""

    def get(self) -> None:
        self.write_json({"alive": True})

    head = get


class ReadyHandler(_ProbeHandler):
    """200 or 503 with the reasons; a check that fails is one of them."""

    def initialize(self, unready: Unready) -> None:
        self._unready = unready

    async def get(self) -> None:
        try:
            reasons = await self._unready()
        except Exception as error:
            reasons = [f"the check failed: {type(error).__name__}"]
        self.set_status(503 if reasons else 200)
        self.write_json({"ready": not reasons, "reasons": reasons})

    head = get


class MetricsHandler(_ProbeHandler):
    """In Prometheus' text format."""

    def get(self) -> None:
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(REGISTRY))
