"""The dashboard: what goes on now, how it went lately, how the games pay, and what somebody should look at."""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import Query
from markupsafe import Markup
from starlette.responses import Response

from webingo.office.console import charts
from webingo.office.console.desk import Admin, Desk, Operator, Viewer, router
from webingo.office.console.shown import Id, money_text, number, utc
from webingo.office.services import attention, flow, meters, performance, players
from webingo.office.services import gaming as house
from webingo.office.services.theory import Theories

routes = router()
_WINS = 5
_GAMES = 12
"""So many games are listed, the most played ones; the page of games has them all."""


def theories(desk: Desk) -> Theories:
    """The application's own, so that every game is counted once."""
    found: Theories = desk.request.app.state.theories
    return found


@routes.get("/")
def dashboard(desk: Viewer, denom: Annotated[str, Query(max_length=96)] = "") -> Response:
    now = desk.by.at
    with desk.read() as session:
        live = flow.live(session, now)
        hour, days = flow.last_hour(session, now), flow.last_days(session, now)
        games = performance.lifetime(session, theories(desk))
        notices = attention.notices(session, now, live.nodes, games, _titles(desk))
        jackpots = meters.all_meters(session)
        gaming = house.gaming(session)
        wins = meters.recent_wins(session, _WINS)
        names = players.names(session, (win.uid for win in wins))
    denoms = list(days.money)
    chosen = denom if denom in denoms else denoms[0] if denoms else ""
    return desk.render(
        "dashboard.html",
        live=live,
        gaming=gaming,
        notices=notices,
        days=days,
        today=flow.today(days),
        denoms=denoms,
        chosen=chosen,
        held=sum(game.open for game in games),
        games=[(game, band(game)) for game in games[:_GAMES]],
        more=max(0, len(games) - _GAMES),
        counting=theories(desk).counting,
        jackpots=jackpots,
        wins=wins,
        names=names,
        jackpot_titles={(one.platform, one.site, one.id): one.title for one in jackpots},
        rounds_chart=charts.lines("Rounds by the minute, in the last hour", _clock(hour.begins), [_rounds(hour)], _count),
        hour_chart=_money_chart("by the minute, in the last hour", _clock(hour.begins), hour, chosen, charts.lines),
        days_chart=_money_chart("by the day, in the last two weeks", _dates(days.begins), days, chosen, charts.bars),
    )


def _titles(desk: Desk) -> dict[str, str]:
    return {game: manifest.title for game, manifest in desk.office.catalogue.games.items()}


def band(game: performance.Performance) -> Markup:
    """Where the game's return lies, all games on the same scale; nothing where there is no band."""
    if game.band is None or game.rtp is None:
        return Markup()
    return charts.band(game.band[0], game.theory.rtp if game.theory else 0.0, game.band[1], game.rtp, (0.75, 1.15))


def _count(rounds: float) -> str:
    return number(rounds, 0 if rounds >= 10 or rounds == int(rounds) else 1)


def _rounds(course: flow.Course) -> charts.Series:
    return charts.Series("Rounds", course.rounds)


def _money_chart(when: str, labels: Sequence[str], course: flow.Course, denom: str, draw: Callable[..., Markup]) -> Markup:
    wagered, won = course.money.get(denom, ([0] * len(labels), [0] * len(labels)))
    series = [charts.Series("Wagered", wagered), charts.Series("Won", won)]
    return draw(f"Wagered and won {when}", labels, series, lambda units: money_text(round(units), denom), _whole)


def _whole(amount: str) -> str:
    """Amounts on an axis: cents are written where there are some."""
    return amount.removesuffix(".00")


def _clock(begins: Sequence[int]) -> list[str]:
    return [f"{utc(at):%H:%M}" for at in begins]


def _dates(begins: Sequence[int]) -> list[str]:
    return [f"{utc(at):%d %b}" for at in begins]


@routes.post("/gaming")
def switch_gaming(desk: Admin, enabled: Annotated[bool, Query()]) -> Response:
    with desk.write() as session:
        house.set_gaming(session, desk.by, enabled)
    if enabled:
        return desk.to("/", "Gaming is on again on every site.")
    return desk.to("/", "All gaming is disabled. No round can begin; open rounds may be played to their end.")


@routes.post("/findings/{finding}/clear")
def clear_finding(desk: Operator, finding: Id) -> Response:
    with desk.write() as session:
        cleared = attention.clear(session, desk.by, finding)
    return desk.to("/", "Noted: you have looked at it." if cleared else "Somebody had looked at it already.")
