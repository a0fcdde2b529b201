"""docs/adapters.md: its adapter is installed, tried out and used as the page says, and its tables are complete."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests import docpages
from tests.processes import command
from tests.secrets import secret
from webingo.adapters.hub88 import Hub88Options
from webingo.adapters.hub88_said import STATUSES
from webingo.adapters.kit import trial
from webingo.adapters.kit.bench import Bench
from webingo.adapters.kit.cases import CASES, Case
from webingo.adapters.local import LocalOptions
from webingo.adapters.means import Means
from webingo.adapters.registry import adapters, operators
from webingo.config import Settings
from webingo.errors import Code
from webingo.rng import SystemRng
from webingo.support.clock import SystemClock
from webingo.transaction.memory_store import MemoryStore

PAGE = docpages.ROOT / "docs/adapters.md"
TEXT = PAGE.read_text()


@pytest.fixture
def coinhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The page's package, as pip would leave it behind."""
    docpages.write(PAGE, tmp_path)
    docpages.install(tmp_path / "coinhouse")
    monkeypatch.syspath_prepend(tmp_path / "coinhouse")
    yield tmp_path / "coinhouse"
    for module in [name for name in sys.modules if name.startswith("webingo_coinhouse")]:
        del sys.modules[module]
    importlib.invalidate_caches()


async def test_the_adapter_of_the_page_passes_every_case(coinhouse):
    findings = [finding async for finding in trial.trial(adapters()["coinhouse"])]
    assert [(finding.case, finding.reason) for finding in findings if finding.outcome != "passed"] == []
    assert len(findings) == len(CASES)


def test_the_settings_of_the_page_find_it(coinhouse):
    [example] = [json.loads(block.text) for block in docpages.blocks(PAGE, "json") if "goldrush" in block.text]
    secret(example["operators"]["goldrush"]["options"]["key"], "key of the page's example")
    means = Means(SystemClock(), SystemRng(), MemoryStore(), {"USD": 100})
    assert operators(Settings(**example), means)["goldrush"].name == "coinhouse"


def test_the_commands_of_the_page_work_on_it(coinhouse, tmp_path, monkeypatch):
    """With cases that are quick to do, and one that everything fails."""

    async def failing(bench: Bench) -> None:
        raise trial.Wrong("as planted")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trial, "CASES", CASES[:2])
    listed = json.loads(command("adapter", "list", "--json").stdout)
    assert [(row["adapter"], row["testable"]) for row in listed] == [("coinhouse", True), ("hub88", True), ("local", True)]
    tried = command("adapter", "test", "coinhouse").stdout
    assert tried.splitlines()[-1] == "2 passed, 0 failed, 0 not applicable."
    monkeypatch.setattr(trial, "CASES", (*CASES[:2], Case("planted", failing)))
    acme = '{"acme": {"adapter": "coinhouse"}}'
    done = command("adapter", "test", "acme", "--json", check=False, operators=acme)
    report = json.loads(done.stdout)
    assert (done.returncode, report["failed"], report["cases"][-1]["reason"]) == (1, 1, "as planted")
    assert "acme" in command("adapter", "list", operators=acme).stdout
    done = command("adapter", "test", "coinhous", check=False)
    assert (done.returncode, done.stderr) == (1, "webingo: coinhous: unknown adapter or operator; did you mean coinhouse?\n")


def rows(after: str) -> list[list[str]]:
    """The cells of the first table behind a text."""
    table = re.search(r"((?:^\|.*\|\n)+)", TEXT.partition(after)[2], re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in table[1].splitlines()[2:]]


@pytest.mark.parametrize(
    ("heading", "options"), [("## The adapter `local`", LocalOptions), ("## The adapter `hub88`", Hub88Options)]
)
def test_the_tables_of_options_are_complete(heading: str, options: type[BaseModel]):
    told = {name.strip("`"): default.strip("`") for name, default, _ in rows(heading)}
    assert set(told) == set(options.model_fields)
    for name, field in options.model_fields.items():
        default = None if field.is_required() else field.get_default()
        shown = "" if default is None else str(default.get_secret_value()) if hasattr(default, "get_secret_value") else default
        if told[name]:
            assert json.loads(told[name]) == shown
        else:
            assert not shown


def test_the_table_of_statuses_is_complete_and_says_what_is_done():
    told = {status: cells[1:] for cells in rows("What its statuses become") for status in re.findall(r"RS_\w+", cells[0])}
    assert set(told) <= set(STATUSES)
    for status, code in STATUSES.items():
        named = set(re.findall(r"`([A-Z_]+)`", told[status][1])) if status in told else {str(code)}
        assert named == ({str(code)} if status != "RS_OK" else set())
    assert {STATUSES[status] for status in set(STATUSES) - set(told)} == {Code.UNAVAILABLE}
