"""How a player looks to people: name, picture and, where the player gave it, the e-mail address. Nothing else is kept."""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson
from pydantic import ValidationError

from webingo.addresses import origin_of
from webingo.errors import Code, Refused
from webingo.platforms.facebook.said import Me, Picture, UserInfo
from webingo.platforms.platform import shown_name, shown_picture
from webingo.transaction.store import Store
from webingo.user import User

PICTURE_HOSTS = ("fbcdn.net", "fbsbx.com", "facebook.com")
"""Where Facebook's pictures are: these hosts and all below them."""

_MOST_BYTES = 8192


class Profile(NamedTuple):
    """ "" for what is not known. Only Facebook itself tells an address."""

    name: str = ""
    picture: str = ""
    email: str = ""

    def over(self, other: "Profile") -> "Profile":
        """With the other's name and picture where this has none."""
        return self._replace(name=self.name or other.name, picture=self.picture or other.picture)


class Pictures:
    """Tells Facebook's pictures from others. Those of a Graph API elsewhere (a fake) may be there, too."""

    def __init__(self, graph_url: str) -> None:
        self._graph = origin_of(graph_url)

    def shown(self, picture: Picture | None) -> str:
        """The address of a picture, "" for none and for one that is not at Facebook."""
        url = "" if picture is None else shown_picture(picture.data.url)
        host = (urlsplit(url).hostname or "") if url else ""
        known = any(host == name or host.endswith(f".{name}") for name in PICTURE_HOSTS)
        return url if known or (url and origin_of(url) == self._graph) else ""


def told(me: Me, pictures: Pictures) -> Profile:
    """What Facebook says."""
    email = me.email if me.email.isprintable() and "@" in me.email else ""
    return Profile(shown_name(me.name), pictures.shown(me.picture), email)


def claimed(userinfo: dict[str, Any], uid: str, pictures: Pictures) -> Profile:
    """What the player's client says: for display. Raises Refused(BAD_MESSAGE) for what is not in the form that Facebook's SDK
    hands out, too large, or another user's."""
    try:
        info = UserInfo.model_validate(userinfo)
        size = len(orjson.dumps(userinfo))
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_url=False, include_input=False)[0]["loc"])
        raise Refused(Code.BAD_MESSAGE, f"auth.userinfo.{where[:100]} is not as Facebook has it.") from None
    if size > _MOST_BYTES:
        raise Refused(Code.BAD_MESSAGE, f"auth.userinfo is limited to {_MOST_BYTES} bytes.")
    if info.id not in (None, uid):
        raise Refused(Code.BAD_MESSAGE, "auth.userinfo.id is another user's than auth.uid.")
    return Profile(shown_name(info.name), pictures.shown(info.picture))


async def save(store: Store, user: User, profile: Profile, revoked: int) -> None:
    """Keeps the profile, if it is another than the one that is kept. Raises Refused: UNAVAILABLE; AUTH_FAILED where the last
    revocation of the player is another than `revoked` by now."""
    document = orjson.dumps(profile._asdict())
    if await store.profile(user) != document:
        await store.save_profile(user, document, revoked)


async def kept(store: Store, user: User) -> Profile:
    """What was saved last. Raises Refused(UNAVAILABLE)."""
    document = await store.profile(user)
    found = {} if document is None else orjson.loads(document)
    return Profile(**{field: found[field] for field in Profile._fields if isinstance(found.get(field), str)})
