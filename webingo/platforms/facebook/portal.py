"""The page that Facebook opens in its canvas: the lobby, with what Facebook has signed about who looks at it.

Source: Facebook's "Games on Facebook.com". It comes as a form with a `signed_request`, works without cookies, and only pages of
Facebook may frame it.
"""

import re
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlsplit

import orjson

from webingo.addresses import origin_of
from webingo.config import Settings
from webingo.errors import BadResource, Code, Refused
from webingo.platforms.facebook import signed
from webingo.platforms.facebook.profile import PICTURE_HOSTS, kept
from webingo.platforms.platform import TEXT, Reply, Request
from webingo.resources.site import Site
from webingo.session.house import House
from webingo.user import User

HEALTH = b"webingo facebook portal\n"
UID = re.compile(r"[0-9]{1,32}")

_PLACE = re.compile(r"\{\{ (\w+) \}\}")
_PLACES = {"title", "launch"}
_LOCALE = re.compile(r"[a-z]{2,3}_[A-Z]{2}")
_FACEBOOK = ("https://*.facebook.com", "https://*.facebook.net")


class Portal:
    """Raises BadResource where the template is missing, or is not one."""

    def __init__(self, settings: Settings, house: House) -> None:
        self._house = house
        self._secret = settings.fb_app_secret.get_secret_value()
        self._template = _template(settings)
        self._settings = settings
        self._framed = {"Content-Security-Policy": f"default-src 'none'; {_ancestors(settings)}"}
        self._launch = {
            "platform": "facebook",
            "appId": settings.fb_app_id,
            "sdk": settings.fb_sdk_url,
            "version": urlsplit(settings.fb_graph_url).path.rpartition("/")[2],
        }

    async def answer(self, request: Request) -> Reply:
        """GET is for those who look whether the server is there. Raises Refused(UNAVAILABLE)."""
        if request.method == "GET":
            return Reply(HEALTH, content_type=TEXT)
        try:
            payload = signed.opened(
                self._secret, request.form.get("signed_request", ""), self._house.clock.now_ms() / 1000, signed.PORTAL_S
            )
        except Refused as refusal:
            return self._refusal(403, refusal.message)
        site = await self._site(request.query.get("site"))
        if site is None:
            return self._refusal(404, "There is no such site here.")
        if not site.enabled:
            return self._refusal(403, "This site is closed at the moment.")
        return Reply(self._page(site, await self._launched(site, payload)), headers=self._headers(site))

    def _headers(self, site: Site) -> dict[str, str]:
        return {"Content-Security-Policy": _policy(self._settings, site), "Referrer-Policy": "strict-origin"}

    async def _site(self, name: str | None) -> Site | None:
        """The site that is named, or the only one there is."""
        resources = self._house.resources
        if name is None:
            there = [site for site in resources.all_sites() if site.platform == "facebook"]
            return there[0] if len(there) == 1 else None
        try:
            return await resources.site("facebook", name)
        except Refused as refusal:
            if refusal.code is Code.UNAVAILABLE:
                raise
            return None

    async def _launched(self, site: Site, payload: Mapping[str, Any]) -> dict[str, str]:
        """What the page's program begins with: no uid and no token before the player has authorised the application."""
        uid, token, about = payload.get("user_id"), payload.get("oauth_token"), payload.get("user")
        locale = about.get("locale") if isinstance(about, dict) else None
        known = isinstance(uid, str) and UID.fullmatch(uid)
        profile = await kept(self._house.store, User("facebook", uid)) if known and isinstance(uid, str) else None
        return {
            **self._launch,
            "site": site.id,
            "title": site.title or site.id,
            "uid": str(uid) if known else "",
            "token": token if known and isinstance(token, str) else "",
            "name": profile.name if profile else "",
            "locale": locale if isinstance(locale, str) and _LOCALE.fullmatch(locale) else "",
        }

    def _page(self, site: Site, launch: dict[str, str]) -> bytes:
        places = {"title": site.title or site.id, "launch": orjson.dumps(launch).decode()}
        return _PLACE.sub(lambda place: escape(places[place[1]]), self._template).encode()

    def _refusal(self, status: int, text: str) -> Reply:
        return Reply(small_page("webingo", text), status, headers=self._framed)


def small_page(title: str, *paragraphs: str) -> bytes:
    """A page that says something, and nothing else."""
    text = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    head = f'<meta charset="utf-8"><title>{escape(title)}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{text}</body></html>\n'.encode()


def _template(settings: Settings) -> str:
    file = settings.res_dir / "templates" / "portal.html"
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadResource([(str(file), "", f"the template can't be used: {error}")]) from None
    if set(_PLACE.findall(text)) != _PLACES:
        raise BadResource(
            [(str(file), "", "a template of the portal has the places {{ title }} and {{ launch }}, and no others")]
        )
    return text


def _policy(settings: Settings, site: Site) -> str:
    """Nothing inline, and from elsewhere only what Facebook's SDK, its pictures, and those of the site's products need."""
    own = sorted({origin_of(settings.fb_graph_url), origin_of(settings.fb_sdk_url)})
    facebook = " ".join([*_FACEBOOK, *own])
    sold = sorted({origin_of(product.image) for product in site.products if product.image.startswith("https:")})
    pictures = " ".join([*(f"https://*.{host}" for host in PICTURE_HOSTS), *own, *sold])
    return (
        f"default-src 'self'; script-src 'self' {origin_of(settings.fb_sdk_url)}; img-src 'self' data: {pictures}; "
        f"connect-src 'self' ws: wss: {facebook}; frame-src {facebook}; object-src 'none'; base-uri 'none'; "
        f"form-action 'self' {facebook}; {_ancestors(settings)}"
    )


def _ancestors(settings: Settings) -> str:
    return " ".join(["frame-ancestors", *(settings.fb_canvas_origins or ["'none'"])])
