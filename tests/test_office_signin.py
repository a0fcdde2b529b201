"""The console's door: who comes in, for how long, and what guessing is worth. On both databases where it is theirs to keep."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import Type
from sqlalchemy import func, select

from tests.console import IN_PRODUCTION, PASSWORD, Console, actor, notice, serving
from tests.office import NOW
from webingo.errors import Refused
from webingo.office.services import audit, passwords, signin, staff
from webingo.office.services.audit import Actor
from webingo.office.tables import Audit, Staff, StaffSession

MINUTE = 60
NEW = "a longer one than before"


@pytest.fixture
def console(databases):
    database = databases.fresh("sqlite")
    with serving(database) as made:
        yield made
    database.close()


def door(console: Console, name: str, password: str, client=None, **fields):
    client = client or console.stranger()
    form = re.search(r'name="csrf" value="([^"]+)"', client.get("/sign-in").text)[1]
    return client.post("/sign-in", data={"csrf": form, "name": name, "password": password, **fields})


def noted(database, action):
    with database.read() as session:
        return session.scalars(select(Audit).where(Audit.action == action).order_by(Audit.n)).all()


def test_who_knows_the_password_comes_in_and_goes_out_again(console):
    console.somebody("eva")
    client = console.stranger()
    came = door(console, " Eva ", PASSWORD, client, next="/players?q=x")
    assert (came.status_code, came.headers["location"]) == (303, "/players?q=x")
    assert client.get("/players").status_code == 200
    form = re.search(r'name="csrf" value="([^"]+)"', client.get("/players").text)[1]
    kept = dict(client.cookies)
    assert client.post("/sign-out", data={"csrf": form}).headers["location"] == "/sign-in"
    # Also for somebody who kept the cookie.
    assert console.stranger(**kept).get("/players").status_code == 303
    assert [row.staff for row in noted(console.database, "sign-in.done")] == ["eva"]
    assert [row.staff for row in noted(console.database, "sign-out.done")] == ["eva"]


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example", "/\tfoo", "evil"])
def test_the_door_leads_nowhere_else(console, target):
    console.somebody("eva")
    assert door(console, "eva", PASSWORD, next=target).headers["location"] == "/"


@pytest.mark.parametrize("referer", ["http://[", "http://[bad/", "//", "http://evil.example/x", "\u00e9"])
def test_a_form_from_an_address_that_is_none_leads_to_the_door(console, referer):
    answer = console.stranger().post("/gaming", headers={"Referer": referer.encode()})
    assert answer.status_code == 401
    assert 'href="/sign-in"' in answer.text


def test_a_session_is_new_with_every_sign_in_and_only_its_hash_is_kept(console):
    console.somebody("eva")
    client = console.stranger()
    client.cookies.set("office", "chosen-by-somebody-else", domain="127.0.0.1")
    door(console, "eva", PASSWORD, client)
    first = client.cookies["office"]
    assert first != "chosen-by-somebody-else"
    door(console, "eva", PASSWORD, client)
    assert client.cookies["office"] != first
    with console.database.read() as session:
        assert all(token not in row.token_hash for row in session.scalars(select(StaffSession)) for token in (first,))


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(console):
    console.somebody("eva")
    for answer in (console.stranger().get("/sign-in"), door(console, "eva", PASSWORD)):
        for cookie in answer.headers.get_list("set-cookie"):
            if "Max-Age=0" not in cookie:
                assert "HttpOnly" in cookie and "SameSite=strict" in cookie


def test_three_failures_lock_a_name_for_half_an_hour(console):
    console.somebody("eva")
    for _ in range(3):
        assert door(console, "eva", "wrong").status_code == 401
        console.clock.advance(9 * MINUTE)
    assert door(console, "eva", PASSWORD).status_code == 401
    console.clock.advance(30 * MINUTE)
    assert door(console, "eva", PASSWORD).status_code == 303
    assert len(noted(console.database, "sign-in.locked")) == 1
    assert [row.details["reason"] for row in noted(console.database, "sign-in.failed")] == ["wrong password"] * 3 + ["locked"]


def test_failures_count_within_thirty_minutes_and_a_success_forgets_them(console):
    console.somebody("eva")
    for _ in range(4):
        assert door(console, "eva", "wrong").status_code == 401
        assert door(console, "eva", "wrong").status_code == 401
        assert door(console, "eva", PASSWORD).status_code == 303
    for _ in range(4):
        door(console, "eva", "wrong")
        door(console, "eva", "wrong")
        console.clock.advance(31 * MINUTE)
    assert door(console, "eva", PASSWORD).status_code == 303


def test_unknown_locked_and_closed_names_get_the_same_answer_for_the_same_work(console, monkeypatch):
    console.somebody("known-1")
    console.somebody("locked-1")
    closed = console.somebody("closed-1")
    with console.database.write() as session:
        session.get_one(Staff, closed).active = False
        session.scalars(select(Staff).where(Staff.name == "locked-1")).one().locked_until = NOW + 1000
    checks, writes = [], []
    verify, write = passwords._HASHER.verify, console.database.write
    monkeypatch.setattr(type(passwords._HASHER), "verify", lambda self, *given: checks.append(1) or verify(*given))
    monkeypatch.setattr(console.database, "write", lambda: writes.append(1) or write())
    found = set()
    for name in ("known-1", "locked-1", "closed-1", "nobody-1"):
        checks.clear()
        writes.clear()
        answer = door(console, name, PASSWORD if name in ("locked-1", "closed-1") else "wrong")
        text = re.sub(r'name="csrf" value="[^"]+"', "", answer.text).replace(name, "NAME")
        found.add((answer.status_code, text, len(checks), len(writes)))
    assert len(found) == 1
    assert next(iter(found))[2:] == (1, 2)


def test_guesses_at_the_same_time_are_all_counted(database):
    """On both databases: of fifty at once, three are looked at, and then the right one is too late."""
    with database.write() as session:
        session.add(Staff(name="eva", password_hash=passwords.hashed(PASSWORD), role="viewer", created_at=1))
    looked = []

    def guess(number):
        with signin.prove(database, "eva", f"wrong {number}", actor("", at=NOW)) as (_, found):
            looked.append(found)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(guess, range(24)))
    assert looked == [None] * 24
    with database.read() as session:
        account = session.scalars(select(Staff)).one()
        assert (account.failed, account.locked_until) == (3, NOW + 30 * 60_000)
        reasons = [row.details["reason"] for row in session.scalars(select(Audit).where(Audit.action == "sign-in.failed"))]
        assert sorted(reasons) == ["locked"] * 21 + ["wrong password"] * 3
    assert signin.sign_in(database, "eva", PASSWORD, "", NOW) is None
    assert signin.sign_in(database, "eva", PASSWORD, "", NOW + 30 * 60_000) is not None


def test_a_password_that_is_replaced_while_it_is_checked_opens_nothing(database, monkeypatch):
    with database.write() as session:
        session.add(Staff(name="eva", password_hash=passwords.hashed(PASSWORD), role="viewer", created_at=1))

    def slow(password, hash_):
        with database.write() as session:
            session.scalars(select(Staff)).one().password_hash = passwords.hashed("another")
        return True

    monkeypatch.setattr(passwords, "right", slow)
    assert signin.sign_in(database, "eva", PASSWORD, "", NOW) is None


def test_thirty_idle_minutes_end_a_session_and_a_page_that_refreshes_itself_is_idle(console):
    eva = console.signed_in("eva")
    for _ in range(3):
        console.clock.advance(29 * MINUTE)
        assert eva.get("/players").status_code == 200
    for _ in range(3):
        console.clock.advance(9 * MINUTE)
        assert eva.get("/players", headers={"X-Live": "1"}).status_code == 200
    console.clock.advance(3 * MINUTE)
    assert eva.get("/players", headers={"X-Live": "1"}).status_code == 401
    assert eva.get("/players").headers["location"] == "/sign-in?next=/players"


def test_a_session_lasts_twelve_hours_at_most(console):
    eva = console.signed_in("eva")
    for _ in range(35):
        console.clock.advance(20 * MINUTE)
        assert eva.get("/players").status_code == 200
    console.clock.advance(20 * MINUTE)
    assert eva.get("/players").status_code == 303


def test_the_first_admin_is_made_once_and_has_to_choose_a_password(console):
    password = staff.first_admin(console.database, NOW)
    assert staff.first_admin(console.database, NOW) is None
    client = console.stranger()
    assert door(console, "admin", password, client).headers["location"] == "/account/password"
    for path in ("/players", "/staff", "/account"):
        assert client.get(path).headers["location"] == "/account/password"
    page = client.get("/account/password")
    form = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
    assert client.post("/staff", data={"csrf": form, "name": "x1", "role": "admin"}).status_code == 403
    fields = {"csrf": form, "old": password, "new": NEW, "again": NEW}
    assert client.post("/account/password", data=fields).headers["location"] == "/account"
    assert client.get("/staff").status_code == 200
    assert door(console, "admin", password).status_code == 401
    assert door(console, "admin", NEW).status_code == 303


def test_two_programs_that_start_at_once_make_one_admin(database):
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: staff.first_admin(database, NOW), range(4)))
    assert sum(password is not None for password in made) == 1
    with database.read() as session:
        assert session.scalar(select(func.count(Staff.id))) == 1


def test_a_new_password_needs_the_old_one_and_signs_out_all_others(console):
    eva = console.signed_in("eva")
    other = console.at_desk(eva.id)
    before = eva.client.cookies["office"]
    said = eva.said("/account/password", old="wrong", new=NEW, again=NEW)
    assert said == "The old password is not right."
    assert "differ" in eva.said("/account/password", old=PASSWORD, new=NEW, again=NEW + "!")
    assert "changed" in eva.said("/account/password", old=PASSWORD, new=NEW, again=NEW)
    assert eva.get("/players").status_code == 200
    assert other.get("/players").status_code == 303
    assert console.stranger(office=before).get("/players").status_code == 303
    assert door(console, "eva", NEW).status_code == 303


def test_the_old_password_can_not_be_guessed_at_an_open_desk(console):
    eva = console.signed_in("eva")
    for _ in range(3):
        eva.post("/account/password", old="wrong", new=NEW, again=NEW)
    assert eva.said("/account/password", old=PASSWORD, new=NEW, again=NEW) == "The old password is not right."


EASY = ["short", "aaaaaaaaaaaaaaaa", "password1234", "webingo-admin-123456", "eva-eva-eva-eva", "my-name-is-evelyn", "x" * 129]


@pytest.mark.parametrize("easy", EASY)
def test_passwords_that_are_guessed_first_are_refused(easy):
    with pytest.raises(Refused):
        passwords.check(easy, "evelyn")


def test_generated_passwords_are_long_and_never_the_same():
    made = {passwords.generated() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        assert re.fullmatch(r"[a-z2-9]{5}(-[a-z2-9]{5}){3}", password)
        passwords.check(password, "somebody")


def test_admins_add_people_change_roles_and_close_accounts(console):
    admin = console.signed_in("ada", "admin")
    page = admin.post("/staff", name="Eva", role="viewer")
    password = re.search(r"<code>([^<]+)</code>", page.text)[1]
    assert "taken" in admin.said("/staff", name="eva", role="viewer")
    assert "2 to 32" in admin.said("/staff", name="<b>", role="viewer")
    assert "Choose a role" in admin.said("/staff", name="ben", role="root")
    with console.database.read() as session:
        eva = session.scalars(select(Staff).where(Staff.name == "eva")).one().id
    client = console.stranger()
    door(console, "eva", password, client)
    assert client.get("/account/password").status_code == 200
    # Whatever changes of the account, the person has to come in anew.
    for path, fields in (("role", {"role": "operator"}), ("password", {}), ("close", {})):
        seat = console.at_desk(eva)
        assert seat.get("/account/password").status_code == 200
        admin.post(f"/staff/{eva}/{path}", **fields)
        assert seat.get("/account/password").status_code == 303
    assert door(console, "eva", password).status_code == 401
    actions = [row.action for row in sorted(noted_all(console.database), key=lambda row: row.n) if row.staff == "ada"]
    assert actions == ["staff.add", "staff.role", "password.reset", "staff.deactivate"]
    with console.database.read() as session:
        assert all(password not in str(row.details) for row in session.scalars(select(Audit)))


def noted_all(database):
    with database.read() as session:
        return session.scalars(select(Audit)).all()


def test_nobody_changes_their_own_account_so_an_admin_is_always_left(console):
    admin = console.signed_in("ada", "admin")
    for path, fields in (("role", {"role": "viewer"}), ("close", {}), ("password", {})):
        assert admin.said(f"/staff/{admin.id}/{path}", **fields) == "Another admin has to do this for you."


def test_two_admins_who_close_each_other_leave_one(database):
    with database.write() as session:
        session.add_all(Staff(name=name, password_hash="x", role="admin", created_at=1) for name in ("ada", "bob"))
    together, results = threading.Barrier(2), []

    def close(me, other, name):
        together.wait()
        try:
            with database.write() as session:
                staff.set_active(session, actor(name, "admin", id_=me), other, False)
                results.append("closed")
        except Refused:
            results.append("refused")

    threads = [threading.Thread(target=close, args=given) for given in ((1, 2, "ada"), (2, 1, "bob"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["closed", "refused"]


def test_a_house_whose_admins_are_locked_out_is_rescued_from_the_command_line(database):
    with database.write() as session:
        session.add(Staff(name="ada", password_hash="x", role="viewer", active=False, locked_until=NOW * 2, created_at=1))
    password = staff.rescue(database, "Ada", NOW)
    _, visit = signin.sign_in(database, "ada", password, "", NOW)
    assert (visit.role, visit.must_change) == ("admin", True)
    with pytest.raises(Refused):
        staff.rescue(database, "nobody", NOW)


def test_the_program_is_called_the_same_on_every_page_of_the_log_and_in_its_file(console):
    with console.database.write() as session:
        audit.note(session, Actor.system(NOW), "staff.add", "staff:first")
        audit.note(session, Actor(1, "eva", "admin", "", NOW), "staff.add", "staff:second")
    viewer = console.signed_in("vera")
    for path in ("/audit", "/audit?staff=(program)"):
        page = viewer.get(path).text
        assert '<span class="quiet">(program)</span>' in page and ">system<" not in page
    assert "staff" in page and "second" not in page
    rows = [row.split(",") for row in viewer.get("/audit.csv").text.splitlines()[1:]]
    assert [row[2] for row in rows] == ["eva", "(program)"]


def test_what_a_page_says_is_said_once_and_only_by_us(console):
    eva = console.signed_in("eva", "operator")
    eva.client.cookies.set("flash", "WyJnb29kIiwiPGI-aGk8L2I-IiwiMCJd", domain="127.0.0.1")
    assert notice(eva.get("/players").text) == ""
    eva.client.cookies.delete("flash")
    answer = eva.client.post("/players/demo/nobody/block", data={"csrf": eva.csrf, "reason": "why not"})
    assert answer.status_code == 404


def test_a_guess_costs_what_rfc_9106_asks_for_where_memory_is_scarce():
    cost = IN_PRODUCTION.time_cost, IN_PRODUCTION.memory_cost, IN_PRODUCTION.parallelism, IN_PRODUCTION.type
    assert cost == (3, 64 * 1024, 1, Type.ID)
