"""Logging in a process of its own, as the server runs it: what stands on stderr, line by line."""

import json
import os
import pty
import re
import subprocess
import sys

from webingo.support.log import REDACTED, redact

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")


def run(code, level="info", format="json"):  # noqa: A002
    begin = f"import logging, structlog\nfrom webingo.support.log import setup\nsetup({level!r}, {format!r})\n"
    program = f"{begin}log = structlog.get_logger('here')\n{code}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == ""
    return done.stderr


def lines(*args, **kwargs):
    return [json.loads(line) for line in run(*args, **kwargs).splitlines()]


def test_each_record_is_one_line_of_json_stamped_in_utc():
    [line] = lines("log.info('login', uid='a\\nb', seat=('demo', 3))")
    assert UTC.fullmatch(line.pop("timestamp"))
    assert line == {"event": "login", "uid": "a\nb", "seat": ["demo", 3], "level": "info", "logger": "here"}


def test_records_of_the_standard_library_come_out_the_same_way():
    [line] = lines("logging.getLogger('tornado.access').warning('404 GET %s', '/x')")
    assert (line["event"], line["level"], line["logger"]) == ("404 GET /x", "warning", "tornado.access")
    assert UTC.fullmatch(line["timestamp"])


def test_the_context_of_the_task_stands_in_both():
    found = lines("structlog.contextvars.bind_contextvars(connection=7)\nlog.info('a')\nlogging.getLogger('b').warning('b')")
    assert [line["connection"] for line in found] == [7, 7]


def test_below_the_level_nothing_is_written():
    code = "log.info('no')\nlogging.getLogger('x').info('no')\nlog.warning('yes')\nlogging.getLogger('x').warning('yes')"
    assert [line["event"] for line in lines(code, level="warning")] == ["yes", "yes"]


def test_secrets_are_taken_out_at_any_depth_from_both():
    code = """
log.info('login', token='s3cret', nested={'Authorization': 's3cret', 'list': [{'fb_app_secret': 's3cret', 'uid': 'seen'}]})
logging.getLogger('x').warning('hello', extra={'password': 's3cret'})
structlog.contextvars.bind_contextvars(cookie='s3cret')
log.info('x')
"""
    for format in ("json", "console"):
        text = run(code, format=format)
        assert "s3cret" not in text
        assert "seen" in text
        assert REDACTED in text


def test_redaction_leaves_the_rest_and_the_callers_own_data_alone():
    given = {"event": "x", "userinfo": {"access_token": "t", "name": "Ana"}, "Set-Cookie": "c", "seats": (1, {"password": "p"})}
    assert redact(None, "info", given) == {
        "event": "x",
        "userinfo": {"access_token": REDACTED, "name": "Ana"},
        "Set-Cookie": REDACTED,
        "seats": [1, {"password": REDACTED}],
    }
    assert given["userinfo"]["access_token"] == "t"


def test_an_exception_is_one_line_with_its_traceback_and_without_local_values():
    code = "def f(token):\n    raise ValueError('bad')\ntry:\n    f('s3cret')\nexcept ValueError:\n    log.exception('broken')"
    [line] = lines(code)
    assert "ValueError: bad" in line["exception"]
    assert "s3cret" not in line["exception"]
    assert "s3cret" not in run(code, format="console")


def test_values_that_json_does_not_know_are_still_logged():
    code = "loop = []\nloop.append(object)\nlog.info('x', what=object, half='\\ud800', keys={1: 2})\nlog.info('y')"
    first, second = lines(code)
    assert "ud800" in first["half"]
    assert second["event"] == "y"


def test_setting_up_again_replaces_what_was_set_before():
    assert len(lines("setup('info', 'json')\nlog.info('once')")) == 1


def test_warnings_are_logged():
    assert "old" in lines("import warnings\nwarnings.warn('old')")[0]["event"]


def test_auto_is_for_people_on_a_terminal():
    assert json.loads(run("log.info('x')", format="auto"))["event"] == "x"
    ours, theirs = pty.openpty()
    begin = "import structlog\nfrom webingo.support.log import setup\n"
    code = f"{begin}setup('info', 'auto')\nstructlog.get_logger().info('hello', a=1)"
    subprocess.run([sys.executable, "-c", code], stderr=theirs, timeout=30, check=True)
    text = os.read(ours, 10_000).decode()
    os.close(ours)
    os.close(theirs)
    assert "hello" in text
    assert not text.startswith("{")
