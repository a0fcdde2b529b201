"""What every route of the backoffice works with."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from webingo.config import Settings
from webingo.office.bell import Bell
from webingo.office.database import Database
from webingo.support.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class Office:
    """`bell` rings when there is a new change for the servers (tables.Change)."""

    database: Database
    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    bell: Bell = field(default_factory=Bell)


def _office(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


Here = Annotated[Office, Depends(_office)]
"""The office of the application that a route belongs to: `def page(office: Here)`."""
