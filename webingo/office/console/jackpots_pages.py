"""Jackpots: their meters and pools, what they paid, and whether all of it adds up."""

from fastapi import HTTPException
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from webingo.office.addresses import part
from webingo.office.console.desk import Viewer, router
from webingo.office.console.exports import Rows, download, streamed
from webingo.office.console.paging import Cursor, page
from webingo.office.console.shown import Part, finely, iso
from webingo.office.services import meters, players
from webingo.office.tables import JackpotWin

routes = router()
_KEYS = [JackpotWin.at, JackpotWin.claim]


@routes.get("/jackpots")
def listed(desk: Viewer, cursor: Cursor = "") -> Response:
    with desk.read() as session:
        every, wins = meters.all_meters(session), page(session, select(JackpotWin), _KEYS, cursor)
        return desk.render(
            "jackpots.html",
            meters=every,
            paid=meters.payouts(session),
            wins=wins,
            names=players.names(session, (win.uid for win in wins.rows)),
            titles={(one.platform, one.site, one.id): one.title for one in every},
            base="/jackpots",
        )


@routes.get("/jackpots/{platform}/{site}/{jackpot}")
def overview(desk: Viewer, platform: Part, site: Part, jackpot: Part, cursor: Cursor = "") -> Response:
    with desk.read() as session:
        found = meters.meter(session, platform, site, jackpot)
        if found is None:
            raise HTTPException(404, "There is no such jackpot.")
        where = (platform, site, jackpot)
        mine = (JackpotWin.platform == platform, JackpotWin.site == site, JackpotWin.jackpot == jackpot)
        wins = page(session, select(JackpotWin).where(*mine), _KEYS, cursor)
        return desk.render(
            "jackpot.html",
            meter=found,
            finely_units=lambda units: finely(units * 1_000_000 // found.multiplier, found.denom),
            paid=meters.payouts(session).get(where),
            wins=wins,
            names=players.names(session, (win.uid for win in wins.rows)),
            titles={where: found.title},
            base=f"/jackpots/{part(platform)}/{part(site)}/{part(jackpot)}",
        )


_WINS = ("at", "platform", "site", "jackpot", "player", "denomination", "amount", "round", "game", "claim")
_METERS = ("platform", "site", "jackpot", "title", "denomination", "storage_units", "begins_with", "ceiling", "value")
_SUMS = ("overflow", "reserve", "carry_millionths", "seeded", "contributed", "paid", "adds_up", "as_of")


@routes.get("/jackpots/wins.csv")
def export_wins(desk: Viewer) -> Response:
    def rows(session: Session) -> Rows:
        query = select(JackpotWin).order_by(JackpotWin.at.desc(), JackpotWin.claim.desc())
        for win in streamed(session, query):
            who = (win.platform, win.site, win.jackpot, win.uid, win.denom)
            yield (iso(win.at), *who, win.amount, win.round, win.game, win.claim)

    return download(desk.office.database, "jackpot-wins", _WINS, rows)


@routes.get("/jackpots/meters.csv")
def export_meters(desk: Viewer) -> Response:
    """Amounts in storage units, as the meters have them."""

    def rows(session: Session) -> Rows:
        for one in meters.all_meters(session):
            what = (one.platform, one.site, one.id, one.title, one.denom, one.multiplier, one.min, one.max, one.value)
            sums = (one.overflow, one.reserve, one.carry, one.seeded, one.contributed, one.paid)
            yield (*what, *sums, "yes" if one.adds_up else "no", iso(one.at) if one.told else "")

    return download(desk.office.database, "jackpots", (*_METERS, *_SUMS), rows)
