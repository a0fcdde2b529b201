"""Sites: every document that one ever had is kept, and each change reaches the servers at once."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webingo.office.services import audit, changes
from webingo.office.services.audit import Actor
from webingo.office.services.catalogue import Catalogue, Checked
from webingo.office.services.denied import Denied, conflict
from webingo.office.tables import Site, SiteVersion


def every_site(session: Session) -> list[Site]:
    return list(session.scalars(select(Site).order_by(Site.platform, Site.site)))


def find(session: Session, platform: str, site: str) -> Site | None:
    return session.get(Site, (platform, site))


def versions(session: Session, platform: str, site: str, below: int | None = None, count: int = 50) -> list[SiteVersion]:
    """Newest first."""
    wanted = select(SiteVersion).where(SiteVersion.platform == platform, SiteVersion.site == site)
    if below is not None:
        wanted = wanted.where(SiteVersion.version < below)
    return list(session.scalars(wanted.order_by(SiteVersion.version.desc()).limit(count)))


def version(session: Session, platform: str, site: str, number: int) -> SiteVersion | None:
    return session.get(SiteVersion, (platform, site, number))


def save(session: Session, by: Actor, found: Checked, seen_version: int) -> Site:
    """Puts a checked document in force. `seen_version` is the one that it was edited from, 0 for a new site.

    Raises Denied CONFLICT where somebody else has changed the site meanwhile. What is in force already changes nothing.
    """
    platform, name = found.site.platform, found.site.id
    row = session.get(Site, (platform, name), with_for_update=True)
    if row is not None and found.document == row.document:
        return row
    if (row.version if row else 0) != seen_version:
        raise conflict("Somebody else has changed this site meanwhile.")
    if row is None:
        row = Site(platform=platform, site=name, version=0, document={}, updated_at=by.at)
        session.add(row)
    action, difference = "site.change" if row.version else "site.create", audit.change(row.document, found.document)
    _put_in_force(session, by, row, found.document)
    audit.note(session, by, action, f"site:{platform}:{name}", {"version": row.version, **difference})
    return row


def _put_in_force(session: Session, by: Actor, row: Site, document: dict[str, Any]) -> None:
    """As the next version, which the servers are told of."""
    row.version, row.document, row.updated_at = row.version + 1, document, by.at
    kept = {"version": row.version, "document": document, "by": by.name, "at": by.at}
    session.add(SiteVersion(platform=row.platform, site=row.site, **kept))
    changes.publish(session, "site", row.platform, row.site, {"version": row.version}, by.at)


def set_site_enabled(session: Session, by: Actor, platform: str, site: str, enabled: bool) -> Site:
    """Opens or closes a site at once. Raises Denied UNKNOWN_SITE."""

    def switch(document: dict[str, Any]) -> None:
        document["enabled"] = enabled

    return _switched(session, by, platform, site, switch, "site.enable" if enabled else "site.disable", {})


def set_game_enabled(session: Session, by: Actor, platform: str, site: str, game: str, enabled: bool) -> Site:
    """Opens or closes a game on a site at once. Raises Denied UNKNOWN_SITE, UNKNOWN_GAME."""

    def switch(document: dict[str, Any]) -> None:
        offers = [offer for offer in document["games"] if offer["id"] == game]
        if not offers:
            raise Denied(404, "UNKNOWN_GAME", f"The site has no game {game}.")
        offers[0]["enabled"] = enabled

    return _switched(session, by, platform, site, switch, "game.enable" if enabled else "game.disable", {"game": game})


def set_game_enabled_everywhere(session: Session, by: Actor, game: str, enabled: bool) -> int:
    """On every site that has it. Answers on how many."""
    places = [row for row in every_site(session) if any(offer["id"] == game for offer in row.document["games"])]
    for row in places:
        set_game_enabled(session, by, row.platform, row.site, game, enabled)
    return len(places)


def _switched(
    session: Session,
    by: Actor,
    platform: str,
    site: str,
    switch: Callable[[dict[str, Any]], None],
    action: str,
    details: Mapping[str, Any],
) -> Site:
    row = session.get(Site, (platform, site), with_for_update=True)
    if row is None:
        raise Denied(404, "UNKNOWN_SITE", f"There is no site {site} on {platform}.")
    document = deepcopy(row.document)
    switch(document)
    if document == row.document:
        return row
    _put_in_force(session, by, row, document)
    audit.note(session, by, action, f"site:{platform}:{site}", {**details, "version": row.version})
    return row


def import_local(session: Session, catalogue: Catalogue, at: int) -> int:
    """Takes over the sites of res/local_sites where the database has none yet. Answers how many."""
    if session.scalars(select(func.count()).select_from(Site)).one():
        return 0
    by = Actor.system(at)
    for local in catalogue.local_sites.values():
        document = local.model_dump(mode="json", exclude_unset=True)
        save(session, by, Checked(document, local, {}), 0)
    return len(catalogue.local_sites)
