"""The backoffice as an ASGI application: the API for the servers under /v1, and the console for people under /."""

from typing import Any

from fastapi import FastAPI

from webingo import __version__
from webingo.config import Settings
from webingo.office import console
from webingo.office.api import setup
from webingo.office.database import Database
from webingo.office.office import Office
from webingo.office.services.catalogue import Catalogue
from webingo.support.clock import Clock, SystemClock

DESCRIPTION = """What a webingo server says to its backoffice. docs/backoffice.md explains it
for those who write one of their own.

Every request may come again, since an answer can get lost: repeating one changes nothing. Requests may be gzipped. Times are
milliseconds since 1970-01-01 UTC, money is integers of the denomination's smallest unit."""


def create_app(
    database: Database, settings: Settings, catalogue: Catalogue | None = None, clock: Clock | None = None
) -> FastAPI:
    """`database` has its tables. The routes find all in `app.state.office`. Raises BadResource for games that are wrong."""
    app = _bare()
    app.state.office = Office(database, settings, catalogue or Catalogue(settings), clock or SystemClock())
    setup.install(app, settings.rgs_key.get_secret_value())
    console.install(app)
    return app


def document() -> dict[str, Any]:
    """The API as an OpenAPI document, which docs/backoffice-openapi.json has, too."""
    app = _bare()
    setup.install(app, "")
    return app.openapi()


def _bare() -> FastAPI:
    return FastAPI(
        title="webingo backoffice",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
