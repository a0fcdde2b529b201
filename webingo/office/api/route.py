"""How the API reads JSON: fast, and without what a database can't keep."""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class _JsonRequest(Request):
    async def json(self) -> Any:
        """NUL in texts becomes U+FFFD, since PostgreSQL has no NUL; rounds' records stay as they are."""
        if not hasattr(self, "_json"):
            body = await self.body()
            value = orjson.loads(body)
            self._json = without_nul(value) if b"\\u0000" in body else value
        return self._json


def without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", _REPLACEMENT)
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    if isinstance(value, dict):
        return {name: item if name == "record" else without_nul(item) for name, item in value.items()}
    return value


class JsonRoute(APIRoute):
    """A route whose request is read so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await handle(_JsonRequest(request.scope, request.receive))

        return handler
