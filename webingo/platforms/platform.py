"""The contract of a platform: who its players are is its own affair."""

from typing import Protocol

from webingo.resources.site import Site
from webingo.session.protocol import Auth
from webingo.user import User


class Platform(Protocol):
    """Built once per process, with the settings and the clock.

    `name` is what sites and logins call it by, and the name of its entry point.
    """

    name: str

    async def authenticate(self, auth: Auth, site: Site) -> User:
        """The player whom `auth` proves to be. Raises Refused(AUTH_FAILED), UNAVAILABLE where the proof can't be had now."""
        ...
