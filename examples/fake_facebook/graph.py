"""The Graph API of FakeFacebook, and the pictures that it tells of."""

import json
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from tornado.web import RequestHandler

from examples.fake_facebook.troubles import TROUBLES, befall, refuse

if TYPE_CHECKING:
    from examples.fake_facebook.api import FakeFacebook

_COLOURS = ("#1877f2", "#42b72a", "#f5533d", "#7d4cdb", "#f0a30a", "#00838f")


class Handler(RequestHandler):
    """A part of the fake; `fake` is the whole."""

    def initialize(self, fake: "FakeFacebook") -> None:
        self.fake = fake


class Graph(Handler):
    """GET /<version>/debug_token, /me, and /<id> of whatever `objects` holds."""

    async def get(self, path: str) -> None:
        fake = self.fake
        fake.seen.append(path)
        if await befall(self, self._trouble(path), fake.linger):
            return
        if path == "me":
            self._me()
        elif self.get_query_argument("access_token", "") != fake.app_token:
            refuse(self, 400, 190, "Invalid OAuth access token signature.")
        elif path == "debug_token":
            self._debug_token()
        elif path in fake.objects:
            self._answer(fake.objects[path])
        else:
            refuse(self, 400, 100, "Unsupported get request. Object does not exist.")

    def _trouble(self, path: str) -> str:
        if not path.startswith(self.fake.only):
            return ""
        trouble = self.fake.troubles.popleft() if self.fake.troubles else self.fake.always
        assert trouble in ("", *TROUBLES), trouble
        return trouble

    def _debug_token(self) -> None:
        fake, token = self.fake, self.get_query_argument("input_token", "")
        if token in fake.tokens and fake.tokens[token].app_id != fake.app_id and fake.strict_about_apps:
            refuse(self, 400, 100, "(#100) The App_id in the input_token did not match the Viewing App")
        else:
            self._answer({"data": fake.debugged(token)})

    def _me(self) -> None:
        fake, text = self.fake, self.get_query_argument("access_token", "")
        token = fake.tokens.get(text)
        if token is None or fake.wrong(token):
            refuse(self, 400, 190, "Error validating access token.")
        elif self.get_query_argument("appsecret_proof", "") != fake.proof(text):
            refuse(self, 400, 100, "Invalid appsecret_proof provided in the API argument")
        else:
            self._answer(fake.me(token.uid, self.get_query_argument("fields", "id,name").split(",")))

    def _answer(self, value: Mapping[str, Any]) -> None:
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.finish(json.dumps(value))


class Elsewhere(Handler):
    """Where a redirect leads: it says yes to everything, so that whoever follows it is found out."""

    def get(self) -> None:
        self.fake.elsewhere += 1
        token = self.get_query_argument("input_token", "")
        self.finish({"data": self.fake.debugged(token)} if token else self.fake.me("1", ["name"]))


class Picture(Handler):
    """A profile picture: the first letter of the name."""

    def get(self, uid: str) -> None:
        person = self.fake.people.get(uid)
        letter = escape((person.name if person else "?")[:1].upper())
        self.set_header("Content-Type", "image/svg+xml")
        self.finish(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="50" height="50" viewBox="0 0 50 50">'
            f'<rect width="50" height="50" fill="{_COLOURS[int(uid) % len(_COLOURS)]}"/><text x="25" y="34" font-size="26" '
            f'font-family="sans-serif" text-anchor="middle" fill="#fff">{letter}</text></svg>'
        )
