"""The backoffice as an ASGI application: the API for the servers under /v1, and the console for people under /."""

from fastapi import FastAPI

from webingo import __version__
from webingo.config import Settings
from webingo.office import console
from webingo.office.database import Database
from webingo.office.office import Office


def create_app(database: Database, settings: Settings) -> FastAPI:
    """`database` has its tables. The routes find both in `app.state.office`."""
    app = FastAPI(title="webingo backoffice", version=__version__, docs_url=None, redoc_url=None)
    app.state.office = Office(database, settings)
    console.install(app)
    return app
