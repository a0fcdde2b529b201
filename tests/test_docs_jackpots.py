"""docs/jackpots.md: the site of the page is served, and its worked example is counted again."""

import json
import re
import shutil
from fractions import Fraction
from pathlib import Path

from tests import docpages
from tests.conftest import settings
from tests.jackpots import claim
from tests.player import Player
from tests.test_jackpot_component import ask, heard
from webingo.jackpot.board import Topic
from webingo.jackpot.meter import Contribution, Feed, Meter, MeterId, Terms, claimed, configured, fed
from webingo.resources.jackpots import MILLION, Jackpot
from webingo.resources.local import LocalResources
from webingo.rng import SystemRng
from webingo.server.app import Server
from webingo.transaction.memory_store import MemoryStore

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/jackpots.md"


def written(folder: Path) -> Path:
    """The resources that ship, with the page's site."""
    shutil.copytree(ROOT / "res", folder / "res")
    docpages.write(PAGE, folder)
    return folder / "res"


async def test_the_site_of_the_page_feeds_its_jackpots_as_the_page_says(tmp_path: Path) -> None:
    server = Server(settings(res_dir=written(tmp_path)))
    await server.start(MemoryStore())
    try:
        player = await Player.log_in(server.port, site="bar")
        for message in [json.loads(block.text)["message"] for block in docpages.blocks(PAGE, "json") if '"to"' in block.text]:
            ask(player, **message)
        assert (await heard(player))["value"] == 5_000_000
        await player.load()
        await player.bet(100)
        assert (await heard(player, what="value"))["value"] == 5_001_000
        ask(player, what="list")
        listed = (await heard(player, what="list"))["jackpots"]
        assert [about["games"] for about in listed] == [["joker-bingo"], ["joker-bingo", "beacon-bay"]]
        assert {*listed[0], *listed[1]} == set(re.findall(r"`(\w+)`", _after("is answered with the site's jackpots:"))) - {
            "mystery", "game",
        }  # fmt: skip
    finally:
        Player.abort_all()
        await server.stop()


def _after(sentence: str) -> str:
    """What the page says behind a sentence, to the end of the next one."""
    return PAGE.read_text().partition(sentence)[2].partition("A jackpot that the site")[0].partition("}`,")[2]


def test_the_worked_example_is_what_a_meter_does(tmp_path: Path) -> None:
    jackpot = LocalResources(written(tmp_path)).sites["bar"].jackpots[0]
    rng, steps = SystemRng(), iter(range(100))
    entry = re.compile(r"\| (.+?) \|" + r" ([\d.,]+) \|" * 6)
    rows = [match.groups() for line in PAGE.read_text().splitlines() if (match := entry.fullmatch(line))]
    assert len(rows) == 7
    meter = configured(Meter(), Terms.of(jackpot), rng, 0).meter  # type: ignore[union-attr]
    for what, *amounts in rows:
        number = next(steps)
        if wagers := re.search(r"wagers? of ([\d,]+)", what):
            wager = int(wagers[1].replace(",", ""))
            feed = Feed(0, [Contribution(f"{number + 1}-0", wager * jackpot.rate, claim())])
            meter = fed(meter, [feed], rng, 0).meter  # type: ignore[union-attr]
        elif wins := re.search(r"wins ([\d,]+)", what):
            change = claimed(meter, claim(), rng, 0)
            assert change.wins[0].amount == int(wins[1].replace(",", ""))
            meter = change.meter
        held = (meter.value, meter.overflow, meter.reserve, meter.seeded, meter.contributed, meter.paid)
        assert [Fraction(amount.replace(",", "")) for amount in amounts] == [Fraction(amount, MILLION) for amount in held], what


def test_every_key_of_a_jackpot_is_explained() -> None:
    explained = re.findall(r"^\| `(\w+)` \|.*\|.*\|$", PAGE.read_text().partition("## The rules of money")[0], re.MULTILINE)
    assert explained == list(Jackpot.model_fields)


def test_the_messages_of_the_page_are_those_that_are_sent() -> None:
    messages = [json.loads(block.text) for block in docpages.blocks(PAGE, "json")]
    (value,) = [message for message in messages if message.get("message", {}).get("what") == "value"]
    topic = Topic(MeterId("demo", "EUR", "bar", "jp_full_card"), 1000)
    assert json.loads(topic.value(6_200_250)) == value
