"""How the API reads JSON: fast, without what a database can't keep, and with 5.0 for what it is in JSON: the integer 5."""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

_EXACT = 2.0**53
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class _JsonRequest(Request):
    async def json(self) -> Any:
        """NUL in texts becomes U+FFFD, since PostgreSQL has no NUL; rounds' records stay as they are."""
        if not hasattr(self, "_json"):
            body = await self.body()
            value = orjson.loads(body)
            self._json = without_nul(value) if b"\\u0000" in body else value
        return self._json

    def replace(self, value: Any) -> None:
        self._json = value


def without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", _REPLACEMENT)
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    if isinstance(value, dict):
        return {name: item if name == "record" else without_nul(item) for name, item in value.items()}
    return value


def with_integers(value: Any) -> Any:
    """The same with every float that is whole as an integer, but for rounds' records. Integers of more than 64 bits are read as
    floats, too; those stay what they are, and are refused."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _EXACT else value
    if isinstance(value, list):
        return [with_integers(item) for item in value]
    if isinstance(value, dict):
        return {name: item if name == "record" else with_integers(item) for name, item in value.items()}
    return value


class JsonRoute(APIRoute):
    """A route whose request is read so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            reader = _JsonRequest(request.scope, request.receive)
            try:
                return await handle(reader)
            except RequestValidationError as error:
                # Not before: our servers never send such, and to look at every number of a ledger takes its time.
                if not any(isinstance(each.get("input"), float) for each in error.errors()):
                    raise
                reader.replace(with_integers(await reader.json()))
                return await handle(reader)

        return handler
