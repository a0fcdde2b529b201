"""Rounds: finding them, and going through one state by state, with its proof."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import orjson
from fastapi import Depends, HTTPException, Query, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from webingo.office.console import boards
from webingo.office.console.desk import Viewer, router
from webingo.office.console.exports import Rows, download
from webingo.office.console.pages import see_other
from webingo.office.console.shown import finely, iso, ungrouped
from webingo.office.services import meters, players, replay, rounds, sites
from webingo.office.services.rounds import Cursor, Search, find
from webingo.office.tables import Entry, Round
from webingo.resources.jackpots import fed
from webingo.transaction.transaction import shard_of

routes = router()
STATES = (
    ("", "any"),
    ("won", "won"),
    ("lost", "lost"),
    ("open", "open"),
    ("cancelled", "cancelled"),
    ("jackpot", "jackpot won"),
)
_EMPTY = dict.fromkeys(("q", "site", "game", "from", "to", "win", "state", "order"), "")


def _asked(request: Request) -> dict[str, str]:
    """The filters as they were typed."""
    return {name: request.query_params.get(name, "").strip()[:200] for name in _EMPTY}


Asked = Annotated[dict[str, str], Depends(_asked)]


def _search(asked: Mapping[str, str]) -> tuple[Search, dict[str, str]]:
    """The search, and what is wrong with which filter."""
    wrong = dict[str, str]()
    platform, _, site = asked["site"].partition(":")
    search = Search(
        uid=asked["q"],
        platform=platform,
        site=site,
        game=asked["game"],
        state=asked["state"],
        largest=asked["order"] == "largest",
    )
    if shard_of(asked["q"]) is not None:
        search = replace(search, uid="", id=asked["q"])
    since, until = (_moment(asked, name, wrong) for name in ("from", "to"))
    search = replace(search, since=since, until=until)
    if asked["win"]:
        try:
            least = Decimal(ungrouped(asked["win"]))
            if not least.is_finite() or not 0 <= least < 10**13:
                raise InvalidOperation
            search = replace(search, least_win=least)
        except InvalidOperation:
            wrong["win"] = "no amount"
    return search, wrong


def _moment(asked: Mapping[str, str], name: str, wrong: dict[str, str]) -> int | None:
    """A time as forms send it, taken as UTC; empty is None."""
    if not asked[name]:
        return None
    try:
        found = datetime.fromisoformat(asked[name])
        return int((found.replace(tzinfo=UTC) if found.tzinfo is None else found).timestamp() * 1000)
    except (ValueError, OverflowError):
        wrong[name] = "no time"
        return None


@routes.get("/rounds")
def list_rounds(desk: Viewer, asked: Asked, page: Annotated[str, Query(max_length=40)] = "") -> Response:
    search, wrong = _search(asked)
    with desk.read() as session:
        found = rounds.Found([]) if wrong else find(session, search, Cursor.parse(page))
        names = players.names(session, (round_.uid for round_ in found.rounds))
        places = sites.every_site(session)
    if search.id and found.rounds:
        return see_other(f"/rounds/{quote(search.id, safe='')}")
    games = {game: known.title for game, known in desk.office.catalogue.games.items()}
    given = {name: value for name, value in asked.items() if value}
    return desk.render(
        "rounds.html",
        found=found,
        names=names,
        asked=asked,
        wrong=_EMPTY | wrong,
        filtered=bool(given),
        base="/rounds" + (f"?{urlencode(given)}" if given else ""),
        query=urlencode(given),
        first=not page,
        sites=[("", "all")] + [(f"{place.platform}:{place.site}", place.site) for place in places],
        games=[("", "all"), *games.items()],
        states=STATES,
    )


_COLUMNS = (
    "round",
    "platform",
    "site",
    "player",
    "game",
    "version",
    "denomination",
    "began",
    "ended",
    "wagered",
    "won",
    "jackpot",
    "voided",
)


@routes.get("/rounds.csv")
def export_rounds(desk: Viewer, asked: Asked) -> Response:
    search, wrong = _search(asked)
    if wrong:
        raise HTTPException(422)

    def rows(session: Session) -> Rows:
        after: Cursor | None = None
        while True:
            found = find(session, search, after, limit=1_000)
            for one in found.rounds:
                times = (iso(one.began_at), iso(one.ended_at))
                amounts = (one.wagered, one.won, one.jackpot, one.voided)
                yield (one.id, one.platform, one.site, one.uid, one.game, one.version, one.denom, *times, *amounts)
            session.expunge_all()
            if (after := found.after) is None:
                return

    return download(desk.office.database, "rounds", _COLUMNS, rows)


@routes.get("/rounds/{round_id}")
def show_round(
    desk: Viewer, round_id: str, step: Annotated[int, Query(ge=0, le=100_000)] = 1, proof: Annotated[bool, Query()] = False
) -> Response:
    with desk.read() as session:
        found = session.scalars(select(Round).where(Round.id == round_id)).one_or_none()
        if found is None:
            raise HTTPException(404, "There is no such round here.")
        record, entries = replay.record_of(session, round_id), replay.ledger_of(session, round_id)
        jackpots = replay.jackpots_of(session, round_id)
        name = players.names(session, [found.uid]).get((found.platform, found.uid), "")
        titles = meters.titles(session, found.platform, found.site)
    told = _told(record, entries)
    shown = min(step, len(told.steps) - 1) if told else 0
    return desk.render(
        "round.html",
        round=found,
        name=name,
        told=told,
        step=told.steps[shown] if told else None,
        drawn=_board(told, shown) if told else None,
        raw=_raw(told, shown) if told else "",
        entries=entries,
        jackpots=jackpots,
        jackpot_title=lambda jackpot: titles.get(jackpot, jackpot),
        fed=replay.fed_by(entries),
        fed_of=fed,
        finely=finely,
        before=entries[0].balance - entries[0].amount if entries else None,
        after=entries[-1].balance if entries else None,
        proof=replay.verified(record, desk.office.catalogue.games) if record and told and proof else None,
        problems=replay.problems_of,
        at=lambda number: f"/rounds/{quote(round_id, safe='')}?step={number}" + ("&proof=true" if proof else ""),
    )


def _told(record: list[bytes] | None, entries: Sequence[Entry]) -> replay.Replay | None:
    """None also for a record that is like none of ours: the round's money has to be seen nevertheless."""
    try:
        return replay.replay(record, entries) if record else None
    except ValueError:
        return None


def _board(told: replay.Replay, shown: int) -> Any:
    if "outside" in told.header:
        return boards.elsewhere(told.steps[shown].state["data"])
    before = told.steps[shown - 1].state["data"] if shown else None
    return boards.board(told.steps[shown].state["data"], before)


def _raw(told: replay.Replay, shown: int) -> str:
    """The step as it is in the record."""
    step = told.steps[shown]
    record = {"action": step.action, "params": step.params, "draws": step.draws, "moves": step.moves, "at": step.at}
    if step.call:
        record |= {"call": step.call, "proof": {"draws": [drawn.id for drawn in step.drawn]}}
    return orjson.dumps({"record": record, "state": step.state}, option=orjson.OPT_INDENT_2).decode()


@routes.get("/rounds/{round_id}/record.json")
def download_record(desk: Viewer, round_id: str) -> Response:
    with desk.read() as session:
        record = replay.record_of(session, round_id)
    if record is None:
        raise HTTPException(404, "There is no record of this round here.")
    body = b"[" + b",".join(record) + b"]"
    name = "".join(letter for letter in round_id if letter.isalnum() or letter == "-")
    headers = {"Content-Disposition": f'attachment; filename="round-{name}.json"'}
    return Response(body, media_type="application/json", headers=headers)
