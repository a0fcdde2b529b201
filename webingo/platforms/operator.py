"""The platform of operators' players: the operator who keeps a site's money says who its players are."""

from webingo.adapters.adapter import Unanswered
from webingo.config import Settings
from webingo.errors import Code, Refused
from webingo.platforms.platform import Identity, Platform, shown_name
from webingo.problems import Problem
from webingo.resources.site import Site
from webingo.session.house import House
from webingo.session.protocol import Auth
from webingo.support.clock import Clock
from webingo.wallet.players import PLATFORM, user_at


class OperatorPlatform(Platform):
    """A login is {"uid": the player at the operator, "token": what the operator gave the player}. The operator is asked for the
    player; a token that runs out later shows at the next wager."""

    name = PLATFORM

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._house: House | None = None

    async def start(self, house: House) -> None:
        self._house = house

    async def authenticate(self, auth: Auth, site: Site) -> Identity:
        assert self._house is not None, "no login comes before the start"
        backend = self._house.wallets.operators.get(site.operator)
        if backend is None:
            raise Refused(Code.UNAVAILABLE, "The operator of this site is not known here.")
        if not auth.token:
            raise Refused(Code.AUTH_FAILED, "A token is needed to log in here.")
        try:
            account = await backend.player(auth.uid, auth.token, site.denomination)
        except Unanswered as unanswered:
            raise Refused(unanswered.code) from unanswered
        if account.uid != auth.uid:
            raise Refused(Code.AUTH_FAILED, "The token is another player's.")
        return Identity(user_at(site.operator, auth.uid), shown_name(account.name), token=auth.token)

    def problems(self, site: Site) -> list[Problem]:
        missing = [] if site.operator else [("", "operator", "a site of this platform needs one")]
        return [*super().problems(site), *missing]
