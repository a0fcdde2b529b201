"""Settings: the three sources over each other, and every wrong one named with its source, key and reason."""

import json
import re
import stat
import threading
from pathlib import Path

import pytest

from webingo.config import Settings, load
from webingo.errors import BadResource

ROOT = Path(__file__).parent.parent
SECRET = "a-secret-of-more-than-32-characters!"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "res").mkdir()
    (tmp_path / "static").mkdir()
    return tmp_path


def write(**keys):
    Path("config.json").write_text(json.dumps(keys))


def problems(*args, **flags):
    with pytest.raises(BadResource) as caught:
        load(*args, **flags)
    return caught.value.problems


def test_flags_go_over_variables_and_variables_over_the_file(monkeypatch):
    write(debug=True, http_port=1001, message_rate=5, log_level="error")
    monkeypatch.setenv("WEBINGO_HTTP_PORT", "1002")
    monkeypatch.setenv("WEBINGO_LOG_LEVEL", "warning")
    settings = load(http_port=1003, store_timeout_s=None)
    assert (settings.http_port, settings.log_level, settings.message_rate, settings.store_timeout_s) == (1003, "warning", 5, 5)


def test_variables_are_read_as_the_type_of_their_key(monkeypatch):
    for name, value in {
        "DEBUG": "true",
        "AUTH_TIMEOUT_S": "2.5",
        "TRUSTED_PROXIES": '["10.0.0.1", "::1"]',
        "RES_DIR": "static",
    }.items():
        monkeypatch.setenv(f"WEBINGO_{name}", value)
    settings = load()
    assert settings.debug is True
    assert settings.auth_timeout_s == 2.5
    assert settings.trusted_proxies == ["10.0.0.1", "::1"]
    assert settings.res_dir == Path("static")


def test_without_a_file_the_defaults_are_in_force():
    assert load(secret=SECRET) == Settings(secret=SECRET)


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load(debug=True).http_port = 1


def test_built_directly_the_environment_is_not_read(monkeypatch):
    monkeypatch.setenv("WEBINGO_HTTP_PORT", "9")
    assert Settings().http_port == 8080


@pytest.mark.parametrize(
    ("keys", "field", "reason"),
    [
        ({"htp_port": 1}, "htp_port", "unknown key; did you mean http_port?"),
        ({"zzz": 1}, "zzz", "unknown key"),
        ({"http_port": "8080"}, "http_port", "valid integer"),
        ({"http_port": 65536}, "http_port", "less than or equal to 65535"),
        ({"debug": 1}, "debug", "valid boolean"),
        ({"message_rate": 0}, "message_rate", "greater than 0"),
        ({"log_level": "loud"}, "log_level", "'debug', 'info', 'warning' or 'error'"),
        ({"fb_graph_url": ""}, "fb_graph_url", "at least 1 character"),
        ({"fb_canvas_origins": ["https://apps.facebook.com/"]}, "fb_canvas_origins.0", "an origin as browsers send it"),
        ({"trusted_proxies": ["a proxy"]}, "trusted_proxies.0", "does not appear to be an IPv4 or IPv6 address"),
        ({"redis_url": "mysql://x"}, "redis_url", "match pattern"),
        ({"backoffice_url": "?????"}, "backoffice_url", "match pattern"),
        ({"cert": "there.pem"}, "certkey", "cert is given, so this is needed too"),
        ({"certkey": "there.pem"}, "cert", "certkey is given, so this is needed too"),
        ({"cert": "gone.pem", "certkey": "there.pem"}, "cert", "there is no file gone.pem"),
        ({"cert": "there.pem", "certkey": "gone.pem"}, "certkey", "there is no file gone.pem"),
        ({"res_dir": "gone"}, "res_dir", "there is no folder gone"),
        ({"static_dir": "there.pem"}, "static_dir", "there is no folder there.pem"),
        ({"secret": ""}, "secret", "at least 32 characters"),
        ({"secret": "x" * 31}, "secret", "at least 32 characters"),
        ({"rgs_base": "http://localhost/rgs-api/"}, "rgs_key", "at least 32 characters"),
        ({"rgs_base": "http://localhost/rgs-api/", "rgs_key": "x" * 31}, "rgs_key", "at least 32 characters"),
        ({"rgs_base": "http://localhost/", "rgs_key": f"{SECRET} {SECRET}"}, "rgs_key", "without spaces"),
        ({"rgs_base": "http://backoffice.example/rgs-api/", "rgs_key": SECRET}, "rgs_base", "needs https"),
        ({"rgs_base": "http://8.8.8.8/", "rgs_key": SECRET}, "rgs_base", "needs https"),
        ({"rgs_base": "http://134744072/", "rgs_key": SECRET}, "rgs_base", "needs https"),
        ({"rgs_base": "http://0x8080808/", "rgs_key": SECRET}, "rgs_base", "needs https"),
        ({"rgs_base": "http://0.0.0.0/", "rgs_key": SECRET}, "rgs_base", "needs https"),
        ({"rgs_base": "http://localhost.example/", "rgs_key": SECRET}, "rgs_base", "needs https"),
        ({"rgs_base": "https://me:secret@host/", "rgs_key": SECRET}, "rgs_base", "only scheme, host, port and path"),
        ({"rgs_base": "https://host/?key=1", "rgs_key": SECRET}, "rgs_base", "only scheme, host, port and path"),
        ({"rgs_base": "https://host:port/", "rgs_key": SECRET}, "rgs_base", "this is no address"),
        ({"fb_app_id": "1"}, "fb_app_secret", "fb_app_id is given"),
        ({"fb_app_secret": "x"}, "fb_app_id", "fb_app_secret is given"),
        ({"fb_app_id": "1", "fb_app_secret": "x "}, "fb_app_secret", "characters in it"),
        ({"fb_webhook_token": "a b"}, "fb_webhook_token", "characters in it"),
        ({"fb_graph_url": "http://graph.facebook.com/v24.0"}, "fb_graph_url", "needs https"),
        ({"fb_sdk_url": "http://connect.facebook.net/sdk.js"}, "fb_sdk_url", "needs https"),
        ({"fb_sdk_url": "https://a;script-src/sdk.js"}, "fb_sdk_url", "characters that none can have"),
        ({"fb_graph_url": "https://grαph.example/v1"}, "fb_graph_url", "characters that none can have"),
        ({"fb_canvas_origins": ["http://apps.facebook.com"]}, "fb_canvas_origins", "needs https"),
        ({"operators": {"Acme!": {"adapter": "local"}}}, "operators.Acme!.[key]", "match pattern"),
        ({"operators": {"acme": {}}}, "operators.acme.adapter", "missing"),
        ({"operators": {"acme": {"adapter": "local", "refresh_s": 0}}}, "operators.acme.refresh_s", "equal to 1"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(keys, field, reason):
    Path("there.pem").touch()
    write(**{"secret": SECRET, **keys})
    [(where, found, why)] = problems()
    assert (where, found) == ("config.json", field)
    assert reason in why


@pytest.mark.parametrize(
    "address",
    [
        "https://backoffice.example/rgs-api/",
        "http://localhost:8090",
        "http://127.0.0.1:8090/",
        "http://[::1]:8090/",
        "http://10.1.2.3/",
        "http://[fd00::1]/",
        "http://backoffice:8090/",
        "http://rgs.casino.internal/",
    ],
)
def test_the_backoffice_is_called_by_tls_or_in_the_own_network(address):
    assert load(secret=SECRET, rgs_base=address, rgs_key=SECRET).rgs_base == address


def test_the_backoffices_key_is_made_up_in_debug_where_it_is_needed():
    load(debug=True)
    assert not Path("var/rgs_key").exists()
    key = load(debug=True, rgs_base="http://localhost:8090/").rgs_key.get_secret_value()
    assert key == Path("var/rgs_key").read_text()
    assert key != load(debug=True).secret.get_secret_value()


def test_all_problems_are_named_at_once_each_with_its_source(monkeypatch):
    write(http_port=-1, secret=SECRET)
    monkeypatch.setenv("WEBINGO_MESSAGE_RATE", "fast")
    found = problems(log_format="loud")
    assert {(where, field) for where, field, _ in found} == {
        ("config.json", "http_port"),
        ("environment", "message_rate"),
        ("command line", "log_format"),
    }


@pytest.mark.parametrize(
    ("variable", "reason"),
    [
        ("WEBINGO_HTP_PORT", "did you mean WEBINGO_HTTP_PORT?"),
        ("WEBINGO_", "unknown variable"),
        ("webingo_zzz", "unknown variable"),
    ],
)
def test_a_variable_that_does_not_exist_is_named(monkeypatch, variable, reason):
    monkeypatch.setenv(variable, "1")
    [(where, name, why)] = problems(debug=True)
    assert (where, name) == ("environment", variable)
    assert reason in why


@pytest.mark.parametrize(
    ("key", "example"), [("trusted_proxies", '["10.0.0.1"]'), ("fb_canvas_origins", '["https://apps.facebook.com"]')]
)
def test_a_list_that_is_not_json_is_named(monkeypatch, key, example):
    monkeypatch.setenv(f"WEBINGO_{key.upper()}", "10.0.0.1")
    assert problems(debug=True) == [("environment", key, f"write a JSON list: {example}")]
    monkeypatch.setenv(f"WEBINGO_{key.upper()}", example)
    assert getattr(load(debug=True), key) == json.loads(example)


def test_operators_that_are_not_json_are_named(monkeypatch):
    example = '{"acme": {"adapter": "local"}}'
    monkeypatch.setenv("WEBINGO_OPERATORS", "acme")
    assert problems(debug=True) == [("environment", "operators", f"write a JSON object: {example}")]
    monkeypatch.setenv("WEBINGO_OPERATORS", example)
    assert load(debug=True).operators["acme"].adapter == "local"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{\n "debug": true,\n}', "line 3, column 1"),
        (b"", "line 1, column 1"),
        (b"[]", "one JSON object"),
        (b'{"debug": true, "debug": false}', "the key 'debug' is given twice"),
        (b'{"message_rate": NaN}', "NaN is not a JSON number"),
        (b"\xff", "not UTF-8"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_not_json_is_named_with_the_place(content, reason):
    Path("config.json").write_bytes(content)
    [(where, field, why)] = problems()
    assert (where, field) == ("config.json", "")
    assert reason in why


def test_a_file_that_was_asked_for_must_be_there():
    [(where, _, why)] = problems(Path("other.json"))
    assert where == "other.json"
    assert "No such file" in why


def test_secrets_are_never_shown(monkeypatch):
    hidden = {
        "fb_app_secret": "hidden-one",
        "fb_webhook_token": "hidden-six",
        "secret": "hidden-three" * 3,
        "rgs_key": "hidden-five" * 3,
    }
    operators = {"acme": {"adapter": "local", "options": {"key": "hidden-seven"}}}
    write(debug=True, redis_url="redis://:hidden-two@host", fb_app_id="1", operators=operators, **hidden)
    settings = load()
    assert "hidden" not in f"{settings!r} {settings}"
    write(secret=["hidden-four"])
    assert "hidden" not in str(problems())


def test_the_development_secret_is_made_once_and_is_its_owners_alone():
    first = load(debug=True).secret.get_secret_value()
    assert re.fullmatch("[0-9a-f]{64}", first)
    assert load(debug=True).secret.get_secret_value() == first
    assert stat.S_IMODE(Path("var/secret").stat().st_mode) == 0o600
    assert [file.name for file in Path("var").iterdir()] == ["secret"]
    Path("var/secret").unlink()
    assert load(debug=True).secret.get_secret_value() != first


def test_a_damaged_development_secret_is_refused():
    Path("var").mkdir()
    Path("var/secret").write_text("short")
    assert problems(debug=True) == [("var/secret", "", "the kept secret is too short; remove the file for a new one")]


def test_starts_at_the_same_time_share_one_secret():
    found = []
    starts = [threading.Thread(target=lambda: found.append(load(debug=True).secret.get_secret_value())) for _ in range(8)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_the_development_file_is_right_and_has_the_original_keys(monkeypatch):
    monkeypatch.chdir(ROOT)
    keys = json.loads(Path("config.json").read_text())
    assert load(Path("config.json"), secret=SECRET).debug is True
    assert set(keys) >= {"debug", "http_port", "backoffice_url", "cert", "certkey", "fb_app_id", "fb_app_secret", "rgs_base"}


def test_the_page_explains_every_key_with_its_default():
    page = (ROOT / "docs/configuration.md").read_text()
    explained = {}
    for row in re.findall(r"^\| (`.*?) \| (.*?) \| (.+) \|$", page, re.MULTILINE):
        names, defaults = re.findall(r"`(\w+)`", row[0]), re.findall(r"`(.*?)`", row[1])
        explained |= dict(zip(names, defaults * len(names) if len(defaults) == 1 else defaults, strict=True))
    defaults = json.loads(Settings().model_dump_json())
    assert {name: json.loads(value) for name, value in explained.items()} == defaults


def test_every_key_is_described():
    assert all(field.description for field in Settings.model_fields.values())
