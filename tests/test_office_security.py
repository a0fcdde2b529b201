"""The backoffice against those who mean it ill: all its routes, all its forms and all their fields are found and tried.

Nothing here lists the pages: a page that is added is tried, too, and one that is open to everybody has to be named in OPEN.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import MetaData, insert, select

from tests.console import Console, Document, Form, Seat, a_player, actor, routes, serving
from tests.office import KEY, NOW
from tests.office_data import Dice
from webingo.office.addresses import part, unpart
from webingo.office.console import exports
from webingo.office.services import adjustments, audit, sites
from webingo.office.tables import Adjustment, Base, Entry, JackpotWin, Player, Round, Staff, StaffSession

OPEN = {"/sign-in"}
"""Routes of the console that need nobody to be signed in."""
OWN = {"/sign-out", "/account/password"}
"""What everybody may write: it is about themselves."""
ADMINS = ("/staff", "/adjustments/{adjustment_id}/approve", "/adjustments/{adjustment_id}/refuse")
READS = {"GET", "HEAD"}

EVIL = "wb-evil"
HTML = f"\"'><{EVIL} onclick=x>&lt;{EVIL}&gt;</script></textarea></title><{EVIL}>{{{{7*7}}}}${{7*7}}"
"""Whatever it is put into, a parser would find an element of this name if it were not escaped."""
HOSTILE = [
    HTML,
    "' OR '1'='1",
    "'; DROP TABLE players; --",
    '" UNION SELECT password_hash FROM staff --',
    "%' OR 1=1 --",
    "\x00",
    "a\x00b",
    "-1",
    "0",
    "99999999999999999999999999",
    "1e400",
    "NaN",
    "\N{RIGHT-TO-LEFT OVERRIDE}abc\N{ZERO WIDTH JOINER}",
    "\N{LATIN SMALL LETTER E WITH ACUTE}" * 300,
    "../../etc/passwd",
    "javascript:alert(1)",
    "o" + "A" * 40,
    "oWyJ4Il0",
    "2026-13-45",
    "=1+1",
    "true",
]
SECRETS = ("$argon2", "Traceback", "sqlalchemy", "psycopg", "sqlite3.", "DETAIL:")


read = lru_cache(1024)(Document)
"""A page that is looked at for its links, its forms and what could harm is read once."""


@pytest.fixture(scope="module")
def console(databases: Any) -> Iterator[Console]:
    """With something of everything in it, as hostile as players and servers could make it."""
    database = databases.fresh("sqlite")
    with serving(database) as made:
        _fill(made)
        yield made
    database.close()


def _fill(console: Console) -> None:
    database = console.database
    a_player(database, "ana")
    a_player(database, HTML.replace(" ", "")[:128], name=HTML)
    with database.write() as session:
        sites.import_local(session, console.app.state.office.catalogue, NOW)
        hostile = {"platform": HTML, "site": HTML, "uid": HTML, "denom": HTML, "game": HTML}
        session.execute(insert(Round).values(id=HTML, **hostile, version=HTML, began_at=NOW, wagered=1, won=0, jackpot=0))
        ours = {"platform": "demo", "site": "demo", "uid": "ana", "denom": "credit", "game": "joker-bingo", "version": "1"}
        session.execute(insert(Round).values(id="17-round", **ours, began_at=NOW, ended_at=NOW, wagered=1, won=0, jackpot=0))
        entry = {"entry": HTML, "shard": 1, "position": HTML, "seq": 1, "kind": HTML, "amount": -1, "balance": 1, "at": NOW}
        texts = dict.fromkeys(("round", "game", "site", "note", "fed"), HTML)
        wallet = {"platform": "demo", "denom": "credit", "uid": "ana"}
        session.execute(insert(Entry).values(**entry, **texts, **wallet, closes=False))
        session.execute(insert(JackpotWin).values(claim=HTML, jackpot=HTML, amount=1, round=HTML, at=NOW, **hostile))
        session.execute(insert(Staff).values(name=HTML, password_hash="x", role="viewer", created_at=1, active=True))
        audit.note(session, actor(HTML), HTML, HTML, {HTML: HTML, "list": [HTML, {HTML: HTML}], "two": [HTML, HTML]})
        for subject in (f"player:demo:{HTML}", f"site:{HTML}:{HTML}", f"round:{HTML}", f"staff:{HTML}"):
            audit.note(session, actor("eva"), "player.block", subject, {"reason": HTML})
        for _ in range(3):
            adjustments.ask(session, actor("eva"), "demo", "ana", "credit", 10**9, HTML, 0)


def _console_routes(console: Console) -> list[APIRoute]:
    found = list(routes(console.pages))
    assert len(found) >= 30
    return found


def _path(route: APIRoute, **values: str) -> str:
    known = {"platform": "demo", "uid": "ana", "site": "demo", "game": "joker-bingo", "adjustment_id": "1", "staff_id": "1"}
    return re.sub(r"{(\w+)(:\w+)?}", lambda name: values.get(name[1], known.get(name[1], "1")), route.path)


def _writes(console: Console) -> list[tuple[APIRoute, str, str]]:
    return [
        (route, method, _path(route))
        for route in _console_routes(console)
        for method in sorted(set(route.methods or ()) - READS)
        if route.path not in OPEN
    ]


def _everything(console: Console) -> dict[str, Any]:
    """All rows of all tables, but for when somebody was seen last."""
    metadata: MetaData = Base.metadata
    with console.database.read() as session:
        return {
            table.name: sorted(str(row) for row in session.execute(select(*(c for c in table.columns if c.name != "seen_at"))))
            for table in metadata.sorted_tables
        }


def _refused(console: Console, send: Any, statuses: set[int]) -> None:
    """Every write route answers with one of the statuses, and nothing is changed by any."""
    before, found = _everything(console), {}
    for route, method, path in _writes(console):
        answer = send(route, method, path)
        if answer is not None and answer.status_code not in statuses:
            found[method, path] = answer.status_code
    assert found == {}
    assert _everything(console) == before


def test_every_page_asks_strangers_to_sign_in(console: Console) -> None:
    stranger = console.stranger()
    for route in _console_routes(console):
        if route.path in OPEN or "GET" not in (route.methods or ()):
            continue
        path = _path(route)
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in"), path
        assert stranger.get(path, headers={"X-Live": "1"}).status_code == 401


def test_no_write_route_listens_to_strangers(console: Console) -> None:
    stranger = console.stranger()
    _refused(console, lambda route, method, path: stranger.request(method, path, data={"csrf": "x" * 36}), {401})
    forged = console.stranger(office="x" * 72)
    _refused(console, lambda route, method, path: forged.request(method, path, data={"csrf": "x" * 36}), {401})


def test_no_write_route_listens_to_viewers(console: Console) -> None:
    viewer = console.signed_in("viewer-1", "viewer")

    def send(route: APIRoute, method: str, path: str) -> Any:
        return None if route.path in OWN else viewer.client.request(method, path, data={"csrf": viewer.csrf})

    _refused(console, send, {403})


def test_what_is_for_admins_is_not_for_operators(console: Console) -> None:
    operator = console.signed_in("operator-1", "operator")

    def send(route: APIRoute, method: str, path: str) -> Any:
        ours = route.path.startswith(ADMINS)
        return operator.client.request(method, path, data={"csrf": operator.csrf, "reason": "because"}) if ours else None

    _refused(console, send, {403})
    assert operator.get("/staff").status_code == 403


def test_no_form_is_taken_without_the_token_of_its_own_session(console: Console) -> None:
    admin, other = console.signed_in("admin-1", "admin"), console.signed_in("admin-2", "admin")
    tokens = [{}, {"csrf": ""}, {"csrf": "x" * 36}, {"csrf": other.csrf}, {"csrf": admin.csrf + "x"}, {"csrf": "\N{SNOWMAN}"}]
    for fields in tokens:
        _refused(console, lambda route, method, path, fields=fields: admin.client.request(method, path, data=fields), {403})
    # In the address, or in a body of another kind, it is none.
    _refused(console, lambda route, method, path: admin.client.request(method, f"{path}?csrf={admin.csrf}"), {403})
    _refused(console, lambda route, method, path: admin.client.request(method, path, json={"csrf": admin.csrf}), {403})
    cross = {"Sec-Fetch-Site": "cross-site"}
    _refused(
        console,
        lambda route, method, path: admin.client.request(method, path, data={"csrf": admin.csrf}, headers=cross),
        {403},
    )


def test_the_door_takes_no_form_of_others_either(console: Console) -> None:
    stranger = console.stranger()
    fields = {"name": "admin", "password": "x"}
    for token in ({}, {"csrf": ""}, {"csrf": "x" * 36}):
        assert stranger.post("/sign-in", data={**fields, **token}).status_code == 403


def test_the_servers_api_is_closed_without_its_key(console: Console) -> None:
    stranger = console.stranger()
    found = [route for route in routes(console.app) if route.path.startswith("/v1/") and "path:path" not in route.path]
    assert len(found) >= 8
    for route in found:
        for method in route.methods or ():
            for headers in ({}, {"Authorization": "Bearer " + "x" * len(KEY)}, {"Authorization": KEY}):
                assert stranger.request(method, _path(route), headers=headers).status_code == 401, route.path
    admin = console.signed_in("admin-3", "admin")
    assert admin.get("/v1/sites").status_code == 401


def test_the_console_says_nothing_to_the_servers_key(console: Console) -> None:
    key = {"Authorization": f"Bearer {KEY}"}
    assert console.stranger().get("/players", headers=key).status_code == 303


def test_every_answer_has_cautious_headers(console: Console) -> None:
    admin = console.signed_in("admin-4", "admin")
    answers = [
        admin.get(path) for path in ("/players", "/nowhere", "/assets/style.css", "/sign-in", "/audit.csv", "/players/demo/x")
    ]
    answers += [console.stranger().get("/players"), admin.client.post("/staff"), admin.get("/players?page=%00")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "server" not in answer.headers
        if "/assets/" not in str(answer.url):
            assert answer.headers["cache-control"] == "no-store"
    styles = [have["href"] for tag, have in Document(answers[0].text).elements if have.get("rel") == "stylesheet"]
    assert "immutable" in admin.get(styles[0]).headers["cache-control"]
    # Kept for a year is only what can't change under its address: no other release's file, and no page.
    other = (styles[0][:-1], styles[0] + "&v=2", "/assets/none.css?v=1", "/players/assets/ana?v=1", "/nothing/assets/x?v=1")
    assert {admin.get(path).headers["cache-control"] for path in other} == {"no-store"}


def test_bodies_that_are_too_large_or_of_unknown_length_are_not_read(console: Console) -> None:
    stranger = console.stranger()
    assert stranger.post("/sign-in", content=b"x" * (3 << 20)).status_code == 413
    assert stranger.post("/sign-in", content=iter([b"x"])).status_code == 411


def _harmless(text: str, where: str) -> None:
    """As a browser reads it: nothing of what was typed is an element or runs, and nothing secret is told."""
    page = read(text)
    for tag, have in page.elements:
        assert tag != EVIL, f"{where}: an element was smuggled in: {text[max(0, text.find(EVIL) - 200) :][:400]}"
        assert tag not in ("style", "base", "iframe", "object", "embed"), where
        assert tag != "script" or have.get("src", "").startswith("/assets/"), where
        assert not [name for name in have if name.startswith("on") or name == "style"], f"{where}: {tag} {have}"
        for name in ("href", "src", "action", "formaction"):
            target = have.get(name, "/")
            assert target.startswith(("/", "#", "?", "")) and not re.match(r"\s*(javascript|data|//)", target, re.IGNORECASE), (
                where
            )
    # Templates show what they are given, and evaluate nothing of it.
    assert "49${49}" not in text and "{49}" not in text
    _silent(text, where)


def _silent(text: str, where: str) -> None:
    for secret in SECRETS:
        assert secret not in text, where


def _crawl(seat: Seat, most: int = 250) -> dict[str, str]:
    """All pages that links lead to, each kind of them a few times."""
    seen: dict[str, str] = {}
    kinds: dict[str, int] = {}
    queue = ["/"]
    while queue and len(seen) < most:
        path = queue.pop(0)
        parts = urlsplit(path)
        kind = re.sub(r"[^/]*[0-9~][^/]*", "*", parts.path) + "?" + "&".join(sorted(re.findall(r"(\w+)=", parts.query)))
        if path in seen or kinds.get(kind, 0) >= 3:
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = seat.get(path, follow_redirects=True)
        assert answer.status_code in (200, 404), f"{path}: {answer.status_code}"
        seen[path] = answer.text if "html" in answer.headers.get("content-type", "") else ""
        queue += [link for link in read(seen[path]).links() if link not in seen]
    return seen


def test_what_players_and_servers_put_into_the_books_is_shown_as_text(console: Console) -> None:
    admin = console.signed_in("admin-5", "admin")
    pages = _crawl(admin)
    assert len(pages) > 25
    assert sum(EVIL in text for text in pages.values()) > 8, "what is hostile was not even shown"
    for path, text in pages.items():
        _harmless(text, path)


def test_nothing_hostile_in_any_address_gets_through(console: Console) -> None:
    """Every path and query parameter of every page, as the routes declare them."""
    admin = console.signed_in("admin-6", "admin")
    tables = set(_everything(console))
    tried, dealt = 0, _dealt()
    for route in _console_routes(console):
        if "GET" not in (route.methods or ()):
            continue
        for parameter in _parameters(route.dependant, "path_params"):
            for value in next(dealt):
                # As a link of ours would have it, and as somebody would type it.
                written = part(value) if tried % 2 else _typed(value)
                _answers(admin, _path(route, **{parameter.alias: written}), {})
                tried += 1
        for parameter in _parameters(route.dependant, "query_params"):
            for value in next(dealt):
                _answers(admin, _path(route), {parameter.alias: value})
                tried += 1
    assert tried > 200
    assert set(_everything(console)) == tables


def _dealt() -> Iterator[list[str]]:
    """For one field after the other: markup always, and some of the others in turn, so that each comes to many fields."""
    others = cycle(HOSTILE[1:])
    while True:
        yield [HTML, *islice(others, 3)]


def _parameters(dependant: Any, kind: str) -> list[Any]:
    """Also those that a route has by what it depends on."""
    return [*getattr(dependant, kind), *(found for each in dependant.dependencies for found in _parameters(each, kind))]


def _typed(value: str) -> str:
    return re.sub(r"[^\w.-]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), value)


def _told(path: str) -> list[str]:
    return [unpart(each) for each in path.split("/")]


def _answers(seat: Seat, path: str, params: dict[str, str]) -> None:
    answer = seat.get(path, params=params, follow_redirects=True)
    where = f"{path} {params}"
    assert answer.status_code in (200, 400, 404, 422), f"{where}: {answer.status_code}"
    if "html" in answer.headers.get("content-type", ""):
        look = _harmless if HTML in (*params.values(), *_told(path)) else _silent
        look(answer.text, where)


def _fields(pages: dict[str, str]) -> list[tuple[Form, str]]:
    """Each field of each form once; rows of a list are alike, and so are forms about things of one kind."""
    found: dict[Any, tuple[Form, str]] = {}
    for text in pages.values():
        for form in read(text).forms:
            action = re.sub(r"/[^/]*[0-9~][^/]*|(?<=/)demo(-brl)?(?=/|$)", "*", form.action)
            for name in form.kinds:
                if name != "csrf" and form.action not in OWN:
                    found.setdefault((form.method, action, re.sub(r"[0-9]+", "*", name)), (form, name))
    return list(found.values())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_hostile_in_any_field_of_any_form_gets_through(databases: Any, kind: str) -> None:
    """The forms are found on the pages; each field gets each of the strings, the others what the page has in them."""
    database = databases.fresh(kind)
    with serving(database) as console:
        _fill(console)
        admin = console.signed_in("admin-7", "admin")
        fields, dealt = _fields(_crawl(admin)), _dealt()
        assert len({form.action for form, _ in fields if form.method == "post"}) >= 8
        assert len(fields) > 50
        for form, name in fields:
            for value in next(dealt):
                _send(admin, form, {**_filled(form), name: value})
        for path, text in _crawl(admin).items():
            _harmless(text, path)
        with database.read() as session:
            assert session.scalars(select(Player.uid).where(Player.uid == "ana")).one() == "ana"
            assert session.scalars(select(Adjustment.state).where(Adjustment.amount == 10**9)).all() != ["sent"] * 3
            assert session.scalars(select(StaffSession.staff_id).where(StaffSession.staff_id == admin.id)).one()
    database.close()


def _filled(form: Form) -> dict[str, str]:
    """What a person would send: all that is required has something in it."""
    return {
        name: value or {"reason": "a good reason", "amount": "5", "name": "nobody"}.get(name, "")
        for name, value in form.fields.items()
    }


def _send(seat: Seat, form: Form, fields: dict[str, str]) -> None:
    action = form.action or "/"
    if form.method == "get":
        _answers(seat, action, fields)
        return
    marked = HTML in fields.values()
    answer = seat.client.post(action, data={**fields, "csrf": seat.csrf}, follow_redirects=marked)
    where = f"POST {action} {fields}"
    assert answer.status_code in (200, 303, 400, 403, 404, 409, 413, 422), f"{where}: {answer.status_code} {answer.text[-500:]}"
    (_harmless if marked else _silent)(answer.text, where)


def test_formulas_in_an_export_are_text(console: Console) -> None:
    with console.database.write() as session:
        audit.note(session, actor("=HYPERLINK(1)"), "@x", "+1", {})
    admin = console.signed_in("admin-8", "admin")
    rows = admin.get("/audit.csv").text.splitlines()
    assert any("'=HYPERLINK(1)" in row and "'@x" in row and "'+1" in row for row in rows)


def test_the_name_of_an_export_is_plain(console: Console) -> None:
    answer = exports.download(console.database, 'ledger-€"\r\nX: ../y', ["a"], lambda _session: [])
    assert answer.headers["content-disposition"] == 'attachment; filename="ledger-____X__.._y.csv"'


def test_random_bytes_for_bodies_are_refused_in_words(console: Console) -> None:
    admin, dice = console.signed_in("admin-9", "admin"), Dice(7)
    kinds = (
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json",
        "x",
    )
    for _ in range(40):
        body = bytes(dice.below(256) for _ in range(dice.below(200)))
        for kind in kinds:
            answer = admin.client.post("/players/demo/ana/block", content=body, headers={"Content-Type": kind})
            assert answer.status_code in (400, 403, 422), (kind, body, answer.status_code)
