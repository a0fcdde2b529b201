"""Sites in the console: a form loses nothing of its document, every problem is at its field, nothing is saved unseen."""

import copy
import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.console import Document, actor, catalogue, notice, serving
from tests.office import NOW, office_settings
from webingo.errors import BadResource
from webingo.office.services import gaming, jsonplaces, siteform, sites
from webingo.office.services.catalogue import Catalogue
from webingo.office.services.compare import dangers, differences, side_by_side, written
from webingo.office.tables import Audit, Change, Round, Site, SiteVersion
from webingo.problems import parse_object
from webingo.resources.site import Site as SiteModel

ADA = actor("ada", "admin")
MANIFESTS = catalogue().games
DOCUMENTS = {name: site.model_dump(mode="json", exclude_unset=True) for name, site in catalogue().local_sites.items()}


def fields_of(document):
    """What a browser would send of the form, untouched."""
    return {
        one.name: one.value
        for group in siteform.form(document, MANIFESTS).groups()
        for one in group.fields
        if one.kind != "switch" or one.on
    }


def model(document):
    return SiteModel.model_validate_json(orjson.dumps(document))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_form_that_is_sent_as_it_came_changes_nothing(name):
    document = DOCUMENTS[name]
    assert model(siteform.document(document, MANIFESTS, fields_of(document))) == model(document)
    assert siteform.document(document, MANIFESTS, fields_of(document)).keys() <= document.keys()


def test_what_the_form_does_not_know_stays():
    document = {**copy.deepcopy(DOCUMENTS["demo"]), "later": {"kept": [1, {"a": None}]}}
    assert siteform.document(document, MANIFESTS, fields_of(document))["later"] == document["later"]


@given(st.data())
def test_whatever_is_typed_becomes_a_document_that_the_checks_can_judge(data):
    document = DOCUMENTS["demo"]
    names = list(fields_of(document))
    texts = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
    typed = fields_of(document) | data.draw(
        st.dictionaries(st.sampled_from(names), texts | st.sampled_from(["1,2", "-5", "true", "{"]), max_size=4)
    )
    after = siteform.document(document, MANIFESTS, typed)
    assert json.loads(orjson.dumps(after)) == after
    siteform.form(after, MANIFESTS, [("games.0.settings.bets.2", "wrong")])


PROBLEMS = [
    ("games.1.settings.max_stake", "abc", "games.1.settings.max_stake"),
    ("games.0.settings.bets", "5, x", "games.0.settings.bets"),
    ("initial_credits", "-1", "initial_credits"),
    ("allowed_origins", "nowhere", "allowed_origins"),
    ("flags.min_spin_ms", "99999999", "flags.min_spin_ms"),
    ("rgs.max_win", "0", "rgs.max_win"),
    ("jackpots.0.contribution", "2", "jackpots.0.contribution"),
    ("jackpots.0.games", "no-game", "jackpots"),
]


@pytest.mark.parametrize(("name", "text", "where"), PROBLEMS)
def test_every_problem_is_at_its_field(name, text, where):
    typed = fields_of(DOCUMENTS["demo"]) | {name: text}
    document = siteform.document(DOCUMENTS["demo"], MANIFESTS, typed)
    with pytest.raises(BadResource) as raised:
        catalogue().check("demo", "demo", document)
    form = siteform.form(document, MANIFESTS, [(field, reason) for _, field, reason in raised.value.problems])
    marked = {one.name: one for group in form.groups() for one in group.fields if one.problems}
    if where == "jackpots":
        assert "no-game" in str(form.problems) and not marked
    else:
        assert list(marked) == [where]
        assert marked[where].value == text


def test_settings_that_do_not_fit_together_are_a_problem_of_the_one_that_is_named_first():
    typed = fields_of(DOCUMENTS["demo"]) | {"games.1.settings.max_stake": "90"}
    document = siteform.document(DOCUMENTS["demo"], MANIFESTS, typed)
    with pytest.raises(BadResource) as raised:
        catalogue().check("demo", "demo", document)
    form = siteform.form(document, MANIFESTS, [(field, reason) for _, field, reason in raised.value.problems])
    wrong = {one.name: one.problems for group in form.groups() for one in group.fields if one.problems}
    assert list(wrong) == ["games.1.settings.max_stake"]
    assert wrong["games.1.settings.max_stake"][0].startswith("90 is below")


def test_games_and_jackpots_are_added_and_taken_away():
    document = DOCUMENTS["demo"]
    less = siteform.document(document, MANIFESTS, fields_of(document) | {"remove.games.1": "1", "remove.jackpots.0": "1"})
    assert [game["id"] for game in less["games"]] == [game["id"] for game in document["games"] if game["id"] != "bingo-75"]
    assert len(less["jackpots"]) == len(document["jackpots"]) - 1
    more = siteform.document(less, MANIFESTS, fields_of(less) | {"add_game": "bingo-75", "add_jackpot": "1"})
    assert more["games"][-1] == {"id": "bingo-75"}
    assert more["jackpots"][-1]["denomination"] == document["denomination"]


def test_the_written_document_is_the_document_and_its_lines_are_found():
    for document in DOCUMENTS.values():
        text = written(document)
        assert parse_object("", text) == document
        places = jsonplaces.lines(text)
        line = places["games.0.id"]
        assert document["games"][0]["id"] in text.splitlines()[line - 1]
        assert jsonplaces.line_of(places, "games.0.settings.nothing.3") in (line, places.get("games.0.settings"))
        assert jsonplaces.line_of(places, "") == 1


@given(st.text(alphabet='{}[],:"a1 \n\\', max_size=40))
def test_lines_of_what_is_no_json_raise_nothing(text):
    assert all(1 <= line <= text.count("\n") + 1 for line in jsonplaces.lines(text).values())


def test_differences_name_what_changed_and_nothing_else():
    before = DOCUMENTS["demo-brl"]
    after = copy.deepcopy(before)
    after["games"][1]["enabled"] = False
    after["games"].insert(0, after["games"].pop(2))
    assert [tuple(each) for each in differences(before, after)] == [("games › bingo-75 › enabled", None, "false")]
    assert {line.mark for line in side_by_side(before, after)} >= {"+", "-"}
    after = copy.deepcopy(before)
    after["games"].insert(0, after["games"].pop(2))
    assert [each.place for each in differences(before, after)] == ["order"]
    assert differences(before, copy.deepcopy(before)) == []


def test_what_should_not_be_done_by_accident_is_said():
    before = DOCUMENTS["demo"]

    def said(**changes):
        return " ".join(dangers(before, {**copy.deepcopy(before), **changes}, {"bingo-75": 2}))

    assert said() == ""
    assert "closes" in said(enabled=False)
    assert "denomination" in said(denomination="USD")
    assert "2 open rounds" in said(games=[game for game in before["games"] if game["id"] != "bingo-75"])
    assert "open rounds" not in said(games=[game for game in before["games"] if game["id"] != "beacon-bay"])
    assert "taken away" in said(jackpots=before["jackpots"][1:])
    lower = copy.deepcopy(before["jackpots"])
    lower[0]["max"] -= 1000
    assert "ceiling" in said(jackpots=lower)


def test_who_keeps_the_money_and_who_may_use_it_is_not_changed_by_accident():
    before = DOCUMENTS["demo"]
    elsewhere, acme = {**before, "rgs": {"max_win": 500}}, {**before, "operator": "acme"}
    assert ["API key" in said for said in dangers(before, elsewhere, {})] == [True]
    assert ["can still be ended" in said for said in dangers(elsewhere, before, {})] == [True]
    assert ["here stays there" in said for said in dangers(before, acme, {})] == [True]
    assert ["at acme stays there" in said for said in dangers(acme, before, {})] == [True]
    assert dangers(acme, acme, {}) == dangers(elsewhere, elsewhere, {}) == []


def test_games_that_live_elsewhere_are_let_in_and_kept_out_by_the_form():
    before = DOCUMENTS["demo"]
    typed = fields_of(before) | {"rgs.max_win": "500"}
    assert siteform.document(before, MANIFESTS, typed)["rgs"] == {"max_win": 500}
    typed |= {"rgs.escrow_timeout_s": "60", "rgs.policy": "cancel"}
    after = siteform.document(before, MANIFESTS, typed)
    assert after["rgs"] == {"max_win": 500, "escrow_timeout_s": 60, "policy": "cancel"}
    emptied = fields_of(after) | {"rgs.max_win": "", "rgs.escrow_timeout_s": "", "rgs.policy": ""}
    assert siteform.document(after, MANIFESTS, emptied) == before
    # What the form has no words for stays as it was written.
    for policy in ("report", "pray"):
        document = {**before, "rgs": {"max_win": 5, "policy": policy}}
        assert siteform.document(document, MANIFESTS, fields_of(document)) == document


def test_what_raises_a_jackpots_ceiling_for_ever_is_said_in_units():
    before = DOCUMENTS["demo"]

    def said(**changes):
        jackpots = copy.deepcopy(before["jackpots"])
        jackpots[0] |= changes
        return dangers(before, {**copy.deepcopy(before), "jackpots": jackpots}, {})

    ceiling = before["jackpots"][0]["max"]
    scale = before["jackpots"][0].get("storage_multiplier", 1000)
    (raised,) = said(max=2 * ceiling)
    assert f"raised from {ceiling // scale:,} to {2 * ceiling // scale:,} units" in raised
    assert "players will be told, and it can't be lowered again. Only a new id resets it." in raised
    # A tenth of a storage unit to the unit: the same number is ten times as much.
    slip = said(storage_multiplier=scale // 10)
    assert f"to {10 * ceiling // scale:,} units" in slip[0] and "other storage units" in slip[1]
    # The same in units.
    same = {name: before["jackpots"][0][name] * 10 for name in ("min", "max")}
    (only,) = said(storage_multiplier=scale * 10, **same)
    assert "other storage units" in only
    assert said(contribution="0.02", min=scale) == []


# --- the pages ---


@pytest.fixture
def console(databases):
    database = databases.fresh("sqlite")
    with database.write() as session:
        sites.import_local(session, catalogue(), NOW)
    with serving(database) as made:
        yield made
    database.close()


@pytest.fixture
def admin(console):
    return console.signed_in("ada", "admin")


EDIT = "/sites/demo/demo/edit"


def form_of(page, action):
    return next(form for form in Document(page.text).forms if form.action == action)


def sent_fields(page, action=EDIT, **changes):
    """The form as a browser sends it, with changes. Check boxes are sent only where they are ticked."""
    form = form_of(page, action)
    ticked = {have.get("name") for tag, have in Document(page.text).elements if tag == "input" and "checked" in have}
    fields = {
        name: value for name, value in form.fields.items() if form.kinds[name] not in ("button", "checkbox") or name in ticked
    }
    return {**fields, **changes}


def in_force(console, site="demo"):
    with console.database.read() as session:
        row = session.get_one(Site, ("demo", site))
        return row.version, row.document


def test_an_error_is_shown_at_its_field_and_the_right_document_is_saved_after_its_diff_was_seen(console, admin):
    page = admin.get(EDIT)
    wrong = admin.post(EDIT, **sent_fields(page, **{"games.1.settings.max_stake": "much", "title": "The pub"}, do="review"))
    assert wrong.status_code == 422
    assert 'value="much"' in wrong.text and 'value="The pub"' in wrong.text
    assert wrong.text.count('data-testid="problem"') == 1
    assert in_force(console)[0] == 1

    review = admin.post(EDIT, **sent_fields(wrong, **{"games.1.settings.max_stake": "200"}, do="review"))
    assert review.status_code == 200
    assert "games › bingo-75 › settings › max_stake" in review.text and "The pub" in review.text
    assert in_force(console)[0] == 1

    saved = admin.post("/sites/demo/demo/save", **sent_fields(review, "/sites/demo/demo/save"))
    assert "Version 2" in notice(saved.text)
    version, document = in_force(console)
    assert (version, document["title"], document["games"][1]["settings"]) == (2, "The pub", {"max_stake": 200})
    with console.database.read() as session:
        row = session.scalars(select(Audit).where(Audit.action == "site.change")).one()
        assert (row.staff, row.subject, row.details["version"]) == ("ada", "site:demo:demo", 2)
        assert [row.kind for row in session.scalars(select(Change).order_by(Change.n))][-1] == "site"


def test_json_with_a_problem_names_its_line_and_keeps_what_was_typed(console, admin):
    page = admin.post(EDIT, **sent_fields(admin.get(EDIT), do="json"))
    text = form_of(page, EDIT).fields["text"]
    broken = admin.post(EDIT, **sent_fields(page, text=text.replace('"denomination"', "denomination", 1), do="review"))
    assert broken.status_code == 422 and "line" in broken.text
    typo = text.replace('"bingo-75"', '"bingo-76"', 1)
    wrong = admin.post(EDIT, **sent_fields(page, text=typo, do="review"))
    line = next(number for number, row in enumerate(typo.splitlines(), 1) if "bingo-76" in row)
    assert f"<b>Line {line}</b>" in wrong.text and "bingo-76" in wrong.text
    twice = admin.post(EDIT, **sent_fields(page, text='{"id": 1, "id": 2}', do="review"))
    assert "given twice" in twice.text.replace("&#39;", "'")
    assert in_force(console)[0] == 1


def test_somebody_who_saved_meanwhile_is_not_overwritten_unseen(console, admin):
    mine = admin.post(EDIT, **sent_fields(admin.get(EDIT), title="mine", do="review"))
    theirs = admin.post(EDIT, **sent_fields(admin.get(EDIT), title="theirs", do="review"))
    save = "/sites/demo/demo/save"
    assert "Version 2" in notice(admin.post(save, **sent_fields(theirs, save)).text)
    refused = admin.post(save, **sent_fields(mine, save))
    assert refused.status_code == 409 and "theirs" in refused.text
    assert in_force(console)[1]["title"] == "theirs"
    assert "Version 3" in notice(admin.post(save, **sent_fields(refused, save)).text)
    assert in_force(console)[1]["title"] == "mine"


def test_what_is_saved_twice_by_the_same_person_is_changed_once_and_nobody_else_is_blamed(console, admin):
    review = admin.post(EDIT, **sent_fields(admin.get(EDIT), title="mine", do="review"))
    save = "/sites/demo/demo/save"
    for told in ("Version 2 is in force", "Nothing is changed: this is in force already, as version 2.", "Nothing is changed"):
        saved = admin.post(save, **sent_fields(review, save))
        assert (saved.status_code, saved.url.path) == (200, "/sites/demo/demo")
        assert told in notice(saved.text)
    assert in_force(console)[0] == 2
    with console.database.read() as session:
        assert len(session.scalars(select(Audit).where(Audit.action == "site.change")).all()) == 1


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/sites/demo/demo/save", EDIT),
        ("/sites/demo/unknown/save", "/sites/new"),
        ("/sites/demo/demo/versions/1/restore", "/sites/demo/demo/versions/1"),
        ("/adjustments/7/approve", "/adjustments"),
        ("/staff/1/password", "/staff"),
        ("/findings/1/clear", "/"),
        ("/gaming", "/"),
    ],
)
def test_who_comes_back_to_an_address_that_only_takes_forms_finds_the_page_of_the_form(console, admin, address, page):
    back = admin.get(address, follow_redirects=True)
    assert (back.status_code, back.url.path) == (200, page)
    assert admin.get("/adjustments/7/approve", headers={"X-Live": "1"}).status_code == 405
    assert console.stranger().get(address, follow_redirects=True).url.path == "/sign-in"


def test_what_is_dangerous_needs_a_second_look(console, admin):
    fields = sent_fields(admin.get(EDIT), do="review")
    del fields["enabled"]
    review = admin.post(EDIT, **fields)
    save = "/sites/demo/demo/save"
    unsure = sent_fields(review, save)
    assert admin.post(save, **unsure).status_code == 422
    assert in_force(console)[1].get("enabled", True)
    assert "Version 2" in notice(admin.post(save, **unsure, sure="on").text)
    assert in_force(console)[1]["enabled"] is False


def test_a_ceiling_is_not_lowered(console, admin):
    page = admin.get(EDIT)
    highest = in_force(console)[1]["jackpots"][0]["max"]
    lower = admin.post(EDIT, **sent_fields(page, **{"jackpots.0.max": str(highest - 1000)}, do="review"))
    assert lower.status_code == 422 and "ceiling" in lower.text
    higher = admin.post(EDIT, **sent_fields(page, **{"jackpots.0.max": str(highest + 1000)}, do="review"))
    assert higher.status_code == 200


def test_an_older_version_comes_back_as_a_new_one(console, admin):
    with console.database.read() as session:
        first = session.get_one(SiteVersion, ("demo", "demo", 1)).document
    with console.database.write() as session:
        document = copy.deepcopy(first)
        document["title"] = "Changed"
        sites.save(session, ADA, catalogue().check("demo", "demo", document), 1)
    assert "Changed" in admin.get("/sites/demo/demo/versions/2").text
    review = admin.post("/sites/demo/demo/versions/1/restore")
    assert "Changed" in review.text
    save = "/sites/demo/demo/save"
    assert "Version 3" in notice(admin.post(save, **sent_fields(review, save)).text)
    assert in_force(console) == (3, first)
    assert admin.get("/sites/demo/demo/versions/9").status_code == 404


def test_a_new_site_is_made_with_the_same_checks(console, admin):
    fields = {"id": "pub", "platform": "demo", "title": "The pub", "denomination": "EUR", "game.beacon-bay": "on"}
    assert admin.post("/sites/new", **fields | {"id": "The Pub"}).status_code == 422
    assert admin.post("/sites/new", **fields | {"id": "demo"}).status_code == 422
    review = admin.post("/sites/new", **fields)
    save = "/sites/demo/pub/save"
    assert "Version 1" in notice(admin.post(save, **sent_fields(review, save)).text)
    assert in_force(console, "pub")[1]["games"] == [{"id": "beacon-bay"}]


def test_a_site_that_says_no_more_than_it_must_has_its_pages(console, admin):
    bare = {"id": "bare", "platform": "demo", "denomination": "EUR", "games": [{"id": "beacon-bay"}]}
    with console.database.write() as session:
        sites.save(session, ADA, catalogue().check("demo", "bare", bare), 0)
    for path in (
        "/sites",
        "/sites/demo/bare",
        "/sites/demo/bare/edit",
        "/sites/demo/bare/versions/1",
        "/adjustments",
        "/games",
    ):
        page = admin.get(path)
        assert (page.status_code, "bare" in page.text or path in ("/adjustments", "/games")) == (200, True), path


def test_all_gaming_one_site_and_one_game_are_switched_at_once(console, admin):
    operator = console.signed_in("eva", "operator")
    assert "disabled" in operator.said("/sites/demo/demo/games/bingo-75/enabled?enabled=false")
    assert in_force(console)[1]["games"][1]["enabled"] is False
    assert "can be played" in operator.said("/sites/demo/demo/games/bingo-75/enabled?enabled=true")
    assert f"all {len(DOCUMENTS)} sites" in operator.said("/games/joker-bingo/enabled?enabled=false")
    assert in_force(console, "demo-brl")[1]["games"][0]["enabled"] is False
    assert operator.post("/sites/demo/demo/enabled?enabled=false").status_code == 403
    assert "closed" in admin.said("/sites/demo/demo/enabled?enabled=false")
    assert operator.post("/gaming?enabled=false").status_code == 403
    assert "disabled" in admin.said("/gaming?enabled=false")
    with console.database.read() as session:
        assert not gaming.gaming(session)
    assert "All gaming is disabled" in admin.get("/").text
    assert admin.post("/sites/demo/nowhere/enabled?enabled=false").status_code == 404
    assert admin.post("/sites/demo/demo/games/chess/enabled?enabled=false").status_code == 404


def test_an_operator_and_a_viewer_do_not_edit_documents(console):
    for role in ("operator", "viewer"):
        seat = console.signed_in(role, role)
        assert seat.get(EDIT).status_code == 403
        assert seat.post("/sites/demo/demo/save", base="1", document="{}").status_code == 403
        assert seat.get("/sites/demo/demo").status_code == 200
        assert 'data-testid="edit"' not in seat.get("/sites/demo/demo").text


@pytest.mark.parametrize("base", ["", "x", "-1", "1" * 30])
def test_a_form_that_is_not_ours_is_refused(admin, base):
    assert admin.post("/sites/demo/demo/save", base=base, document="{}").status_code == 400
    assert admin.post("/sites/demo/demo/save", base="1", document="[").status_code == 400
    assert admin.post(EDIT, base="1", mode="form", document="nonsense", do="review").status_code == 400


def test_open_rounds_are_counted_before_a_game_is_taken_away(console, admin):
    with console.database.write() as session:
        session.add(
            Round(
                id="01-open", platform="demo", site="demo", uid="ana", denom="credit", game="bingo-75", began_at=NOW, wagered=7
            )
        )
    review = admin.post(EDIT, **sent_fields(admin.get(EDIT), **{"remove.games.1": "1"}, do="review"))
    assert "1 open rounds" in review.text


# --- the social casino ---

SOCIAL = {
    **copy.deepcopy(DOCUMENTS["demo"]),
    "id": "social",
    "platform": "facebook",
    "social": {
        "levels": [{"spend": 1000}, {"spend": 5000, "reward": 250}, {"spend": 20_000, "reward": 0}],
        "daily_bonus": [50, 100, 200],
        "utc_offset_minutes": -180,
    },
    "products": [
        {"id": "coins-500", "title": "500 coins", "credits": 500, "price": {"amount": "1.99", "currency": "USD"}},
        {
            "id": "coins-5000", "title": "A chest", "description": "10 % more, for a week", "credits": 5500,
            "price": {"amount": "16.90", "currency": "BRL"}, "image": "/static/chest.png",
        },
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def fair():
    """A catalogue that knows a platform of social casinos."""
    made = Catalogue(office_settings())
    made.platforms, made.social = frozenset({"demo", "facebook"}), frozenset({"facebook"})
    return made


def typed_social(**changes):
    return siteform.document(SOCIAL, MANIFESTS, fields_of(SOCIAL) | changes)


def test_the_form_of_a_social_casino_that_is_sent_as_it_came_changes_nothing():
    assert typed_social() == SOCIAL
    bare = {**SOCIAL, "social": {}, "products": []}
    assert siteform.document(bare, MANIFESTS, fields_of(bare)) == bare
    assert fields_of(SOCIAL)["social.levels"] == "1000\n5000 250\n20000 0"


def test_levels_are_typed_as_lines_however_they_are_parted():
    levels = typed_social(**{"social.levels": '\n 2000 \r\n3000: 5\n\n4000\t70\n{"spend": 1}\n'})["social"]["levels"]
    assert levels == [{"spend": 2000}, {"spend": 3000, "reward": 5}, {"spend": 4000, "reward": 70}, {"spend": 1}]
    assert "levels" not in typed_social(**{"social.levels": "  "})["social"]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("social.levels", "1000\n5,000 250", "level 3, spend: "),
        ("social.levels", "1000\n5000 -1", "level 3, reward: "),
        ("social.levels", "1000\n5000 1 2", "level 3: "),
        ("social.levels", "1000\n900", "level 3 needs no more spend than the one before it"),
        ("social.daily_bonus", "50, 0", ""),
        ("social.utc_offset_minutes", "9999", ""),
        ("products.0.id", "", ""),
        ("products.0.title", "", ""),
        ("products.0.credits", "many", ""),
        ("products.1.price", "16,90 BRL", "amount: must be a price as text"),
        ("products.1.price", "16.90 R$", "currency: unknown currency"),
        ("products.1.price", "16.90", "currency: this key is missing"),
        ("products.1.price", "16.90 in BRL", ""),
        ("products.1.image", "chest.png", "must be a path under /static/"),
    ],
)
def test_every_problem_of_a_social_casino_is_at_its_field(fair, name, text, reason):
    document = typed_social(**{name: text})
    with pytest.raises(BadResource) as raised:
        fair.check("facebook", "social", document)
    form = siteform.form(document, MANIFESTS, [(field, said) for _, field, said in raised.value.problems])
    (wrong,) = [one for group in form.groups() for one in group.fields if one.problems]
    assert (wrong.name, wrong.value) == (name, text)
    assert wrong.problems[0].startswith(reason)
    assert form.problems == ()


def test_credits_that_players_give_themselves_are_refused_without_debug(fair):
    document = typed_social(**{"social.allow_manual_credit": "true"})
    assert document["social"]["allow_manual_credit"] is True
    fair.check("facebook", "social", document)
    strict = Catalogue(office_settings(debug=False))
    strict.platforms = strict.social = frozenset({"facebook"})
    with pytest.raises(BadResource) as raised:
        strict.check("facebook", "social", document)
    assert [field for _, field, _ in raised.value.problems] == ["social.allow_manual_credit"]


def test_what_makes_a_social_casino_is_added_and_taken_away(fair):
    plain = {name: value for name, value in SOCIAL.items() if name not in ("social", "products")}
    assert not siteform.form(plain, MANIFESTS).sells and siteform.form(plain, MANIFESTS, sells=True).sells
    begun = siteform.document(plain, MANIFESTS, fields_of(plain) | {"add_social": "1", "add_product": "1"})
    assert (begun["social"], begun["products"]) == ({}, [{"id": "", "title": ""}])
    kept = siteform.document(begun, MANIFESTS, fields_of(begun) | {"remove.products.0": "1"})
    assert (kept["social"], kept["products"]) == ({}, [])
    fair.check("facebook", "social", kept)
    assert "social" not in siteform.document(SOCIAL, MANIFESTS, fields_of(SOCIAL) | {"remove.social": "1"})


def test_only_platforms_that_have_them_get_social_casinos_and_products(fair):
    for name in ("social", "products"):
        with pytest.raises(BadResource) as raised:
            fair.check("demo", "demo", {**DOCUMENTS["demo"], name: SOCIAL[name]})
        assert [(field, reason) for _, field, reason in raised.value.problems] == [
            (name, "sites of the platform 'demo' can't have this")
        ]
        form = siteform.form({**DOCUMENTS["demo"], name: SOCIAL[name]}, MANIFESTS)
        assert form.sells  # so that it can be taken away


def test_what_gives_money_away_or_takes_levels_is_said():
    def said(**changes):
        return " ".join(dangers(SOCIAL, {**SOCIAL, **changes}, {}))

    def levels(*given):
        return said(social={"levels": [{"spend": spend, "reward": reward} for spend, reward in given]})

    assert said() == ""
    assert "no social casino any more" in said(social=None)
    assert "give themselves credits" in said(social={**SOCIAL["social"], "allow_manual_credit": True})
    assert levels((1000, 0), (5000, 250), (20_000, 0)) == ""
    assert levels((1000, 0), (6000, 250)) == ""
    assert "Level 3 is new or reached sooner" in levels((1000, 0), (4000, 250))
    assert "3 levels, from 2 on, are" in levels((500, 1), (4000, 250), (20_000, 0), (30_000, 5))
    plain = {name: value for name, value in SOCIAL.items() if name != "social"}
    assert "Level 3 is new" in " ".join(dangers(plain, SOCIAL, {}))


def test_a_social_casino_is_edited_in_the_console(databases, fair):
    database = databases.fresh("sqlite")
    with database.write() as session:
        sites.save(session, ADA, fair.check("facebook", "social", SOCIAL), 0)
    with serving(database, fair) as console:
        admin = console.signed_in("ada", "admin")
        edit, save = "/sites/facebook/social/edit", "/sites/facebook/social/save"
        page = admin.get(edit)
        more = admin.post(edit, **sent_fields(page, edit, add_product="1"))
        assert "New product" in more.text and more.status_code == 200
        fields = {"products.2.id": "tip", "products.2.title": "A tip", "products.2.credits": "100"}
        price = {"products.2.price": "0.99 EUR"}
        wrong = admin.post(edit, **sent_fields(more, edit, **fields, do="review"))
        assert wrong.status_code == 422 and wrong.text.count('data-testid="problem"') == 1
        levels = {"social.levels": "1000\n4000 250"}
        review = admin.post(edit, **sent_fields(wrong, edit, **fields, **price, **levels, do="review"))
        assert "products › tip › price › amount" in review.text and "social › levels › level 3" in review.text
        assert "Level 3 is new or reached sooner" in review.text
        assert "Version 2" in notice(admin.post(save, **sent_fields(review, save), sure="on").text)
        with database.read() as session:
            document = session.get_one(Site, ("facebook", "social")).document
        assert document["social"]["levels"] == [{"spend": 1000}, {"spend": 4000, "reward": 250}]
        tip = {"id": "tip", "title": "A tip", "credits": 100, "price": {"amount": "0.99", "currency": "EUR"}}
        assert document["products"] == [*SOCIAL["products"], tip]
        shown = admin.get("/sites/facebook/social").text
        assert "A tip" in shown and "0.99" in shown and "Levels" in shown
    database.close()
