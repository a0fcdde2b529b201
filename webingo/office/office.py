"""What every route of the backoffice works with."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from webingo.config import Settings
from webingo.office.database import Database
from webingo.office.services.catalogue import Catalogue
from webingo.support.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class Office:
    """`database` has its tables; `settings` are checked; `catalogue` has the games, and judges sites."""

    database: Database
    settings: Settings
    catalogue: Catalogue
    clock: Clock = field(default_factory=SystemClock)


def _office(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


Here = Annotated[Office, Depends(_office)]
"""The office of the application that a route belongs to: `def page(office: Here)`."""
