"""Meters for tests: on each of the stores, fed by hand."""

import asyncio
import atexit
import json
import shutil
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

from webingo.jackpot.meter import Claim, Contribution, Feed, MeterId, Terms
from webingo.jackpot.meters import Meters
from webingo.jackpot.shelf import Shelf
from webingo.resources.jackpots import MILLION
from webingo.resources.site import Site
from webingo.rng import fresh_id
from webingo.transaction.store import Store
from webingo.user import SHARDS

TERMS = Terms(min=10, max=100, before=0, contribution=10_000, reserve=5_000)
MYSTERY = Terms(min=10, max=100, before=20, contribution=10_000, reserve=0)
_NUMBERS = count()


def fresh_meter() -> MeterId:
    """A name that no test before has used: servers keep what was written."""
    return MeterId("demo", "credit", f"site-{fresh_id()}", f"jp_test{next(_NUMBERS)}")


def claim(name: str = "") -> Claim:
    return Claim(name or fresh_id(), "demo:credit:ada", "07-round", "coin")


def feed_of(*units: float, shard: int = 0, first: int = 1) -> Feed:
    """One contribution after the other, in units, at the positions from `first` on."""
    return Feed(
        shard,
        [
            Contribution(f"{first + place}-0", round(amount * MILLION), claim(f"{shard}/{first + place}"))
            for place, amount in enumerate(units)
        ],
    )


async def books(meters: Meters, meter: MeterId) -> tuple[float, ...]:
    """value, overflow, reserve, seeded, contributed, paid: in units."""
    held = await meters.shelf.read(meter)
    assert held.unexplained == 0
    amounts = (held.value, held.overflow, held.reserve, held.seeded, held.contributed, held.paid)
    return tuple(amount / MILLION for amount in amounts)


async def all_paid(store: Store, shelf: Shelf, site: Site) -> None:
    """Waits until all is fed and paid."""
    meters = [MeterId(site.platform, site.denomination, site.id, jackpot.id) for jackpot in site.jackpots]
    async with asyncio.timeout(60):
        while any([(await store.standing("jackpots", shard)).lag for shard in range(SHARDS)]) or any(
            [await shelf.owed(meter) for meter in meters]
        ):
            await asyncio.sleep(0.1)


@cache
def calm_res() -> Path:
    """What ships in res/, but no mystery is ever hit by a test that has something else in mind: a wallet would get money that
    the test does not expect. Everything else is as it ships."""
    shipped = Path(__file__).parent.parent / "res"
    folder = Path(tempfile.mkdtemp(prefix="webingo-res-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(shipped, folder, dirs_exist_ok=True)
    for file in (shipped / "local_sites").glob("*.json"):
        site = json.loads(file.read_text())
        for jackpot in site.get("jackpots", ()):
            if jackpot.get("trigger", {}).get("by") == "mystery":
                jackpot |= {"contribution": "0.000001", "reserve": "0"}
        (folder / "local_sites" / file.name).write_text(json.dumps(site))
    return folder
