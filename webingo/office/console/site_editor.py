"""Editing a site: as a form or as JSON, checked as the servers check it, and saved only after its differences were shown."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
from fastapi import Depends, HTTPException, Request
from starlette.responses import Response

from webingo.errors import BadResource
from webingo.office.console.desk import Admin, Desk, router
from webingo.office.console.shown import Part, money_text
from webingo.office.console.sites_pages import found_site, found_version, path_of
from webingo.office.services import jsonplaces, performance, siteform, sites
from webingo.office.services.compare import dangers, differences, side_by_side, written
from webingo.office.services.denied import Denied
from webingo.office.services.sitefields import Field
from webingo.problems import parse_object
from webingo.wallet.denomination import DENOMINATIONS

routes = router(writes="admin")
Problems = Sequence[tuple[str, str]]


async def _posted(request: Request) -> dict[str, str]:
    form = await request.form(max_fields=5_000)
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


Posted = Annotated[dict[str, str], Depends(_posted)]


@routes.get("/sites/new")
def new_page(desk: Admin) -> Response:
    return _new(desk)


def _new(desk: Desk, given: Mapping[str, str] | None = None, problems: Problems = ()) -> Response:
    games = [(game, manifest.title) for game, manifest in desk.office.catalogue.games.items()]
    status = 422 if problems else 200
    return desk.render(
        "site-new.html",
        status,
        given=given or {},
        problems=dict(problems),
        others=[reason for name, reason in problems if name not in ("id", "platform", "denomination")],
        platforms=[(name, name) for name in sorted(desk.office.catalogue.platforms)],
        denominations=[(name, name) for name in DENOMINATIONS],
        games=games,
    )


@routes.post("/sites/new")
def new(desk: Admin, posted: Posted) -> Response:
    """Goes on to the editor with a document that has what a site needs."""
    document = {name: posted.get(name, "").strip() for name in ("id", "platform", "title", "denomination")}
    games = [{"id": game} for game in desk.office.catalogue.games if f"game.{game}" in posted]
    site = document | {"allowed_origins": ["self"], "games": games}
    with desk.read() as session:
        if sites.find(session, document["platform"], document["id"]) is not None:
            return _new(desk, posted, [("id", "there is a site of this name already")])
    problems = _problems(desk, document["platform"], document["id"], site, None)
    return _new(desk, posted, problems) if problems else _review(desk, document["platform"], document["id"], site, 0)


@routes.get("/sites/{platform}/{site}/edit")
def edit_page(desk: Admin, platform: Part, site: Part, mode: str = "form") -> Response:
    with desk.read() as session:
        row = found_site(session, platform, site)
    return _editor(desk, platform, site, row.document, row.version, mode)


@routes.post("/sites/{platform}/{site}/edit")
def edit(desk: Admin, platform: Part, site: Part, posted: Posted) -> Response:
    """`do` says what for: review, to form, to json, add or remove something, or go on after a review."""
    base, mode = _number(posted.get("base", "")), posted.get("mode", "form")
    try:
        document = _typed(desk, posted, mode)
    except BadResource as error:
        problems = [(field, reason) for _, field, reason in error.problems]
        return _editor(desk, platform, site, {}, base, "json", problems, posted.get("text", ""))
    if posted.get("do") != "review":
        return _editor(
            desk, platform, site, document, base, posted.get("do", "") if posted.get("do") in ("form", "json") else mode
        )
    with desk.read() as session:
        before = found_site(session, platform, site).document if base else None
    if problems := _problems(desk, platform, site, document, before):
        return _editor(desk, platform, site, document, base, mode, problems, posted.get("text", ""))
    return _review(desk, platform, site, document, base)


@routes.post("/sites/{platform}/{site}/versions/{number}/restore")
def restore(desk: Admin, platform: Part, site: Part, number: int) -> Response:
    """Shows what going back would change; it is saved as a new version then."""
    with desk.read() as session:
        row = found_site(session, platform, site)
        document = found_version(session, platform, site, number).document
    if problems := _problems(desk, platform, site, document, row.document):
        return _editor(desk, platform, site, document, row.version, "form", problems)
    return _review(desk, platform, site, document, row.version)


@routes.get("/sites/{platform}/{site}/save")
def saved_elsewhere(desk: Admin, platform: Part, site: Part) -> Response:
    """Who was signed out at this address comes back to it: to the form."""
    with desk.read() as session:
        known = sites.find(session, platform, site) is not None
    return desk.to(f"{path_of(platform, site)}/edit" if known else "/sites/new")


@routes.post("/sites/{platform}/{site}/save")
def save(desk: Admin, platform: Part, site: Part, posted: Posted) -> Response:
    base, document = _number(posted.get("base", "")), _working(posted.get("document", ""))
    with desk.read() as session:
        row = sites.find(session, platform, site)
    if _dangers(desk, platform, site, row.document if row else None, document) and "sure" not in posted:
        return _review(desk, platform, site, document, base, unsure=True)
    try:
        checked = desk.office.catalogue.check(platform, site, document, row.document if row else None)
    except BadResource as error:
        return _editor(desk, platform, site, document, base, "form", [(field, reason) for _, field, reason in error.problems])
    try:
        with desk.write() as session:
            version = sites.save(session, desk.by, checked, base).version
    except Denied as denied:
        return _review(desk, platform, site, document, row.version if row else 0, conflict=denied.message)
    if row is not None and version == row.version:
        return desk.to(path_of(platform, site), f"Nothing is changed: this is in force already, as version {version}.", "info")
    text = f"Version {version} is in force. Sessions that run take it over at their next round."
    return desk.to(path_of(platform, site), text)


def _typed(desk: Desk, posted: Mapping[str, str], mode: str) -> dict[str, Any]:
    """Raises BadResource for what is no JSON."""
    if posted.get("do") == "again":
        return _working(posted.get("document", ""))
    if mode == "json":
        return parse_object("", posted.get("text", ""))
    return siteform.document(_working(posted.get("document", "")), desk.office.catalogue.games, posted)


def _working(text: str) -> dict[str, Any]:
    """A document that an earlier page of ours has put into the form."""
    try:
        return parse_object("", text)
    except BadResource:
        raise HTTPException(400) from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise HTTPException(400)
    return int(text)


def _problems(
    desk: Desk, platform: str, site: str, document: Mapping[str, Any], before: Mapping[str, Any] | None
) -> list[tuple[str, str]]:
    try:
        desk.office.catalogue.check(platform, site, document, before)
    except BadResource as error:
        return [(field, reason) for _, field, reason in error.problems]
    return []


def _dangers(desk: Desk, platform: str, site: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    if before is None:
        return []
    with desk.read() as session:
        held = performance.open_rounds(session)
    counts = {key[3]: value[0] for key, value in held.items() if key[:2] == (platform, site)}
    try:
        return dangers(before, after, counts)
    except (KeyError, TypeError, AttributeError):
        return []  # a document with problems: they are shown instead


def _editor(
    desk: Desk,
    platform: str,
    site: str,
    document: dict[str, Any],
    base: int,
    mode: str,
    problems: Problems = (),
    text: str = "",
) -> Response:
    catalogue = desk.office.catalogue
    text = text if text and mode == "json" else written(document)
    places = jsonplaces.lines(text) if problems else {}
    return desk.render(
        "site-edit.html",
        422 if problems else 200,
        platform=platform,
        site=site,
        base=path_of(platform, site),
        version=base,
        mode="json" if mode == "json" else "form",
        form=siteform.form(document, catalogue.games, problems, platform in catalogue.social),
        document=orjson.dumps(document).decode(),
        text=text,
        problems=[(place, reason, jsonplaces.line_of(places, place)) for place, reason in problems],
        worth=lambda one: _worth(document, one),
        titles={game: manifest.title for game, manifest in catalogue.games.items()},
    )


def _worth(document: Mapping[str, Any], one: Field) -> str:
    """What an amount in storage units, or of credits, is in money; empty for every other field."""
    name, *rest = one.name.split(".")
    amounts = {"jackpots": ("min", "max", "before"), "products": ("credits",)}.get(name, ())
    if not rest or rest[-1] not in amounts or not (one.value.isascii() and one.value.isdigit()):
        return ""
    multiplier = document["jackpots"][int(rest[0])].get("storage_multiplier", 1000) if name == "jackpots" else 1
    if not isinstance(multiplier, int) or multiplier < 1:
        return ""
    return money_text(int(one.value) // multiplier, str(document.get("denomination", "")))


def _review(
    desk: Desk, platform: str, site: str, document: dict[str, Any], base: int, unsure: bool = False, conflict: str = ""
) -> Response:
    with desk.read() as session:
        row = sites.find(session, platform, site)
    before = row.document if row else {}
    return desk.render(
        "site-review.html",
        409 if conflict else 422 if unsure else 200,
        platform=platform,
        site=site,
        base=path_of(platform, site),
        version=row.version if row and not conflict else base,
        stale=bool(row and row.version != base),
        conflict=conflict,
        unsure=unsure,
        document=orjson.dumps(document).decode(),
        differences=differences(before, document),
        lines=side_by_side(before, document),
        dangers=_dangers(desk, platform, site, before, document) if row else [],
    )
