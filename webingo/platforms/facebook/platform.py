"""The platform facebook: players of one Facebook application, on Facebook's pages, on ours, and in instant games."""

from collections.abc import Sequence

from webingo.config import Settings
from webingo.errors import Code, Refused
from webingo.platforms.facebook.farewell import Farewell
from webingo.platforms.facebook.graph import Graph
from webingo.platforms.facebook.login import Login
from webingo.platforms.facebook.payments import Payments
from webingo.platforms.facebook.portal import Portal
from webingo.platforms.facebook.products import product_page
from webingo.platforms.facebook.social import SocialComponent
from webingo.platforms.facebook.webhook import payments_page
from webingo.platforms.platform import Identity, Platform, Reply, Request
from webingo.problems import Problem
from webingo.resources.site import Site
from webingo.session.component import Component, Room
from webingo.session.house import House
from webingo.session.protocol import Auth
from webingo.support.clock import Clock
from webingo.user import User

_NOT_SET = "no Facebook application is configured: fb_app_id and fb_app_secret are empty"


class FacebookPlatform(Platform):
    """Without an application nobody gets in. In debug that is no problem, nor for a site that is closed."""

    name = "facebook"
    social = True

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._configured = bool(settings.fb_app_id and settings.fb_app_secret.get_secret_value())
        self._graph: Graph | None = None

    def problems(self, site: Site) -> list[Problem]:
        wrong = super().problems(site)
        missing = site.enabled and not (self._configured or self._settings.debug)
        return [*wrong, ("", "platform", _NOT_SET)] if missing else wrong

    async def start(self, house: House) -> None:
        settings = self._settings
        self._house = house
        self._graph = Graph(settings, self._clock, house.rng)
        app_secret = settings.fb_app_secret.get_secret_value()
        self._payments = Payments(house, self._graph, settings.fb_app_id, app_secret, settings.fb_public_url)
        if self._configured:
            self._login = Login(settings, self._clock, house.store, self._graph)
            self._portal = Portal(settings, house)
            self._farewell = Farewell(settings, house)

    async def stop(self) -> None:
        if self._graph is not None:
            self._graph.close()

    async def authenticate(self, auth: Auth, site: Site) -> Identity:
        self._check()
        return await self._login.identity(User(self.name, auth.uid), auth, site)

    async def page(self, request: Request) -> Reply | None:
        if request.path.startswith("products/"):
            return await product_page(request, self._house, self._settings.fb_public_url)
        match request.path:
            case "portal":
                self._check()
                return await self._portal.answer(request)
            case "deauthorize":
                self._check()
                return await self._farewell.deauthorize(request)
            case "deletion":
                self._check()
                return await self._farewell.deletion(request)
            case "payments":
                self._check()
                secret, token = self._settings.fb_app_secret, self._settings.fb_webhook_token
                return await payments_page(request, self._payments, secret.get_secret_value(), token.get_secret_value())
        return None

    def components(self, room: Room) -> Sequence[Component]:
        return (SocialComponent(room, self._house, self._payments),)

    def _check(self) -> None:
        if not self._configured:
            raise Refused(Code.UNAVAILABLE, "No Facebook application is configured here.")
