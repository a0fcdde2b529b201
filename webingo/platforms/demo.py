"""The platform of demonstrations: nobody to ask who a player is, so the server signs tokens itself."""

from webingo.config import Settings
from webingo.errors import Code, Refused
from webingo.platforms.platform import Identity, Platform, shown_name
from webingo.platforms.token import check_token
from webingo.resources.site import Site
from webingo.session.protocol import Auth
from webingo.support.clock import Clock
from webingo.user import User


class DemoPlatform(Platform):
    """In debug anybody is who they say they are when they bring no token; a token has to be right even then. Players are
    called what they call themselves."""

    name = "demo"

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._debug = settings.debug
        self._secret = settings.secret.get_secret_value()
        self._clock = clock

    async def authenticate(self, auth: Auth, site: Site) -> Identity:
        user = User(self.name, auth.uid)
        if auth.token:
            check_token(self._secret, self.name, auth.uid, auth.token, self._clock.now_ms() / 1000)
        elif not self._debug:
            raise Refused(Code.AUTH_FAILED, "A token is needed to log in here.")
        return Identity(user, shown_name(auth.userinfo.get("name")))
