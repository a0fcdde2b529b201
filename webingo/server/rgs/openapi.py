"""The OpenAPI document of the RGS door, made of the models that its calls are read with."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from webingo import __version__
from webingo.errors import TABLE, Code
from webingo.server.rgs.handler import MOST_BODY, Call
from webingo.server.rgs.models import Failed

_INFO = {
    "title": "webingo RGS",
    "version": __version__,
    "summary": "Random numbers and money for games that live elsewhere.",
    "description": "Server to server, with an API key of a site. Amounts are integers of the smallest unit of the site's "
    "currency. Every money call names itself by `id`: sent again with the same body it is answered as the first time, so what "
    "became of a call whose answer got lost is found out by sending it again. Every answer has an `X-Request-Id`, which the "
    "server's log has, too.",
}

_REFUSED = {
    400: "`BAD_MESSAGE`: not JSON, or more than 64 KiB. `BAD_PARAMS`: a field is wrong; the message names it.",
    401: "`NOT_AUTHENTICATED`: no API key, a wrong one, or a revoked one. `AUTH_FAILED`: the player's session is not of "
    "this site, or has ended.",
    402: "`INSUFFICIENT_FUNDS`: nothing was taken.",
    403: "`FORBIDDEN`: the site is closed, or its money is not open to games that live elsewhere. `PLAYER_BLOCKED`. `LIMIT`: a "
    "win above the site's `max_win`, or an amount that no wallet can hold.",
    404: "`NO_ROUND`: there is no such round. `UNKNOWN_SITE`: the key's site is gone.",
    409: "`ID_REUSED`: the id or the round's name was used for something else. `ROUND_OVER`: the round has ended, or the "
    "escrow was taken back.",
    429: "`RATE_LIMITED`: the key has made too many calls, or too many wrong keys came from this address.",
    500: "`INTERNAL`: something went wrong on our side. Send it again.",
    503: "`UNAVAILABLE`: whether it was done is not known. Send the same call again, until there is another answer.",
}
_EVERYWHERE = (400, 401, 429, 500, 503)
_HEADERS = {
    "X-Request-Id": {"description": "Names the call in the server's log.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "The scheme.", "schema": {"type": "string", "const": "Bearer"}},
}


def document(calls: Iterable[Call[Any]]) -> dict[str, Any]:
    calls = list(calls)
    models: list[type[BaseModel]] = [model for call in calls for model in (call.ask, call.answer)] + [Failed]
    _, schemas = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(models)], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [
            {"name": "rng", "description": "Draws of the operating system's generator, each recorded before it is answered."},
            {"name": "rgs", "description": "Money of the players of the key's site."},
        ],
        "paths": {call.path: _path(call) for call in calls},
        "components": {
            "schemas": schemas["$defs"],
            "headers": _HEADERS,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "`webingo apikey create SITE` prints one."}
            },
        },
    }


def _path(call: Call[Any]) -> dict[str, Any]:
    name = call.path.rpartition("/")[2]
    described = {"tags": [call.path.split("/")[1]], "summary": _first(call.ask).replace("`", ""), "responses": _responses(call)}
    post = {
        **described,
        "operationId": name,
        "requestBody": {
            "required": True,
            "description": f"At most {MOST_BODY >> 10} KiB.",
            "content": {"application/json": {"schema": _reference(call.ask)}},
        },
    }
    if not call.by_get:
        return {"post": post}
    return {"get": {**described, "operationId": f"get_{name}", "parameters": _parameters(call.ask)}, "post": post}


def _parameters(ask: type[BaseModel]) -> list[dict[str, Any]]:
    """Lists stand in a query as JSON. What is an example stands in the page's form."""
    found = []
    schema = ask.model_json_schema()
    for name, field in schema["properties"].items():
        described = {key: value for key, value in field.items() if key not in ("title", "description")}
        parameter = {"name": name, "in": "query", "required": name in schema.get("required", ())}
        if text := field.get("description"):
            parameter["description"] = text
        how = {"schema": described}
        if examples := field.get("examples"):
            how["example"] = examples[0]
        found.append({**parameter, **({"content": {"application/json": how}} if field.get("type") == "array" else how)})
    return found


def _responses(call: Call[Any]) -> dict[str, Any]:
    done = {"description": _first(call.answer) or "Done.", "content": {"application/json": {"schema": _reference(call.answer)}}}
    refused = {status: _REFUSED[status] for status in sorted({*_EVERYWHERE, *call.refused})}
    return {
        "200": {**done, "headers": _answered_with("X-Request-Id")},
        **{
            str(status): {
                "description": text,
                "headers": _answered_with("X-Request-Id", *_OWN_HEADERS.get(status, ())),
                "content": {"application/json": {"schema": _reference(Failed), "example": _example(text)}},
            }
            for status, text in refused.items()
        },
    }


_OWN_HEADERS = {401: ["WWW-Authenticate"], 429: ["Retry-After"]}


def _example(text: str) -> dict[str, Any]:
    """The first refusal that the text names, as it is answered."""
    code = Code(text.split("`")[1])
    return {"error": {"code": code, "message": TABLE[code][0]}}


def _answered_with(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _first(model: type[BaseModel]) -> str:
    """What the model's docstring says."""
    return " ".join((model.__doc__ or "").split())
