"""Sites in the backoffice: judged as the servers judge them, kept in every version, told to the servers and to the log."""

import copy

import orjson
import pytest
from sqlalchemy import select

from tests.office import NOW, office_settings
from webingo.errors import BadResource
from webingo.office.services import changes, gaming, sites
from webingo.office.services.audit import Actor
from webingo.office.services.catalogue import Catalogue
from webingo.office.services.denied import Denied
from webingo.office.tables import Audit, SiteVersion
from webingo.resources.local import LocalResources

BOSS = Actor(1, "boss", "admin", "10.0.0.1", NOW)
JACKPOT = {"id": "jp_mystery", "denomination": "credit", "min": 1000, "max": 90_000, "contribution": "0.01"}
JACKPOT |= {"trigger": {"by": "mystery", "before": 50_000}}


@pytest.fixture(scope="module")
def catalogue():
    return Catalogue(office_settings())


@pytest.fixture
def filled(database, catalogue):
    with database.write() as session:
        sites.import_local(session, catalogue, NOW)
    return database


def document(database, site="demo"):
    with database.read() as session:
        return copy.deepcopy(sites.find(session, "demo", site).document)


def save(database, catalogue, changed, seen, site="demo", before=None):
    found = catalogue.check("demo", site, changed, before)
    with database.write() as session:
        return sites.save(session, BOSS, found, seen).version


def log(database):
    with database.read() as session:
        return [(row.staff, row.action, row.subject) for row in session.scalars(select(Audit).order_by(Audit.n))]


def test_an_empty_database_begins_with_the_local_sites(database, catalogue):
    with database.write() as session:
        assert sites.import_local(session, catalogue, NOW) == len(catalogue.local_sites)
    with database.write() as session:
        assert sites.import_local(session, catalogue, NOW) == 0
    with database.read() as session:
        local = LocalResources(office_settings().res_dir, debug=True).sites
        for row in sites.every_site(session):
            assert catalogue.check(row.platform, row.site, row.document).site == local[row.site]
            assert row.version == 1
    assert {action for _, action, _ in log(database)} == {"site.create"}


def test_a_change_is_a_version_an_item_of_news_and_a_line_in_the_log(filled, catalogue):
    changed = {**document(filled), "title": "Another title", "initial_credits": 5}
    with filled.read() as session:
        before = changes.newest(session)
    assert save(filled, catalogue, changed, 1) == 2
    with filled.read() as session:
        assert sites.find(session, "demo", "demo").document == changed
        assert [row.version for row in sites.versions(session, "demo", "demo")] == [2, 1]
        assert sites.version(session, "demo", "demo", 2).by == "boss"
        (news,) = changes.since(session, before, 10)
        assert (news.kind, news.platform, news.site, news.payload) == ("site", "demo", "demo", {"version": 2})
        row = session.scalars(select(Audit).order_by(Audit.n.desc())).first()
        assert (row.staff, row.address, row.action, row.subject) == ("boss", "10.0.0.1", "site.change", "site:demo:demo")
        assert row.details["title"] == ["webingo demo", "Another title"]
        assert "games" not in row.details


def test_the_same_document_again_is_no_change(filled, catalogue):
    lines = log(filled)
    assert save(filled, catalogue, document(filled), 1) == 1
    assert log(filled) == lines


def test_of_two_who_change_a_site_at_once_the_second_is_told(filled, catalogue):
    first = {**document(filled), "title": "First"}
    second = {**document(filled), "title": "Second"}
    save(filled, catalogue, first, 1)
    with pytest.raises(Denied, match="CONFLICT"):
        save(filled, catalogue, second, 1)
    assert document(filled)["title"] == "First"


def test_a_new_site_is_added(filled, catalogue):
    made = {**document(filled), "id": "fun", "title": "Fun"}
    assert save(filled, catalogue, made, 0, "fun") == 1
    with pytest.raises(Denied, match="CONFLICT"):
        save(filled, catalogue, made, 0, "fun")


def wrong(**changed):
    return lambda d: d.update(changed)


@pytest.mark.parametrize(
    ("break_it", "field"),
    [
        (wrong(id="other"), "id"),
        (wrong(platform="facebook"), "platform"),
        (wrong(denomination="XXX"), "denomination"),
        (wrong(initial_credits=-1), "initial_credits"),
        (wrong(nonsense=1), "nonsense"),
        (wrong(games=[]), "games"),
        (wrong(games=[{"id": "no-such-game"}], jackpots=[]), "games.0.id"),
        (
            wrong(games=[{"id": "bingo-75", "settings": {"no_such_setting": 1}}], jackpots=[]),
            "games.0.settings.no_such_setting",
        ),
        (wrong(allowed_origins=["javascript:alert(1)"]), "allowed_origins.0"),
        (wrong(jackpots=[{**JACKPOT, "max": 10}]), "jackpots.0"),
        (lambda d: d.pop("games"), "games"),
    ],
)
def test_what_a_server_would_refuse_is_refused_here(catalogue, break_it, field):
    changed = orjson.loads(catalogue.local_sites["demo"].model_dump_json(exclude_unset=True))
    break_it(changed)
    with pytest.raises(BadResource) as caught:
        catalogue.check("demo", "demo", changed)
    assert field in [name for _, name, _ in caught.value.problems]


def test_outside_of_debug_an_origin_for_all_is_refused(catalogue):
    strict = Catalogue(office_settings(debug=False))
    changed = {**catalogue.local_sites["demo"].model_dump(mode="json", exclude_unset=True), "allowed_origins": ["*"]}
    with pytest.raises(BadResource, match="for debug only"):
        strict.check("demo", "demo", changed)
    catalogue.check("demo", "demo", changed)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"max": 89_000}, "jackpots.0.max"),
        ({"max": 91_000}, None),
        ({"storage_multiplier": 500}, "jackpots.0.storage_multiplier"),
        ({"contribution": "0.02", "title": "More"}, None),
        ({"id": "jp_new", "max": 60_000}, None),
    ],
)
def test_a_ceiling_is_only_raised_while_a_jackpot_runs(catalogue, change, field):
    before = catalogue.local_sites["demo-brl"].model_dump(mode="json", exclude_unset=True)
    before = {**before, "jackpots": [{**JACKPOT, "denomination": before["denomination"]}]}
    before["games"] = [{"id": "bingo-75"}]
    after = copy.deepcopy(before)
    after["jackpots"][0] |= change
    if field is None:
        catalogue.check("demo", "demo-brl", after, before)
        return
    with pytest.raises(BadResource) as caught:
        catalogue.check("demo", "demo-brl", after, before)
    assert [name for _, name, _ in caught.value.problems] == [field]


def test_games_and_sites_are_opened_and_closed_at_once(filled):
    with filled.write() as session:
        sites.set_game_enabled(session, BOSS, "demo", "demo", "bingo-75", False)
        sites.set_site_enabled(session, BOSS, "demo", "demo-brl", False)
    offers = {offer["id"]: offer.get("enabled", True) for offer in document(filled)["games"]}
    assert [game for game, enabled in offers.items() if not enabled] == ["bingo-75"]
    assert document(filled, "demo-brl")["enabled"] is False
    with filled.write() as session:
        sites.set_game_enabled(session, BOSS, "demo", "demo", "bingo-75", False)  # as it is: nothing
        sites.set_game_enabled(session, BOSS, "demo", "demo", "bingo-75", True)
    assert [line[1] for line in log(filled)][-3:] == ["game.disable", "site.disable", "game.enable"]
    with filled.read() as session:
        assert len(session.scalars(select(SiteVersion).where(SiteVersion.site == "demo")).all()) == 3


def test_a_game_is_closed_on_every_site_that_has_it(filled):
    with filled.write() as session:
        count = sites.set_game_enabled_everywhere(session, BOSS, "joker-bingo", False)
    assert count == len([1 for line in log(filled) if line[1] == "game.disable"]) >= 2


def test_what_is_not_there_cannot_be_switched(filled):
    for platform, site, game in (("demo", "nowhere", "bingo-75"), ("other", "demo", "bingo-75"), ("demo", "demo", "chess")):
        with pytest.raises(Denied, match="UNKNOWN"), filled.write() as session:
            sites.set_game_enabled(session, BOSS, platform, site, game, False)


def test_all_gaming_is_switched_off_once(filled):
    with filled.read() as session:
        before = changes.newest(session)
    for enabled in (False, False, True):
        with filled.write() as session:
            gaming.set_gaming(session, BOSS, enabled)
            assert gaming.gaming(session) is enabled
    with filled.read() as session:
        assert [row.payload for row in changes.since(session, before, 10)] == [{"enabled": False}, {"enabled": True}]
    assert [line[1] for line in log(filled)][-2:] == ["gaming.disable", "gaming.enable"]
