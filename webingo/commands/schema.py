"""webingo schema: the JSON Schemas of what people and programs write."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from webingo.commands.common import print_json

Schemas = dict[str, Callable[[], dict[str, Any]]]


def schema(name: Annotated[str | None, typer.Argument(help="One of them; all, by name, when not given.")] = None) -> None:
    """Print the JSON Schemas of the configuration, manifests, sites, engines and messages."""
    found = _schemas()
    if name is None:
        print_json({each: make() for each, make in found.items()})
    elif name in found:
        print_json(found[name]())
    else:
        raise typer.BadParameter(f"there is no schema {name!r}; there are: {', '.join(found)}")


def _schemas() -> Schemas:
    from pydantic import TypeAdapter

    from webingo.config import Settings
    from webingo.engines.registry import engines
    from webingo.resources.game import GameManifest
    from webingo.resources.site import Site
    from webingo.session import protocol

    found: Schemas = {
        "config": Settings.model_json_schema,
        "manifest": GameManifest.model_json_schema,
        "site": Site.model_json_schema,
    }
    for name, engine in sorted(engines().items()):
        found[f"{name}.math"] = engine.Math.model_json_schema
        found[f"{name}.settings"] = engine.Settings.model_json_schema
    found["message.auth"] = protocol.LoginMessage.model_json_schema
    found["message.session"] = protocol.SessionLoginMessage.model_json_schema
    for message in (
        protocol.ActionMessage,
        protocol.GameLoadMessage,
        protocol.GameFinishMessage,
        protocol.ComponentMessage,
        protocol.UserdataMessage,
    ):
        adapter: TypeAdapter[Any] = TypeAdapter(message)
        found[f"message.{adapter.json_schema()['properties']['t']['const']}"] = adapter.json_schema
    return found
