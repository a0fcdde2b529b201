"""Sites: what they offer, switching them and their games on and off at once, and every version that they had."""

from typing import Annotated, Any

from fastapi import HTTPException, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from webingo.office.addresses import part
from webingo.office.console.desk import Admin, Operator, Viewer, router
from webingo.office.console.shown import Part
from webingo.office.services import gaming, meters, performance, sites
from webingo.office.services.compare import differences, side_by_side, written
from webingo.office.services.denied import Denied
from webingo.office.tables import Site, SiteVersion

routes = router()
_VERSIONS = 10


def path_of(platform: str, site: str) -> str:
    return f"/sites/{part(platform)}/{part(site)}"


def found_site(session: Session, platform: str, site: str) -> Site:
    """Raises 404."""
    row = sites.find(session, platform, site)
    if row is None:
        raise HTTPException(404, "There is no such site.")
    return row


@routes.get("/sites")
def listed(desk: Viewer) -> Response:
    with desk.read() as session:
        rows = sites.every_site(session)
        latest = {(row.platform, row.site): sites.version(session, row.platform, row.site, row.version) for row in rows}
        held = performance.open_rounds(session)
        return desk.render("sites.html", sites=rows, latest=latest, held=_by_site(held), gaming=gaming.gaming(session))


def _by_site(held: dict[tuple[str, str, str, str], tuple[int, int]]) -> dict[tuple[str, str], int]:
    sums = dict[tuple[str, str], int]()
    for (platform, site, _, _), (count, _) in held.items():
        sums[platform, site] = sums.get((platform, site), 0) + count
    return sums


@routes.get("/sites/{platform}/{site}")
def overview(desk: Viewer, platform: Part, site: Part) -> Response:
    with desk.read() as session:
        row = found_site(session, platform, site)
        held = {key[3]: value for key, value in performance.open_rounds(session).items() if key[:2] == (platform, site)}
        mine = [one for one in meters.all_meters(session) if (one.platform, one.site) == (platform, site)]
        versions = sites.versions(session, platform, site, count=_VERSIONS + 1)
        return desk.render(
            "site.html",
            site=row,
            base=path_of(platform, site),
            manifests=desk.office.catalogue.games,
            held=held,
            meters=mine,
            versions=versions[:_VERSIONS],
            more=len(versions) > _VERSIONS,
            gaming=gaming.gaming(session),
        )


@routes.post("/sites/{platform}/{site}/enabled")
def switch_site(desk: Admin, platform: Part, site: Part, enabled: Annotated[bool, Query()]) -> Response:
    with desk.write() as session:
        _known(lambda: sites.set_site_enabled(session, desk.by, platform, site, enabled))
    text = f"{site} is open." if enabled else f"{site} is closed: nobody can log in, and no round can begin."
    return desk.to(path_of(platform, site), text)


@routes.post("/sites/{platform}/{site}/games/{game}/enabled")
def switch_game(desk: Operator, platform: Part, site: Part, game: Part, enabled: Annotated[bool, Query()]) -> Response:
    with desk.write() as session:
        _known(lambda: sites.set_game_enabled(session, desk.by, platform, site, game, enabled))
    text = f"{game} can be played." if enabled else f"{game} is disabled. Rounds that are open may be played to their end."
    return desk.to(path_of(platform, site), text)


def _known(change: Any) -> None:
    """What is refused since it is not there is a page that is not there."""
    try:
        change()
    except Denied as denied:
        raise HTTPException(denied.status, denied.message) from None


@routes.get("/sites/{platform}/{site}/versions")
def versions(desk: Viewer, platform: Part, site: Part, below: Annotated[int | None, Query(ge=1, le=2**62)] = None) -> Response:
    with desk.read() as session:
        row = found_site(session, platform, site)
        found = sites.versions(session, platform, site, below, count=51)
    return desk.render(
        "site-versions.html",
        site=row,
        base=path_of(platform, site),
        versions=found[:50],
        older=found[49].version if len(found) > 50 else None,
        below=below,
    )


@routes.get("/sites/{platform}/{site}/versions/{number}")
def version(desk: Viewer, platform: Part, site: Part, number: int) -> Response:
    with desk.read() as session:
        row = found_site(session, platform, site)
        wanted = found_version(session, platform, site, number)
        before = sites.version(session, platform, site, number - 1)
    return desk.render(
        "site-version.html",
        site=row,
        base=path_of(platform, site),
        version=wanted,
        differences=differences(before.document, wanted.document) if before else [],
        lines=side_by_side(before.document, wanted.document) if before else [],
        text=written(wanted.document),
        first=before is None,
    )


def found_version(session: Session, platform: str, site: str, number: int) -> SiteVersion:
    """Raises 404."""
    found = sites.version(session, platform, site, number) if 0 < number < 2**62 else None
    if found is None:
        raise HTTPException(404, "The site has no such version.")
    return found
