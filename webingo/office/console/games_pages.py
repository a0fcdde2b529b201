"""Games: how they pay against how they should, over any time, and on which sites they can be played."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import HTTPException, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from webingo.office.addresses import part
from webingo.office.console.dashboard_pages import band, theories
from webingo.office.console.desk import Desk, Operator, Viewer, router
from webingo.office.console.exports import Rows, download
from webingo.office.console.shown import Part, utc
from webingo.office.services import gaming, performance, sites
from webingo.office.services.performance import Performance
from webingo.office.tables.money import DAY_MS
from webingo.resources.game import GameManifest
from webingo.resources.stated import fingerprint

routes = router()
SPANS = {"ever": "all time", "1": "today", "7": "7 days", "30": "30 days", "365": "a year"}
Span = Annotated[str, Query(alias="span", pattern="^(ever|1|7|30|365)$")]


def _performances(session: Session, desk: Desk, span: str) -> list[Performance]:
    if span == "ever":
        return performance.lifetime(session, theories(desk))
    today = desk.by.at // DAY_MS
    return performance.span(session, theories(desk), today - int(span) + 1, today)


@routes.get("/games")
def listed(desk: Viewer, span: Span = "ever") -> Response:
    with desk.read() as session:
        games = _performances(session, desk, span)
        places = sites.every_site(session)
        on = gaming.gaming(session)
    return desk.render(
        "games.html",
        games=[(game, band(game)) for game in games],
        sums=_sums(games),
        span=span,
        spans=SPANS,
        counting=theories(desk).counting,
        manifests=desk.office.catalogue.games,
        offers={game: [_offer(site, game) for site in places if _offer(site, game)] for game in desk.office.catalogue.games},
        gaming=on,
    )


_SUMMED = ("rounds", "wagered", "won", "open", "held", "voided")


def _sums(games: Sequence[Performance]) -> list[dict[str, Any]]:
    """By denomination: what a report ends with."""
    sums = dict[str, dict[str, Any]]()
    for game in games:
        one = sums.setdefault(game.denom, {"denom": game.denom, **dict.fromkeys(_SUMMED, 0)})
        for name in _SUMMED:
            one[name] += getattr(game, name)
    return list(sums.values())


def _offer(site: Any, game: str) -> dict[str, Any] | None:
    """How a site offers a game; None where it does not."""
    found = next((offer for offer in site.document.get("games", ()) if offer.get("id") == game), None)
    if found is None:
        return None
    return {"platform": site.platform, "site": site.site, "enabled": found.get("enabled", True)}


_COLUMNS = ("platform", "site", "denomination", "game", "version", "rounds", "wagered", "won", "kept", "rtp_actual")
_THEORY = ("rtp_theoretical", "band_low_99", "band_high_99", "verdict", "open_rounds", "held_in_open_rounds", "voided")


@routes.get("/games.csv")
def export(desk: Viewer, span: Span = "ever") -> Response:
    manifests = desk.office.catalogue.games

    def rows(session: Session) -> Rows:
        for game in _performances(session, desk, span):
            manifest, low_high = manifests.get(game.game), game.band or ("", "")
            version = manifest.version if manifest else ""
            money = (game.rounds, game.wagered, game.won, game.wagered - game.won, game.rtp)
            theory = game.theory.rtp if game.theory else ""
            where = (game.platform, game.site, game.denom, game.game, version)
            yield (*where, *money, theory, *low_high, game.verdict, game.open, game.held, game.voided)

    return download(desk.office.database, f"games-{span}-{utc(desk.by.at):%Y-%m-%d}", (*_COLUMNS, *_THEORY), rows)


def _manifest(desk: Desk, game: str) -> GameManifest:
    manifest = desk.office.catalogue.games.get(game)
    if manifest is None:
        raise HTTPException(404, "This program has no such game.")
    return manifest


@routes.get("/games/{game}")
def overview(desk: Viewer, game: Part) -> Response:
    manifest = _manifest(desk, game)
    with desk.read() as session:
        ever = [one for one in performance.lifetime(session, theories(desk)) if one.game == game]
        week = [one for one in _performances(session, desk, "7") if one.game == game]
        places = sites.every_site(session)
    theory = theories(desk).of(game, {})
    return desk.render(
        "game.html",
        manifest=manifest,
        theory=theory,
        index=1.96 * theory.deviation if theory and theory.deviation is not None else None,
        fingerprint=fingerprint(desk.office.catalogue.built[game]),
        offers=[offer for site in places if (offer := _offer(site, game))],
        ever=[(one, band(one)) for one in ever],
        week=[(one, band(one)) for one in week],
    )


@routes.post("/games/{game}/enabled")
def switch(desk: Operator, game: Part, enabled: Annotated[bool, Query()]) -> Response:
    """On every site that has it, at once."""
    _manifest(desk, game)
    with desk.write() as session:
        count = sites.set_game_enabled_everywhere(session, desk.by, game, enabled)
    where = "on the one site that has it" if count == 1 else f"on all {count} sites that have it"
    return desk.to(f"/games/{part(game)}", f"{game} is {'enabled' if enabled else 'disabled'} {where}.")
