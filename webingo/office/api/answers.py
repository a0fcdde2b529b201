"""The API's answers that are not 2xx, all of one shape (contract.Refusal): in the code, and in the API's document."""

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy import exc
from starlette.exceptions import HTTPException

from webingo.backoffice.contract import Refusal
from webingo.office.api.intake import refusal
from webingo.office.services.denied import Denied

log = structlog.get_logger("webingo.office")

_TEXTS = {
    400: "It can't be understood.",
    401: "The key is missing or wrong.",
    403: "SITE_CLOSED or PLAYER_BLOCKED.",
    404: "UNKNOWN_SITE, UNKNOWN_SESSION or UNKNOWN_COMMAND.",
    409: "CONFLICT: an id was used for something else; UNKNOWN_POSITION.",
    413: "The body is larger than agreed; send less at once.",
    422: "It can't be understood: `message` names the field.",
    503: "The database is busy or away; try again.",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, for its document: these and those that every route has."""
    common = (400, 401, 413, 422, 503)
    return {status: {"model": Refusal, "description": _TEXTS[status]} for status in sorted({*common, *statuses})}


def install(app: FastAPI) -> None:
    app.add_exception_handler(Denied, _on_denied)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(exc.OperationalError, _on_busy)
    app.add_exception_handler(exc.TimeoutError, _on_busy)
    app.add_exception_handler(Exception, _on_bug)


def _on_denied(request: Request, error: Exception) -> Response:
    assert isinstance(error, Denied)
    return refusal(error.status, error.code, error.message)


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return refusal(422, "BAD_MESSAGE", f"{where}: {first['msg']}"[:2000])


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    answer = refusal(error.status_code, phrase.upper().replace(" ", "_").replace("-", "_"), f"{phrase}.")
    answer.headers.update(error.headers or {})
    return answer


def _on_busy(request: Request, error: Exception) -> Response:
    """The database is away, or one of two transactions that waited for each other had to give up."""
    log.warning("database_unavailable", path=request.url.path, reason=str(getattr(error, "orig", None) or error)[:500])
    return refusal(503, "UNAVAILABLE", "The database does not answer at the moment.")


def _on_bug(request: Request, error: Exception) -> Response:
    """The server logs the exception: it is raised again behind this answer."""
    return refusal(500, "INTERNAL", "Something went wrong on our side; nothing was written.")
