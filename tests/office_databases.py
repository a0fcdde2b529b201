"""Databases of the backoffice for tests, made by copying one that was migrated."""

import shutil
from pathlib import Path

from tests.postgres import Postgres
from webingo.office.database import Database


class Databases:
    """One PostgreSQL, started when it is first needed, and a fresh database of either kind as often as one is wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: Postgres | None = None
        self._count = 0

    def empty_url(self, kind: str) -> str:
        self._count += 1
        name = f"office{self._count}"
        return f"sqlite:///{self._folder}/{name}.db" if kind == "sqlite" else self.server.url(name)

    @property
    def server(self) -> Postgres:
        if self._server is None:
            self._server = Postgres()
            self._server.start()
        return self._server

    def fresh(self, kind: str) -> Database:
        """Its tables are there, and nothing in them. Close it."""
        self._count += 1
        name, template = f"office{self._count}", self._template(kind)
        if kind == "sqlite":
            shutil.copy(template, self._folder / f"{name}.db")
            return Database(f"sqlite:///{self._folder}/{name}.db")
        return Database(self.server.url(name, template))

    def _template(self, kind: str) -> str:
        file = self._folder / "template.db"
        url = f"sqlite:///{file}" if kind == "sqlite" else self.server.url("template")
        done = self._folder / f"{kind}.done"
        if not done.exists():
            database = Database(url)
            database.upgrade()
            database.close()
            done.touch()
        return str(file) if kind == "sqlite" else "template"

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
