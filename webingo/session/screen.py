"""What a session's player gets to see: the whole state, errors, and why it is over. Nothing is sent once it is closed."""

from collections.abc import Sequence
from typing import Any

from webingo.errors import Refused
from webingo.session import protocol
from webingo.session.house import House
from webingo.session.outlet import Outlet
from webingo.session.place import Place, Shown
from webingo.session.stay import Stay
from webingo.session.view import View
from webingo.support import metrics


class Screen:
    def __init__(self, house: House, stay: Stay, place: Place, outlet: Outlet) -> None:
        self.closed = False
        self._resources = house.resources
        self._stay = stay
        self._place = place
        self._outlet = outlet
        self._view = View(stay.site.denomination, house.clock, stay.tally)

    def push(self, re: protocol.Reference = None) -> None:
        """The state as it is now."""
        if not self.closed:
            place = self._place
            self._outlet.send(self._view.state(place.funds, place.shown_userdata, place.running, re), state=True)

    def welcome(self) -> None:
        """The state, with the site and its games."""
        if not self.closed:
            self._outlet.send(self._welcome(), state=True)

    def renewed(self) -> None:
        """As `welcome`, later on: a client that reads slowly gets it too, whatever state comes behind it."""
        if not self.closed:
            self._outlet.send(self._welcome())

    def show(self, shown: Sequence[Shown], re: protocol.Reference) -> None:
        """Transitions, each with the state that it led to."""
        place = self._place
        for transition, funds in shown:
            running = transition.running
            self._view.tally.count(transition)
            metrics.played(
                running.game.manifest.id,
                place.site.denomination,
                opened=bool(transition.part.header),
                wagered=transition.wagered,
                won=transition.won,
            )
            if not self.closed:
                self._outlet.send(self._view.state(funds, place.shown_userdata, running, re), state=True)

    def refuse(self, refusal: Refused, re: protocol.Reference = None) -> None:
        """The error, and the full state behind it."""
        metrics.refused(refusal.code)
        if not self.closed:
            self._outlet.send(protocol.error(refusal.code, refusal.message, re))
            self.push(re)

    def tell(self, which: str, message: dict[str, Any]) -> None:
        """A component's message."""
        self.send(protocol.component(which, message))

    def send(self, data: bytes) -> None:
        """A component's message that many players get: it was written once."""
        if not self.closed:
            self._outlet.send(data)

    def end(self, refusal: Refused, close_code: int) -> None:
        """The reason, and the end of the connection."""
        if not self.closed:
            self.closed = True
            self._stay.reason = refusal.code
            metrics.refused(refusal.code)
            self._outlet.send(protocol.error(refusal.code, refusal.message))
            self._outlet.close(close_code, refusal.code)

    def _welcome(self) -> bytes:
        place, site = self._place, self._place.site
        about = {"id": site.id, "title": site.title, "flags": site.flags.model_dump()}
        welcome = {"site": about, "games": self._resources.listing(site)}
        player = {"name": self._stay.name, "picture": self._stay.picture}
        if shown := {what: value for what, value in player.items() if value}:
            welcome["player"] = shown
        return self._view.state(place.funds, place.shown_userdata, place.running, None, welcome)
