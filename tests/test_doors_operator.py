"""The doors over an operator's money: the tests of the session, of SLOT-IDE and of the promises once more, with the same
players and games, where an operator keeps the money of their site.

Left out is what looks at credits in our own store, or is about what such a site can't have: each with its reason.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from tests import docpages, slot_ide, test_promises, test_session, test_session_login, test_slot_ide_promises
from tests.conftest import settings
from tests.jackpots import calm_res
from tests.player import Player
from webingo.server.app import Server
from webingo.support.clock import ManualClock
from webingo.transaction.memory_store import MemoryStore
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store
from webingo.transaction.transaction import Entry
from webingo.user import User

OPERATORS = {"acme": {"adapter": "local", "options": {"platform": "purse", "credits": 1000}}}


def operated(res: Path) -> Path:
    """The sites' money is the operator's from now on."""
    for file in (res / "local_sites").glob("*.json"):
        site = json.loads(file.read_text())
        if site["platform"] == "demo":
            site.pop("initial_credits", None)
            file.write_text(json.dumps({**site, "operator": "acme"}))
    return res


@pytest.fixture(scope="module")
def operated_res(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("operated") / "res"
    shutil.copytree(calm_res(), folder)
    return operated(folder)


@pytest.fixture
def server(operated_res: Path, io_loop: IOLoop) -> Iterator[Server]:
    server = Server(settings(res_dir=operated_res, operators=OPERATORS))
    io_loop.run_sync(lambda: server.start(MemoryStore()))
    yield server
    Player.abort_all()
    io_loop.run_sync(server.stop)


def again(module: ModuleType, fixture: str, left_out: dict[str, str]) -> dict[str, Any]:
    """The module's tests that use that fixture, but for those left out."""
    tests = {name: test for name, test in vars(module).items() if name.startswith("test_")}
    assert left_out.keys() <= tests.keys(), "what is left out is not there any more"
    return {
        name: test
        for name, test in tests.items()
        if name not in left_out and fixture in test.__code__.co_varnames[: test.__code__.co_argcount]
    }


async def ledger_of(store: Store, uid: str) -> list[Entry]:
    """What tests of credits look at: the transit wallet's entries."""
    user = User("demo", uid)
    return [entry async for entry in store.entries(user.shard) if entry.wallet == f"demo:credit@acme:{uid}"]


async def one_outcome_each(store: Store, uid: str, contested: list[str]) -> None:
    """As test_promises has it; an escrow comes before each wager, so that the numbers in the ids are other ones."""
    wagers = [entry.id.partition(":")[0] for entry in await ledger_of(store, uid) if entry.kind == "wager"]
    assert wagers == contested, "one wager for each state, and no other"
    assert (await reconcile(store)).findings == []


@pytest.fixture(autouse=True)
def _looks_there() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:  # of its own: some tests undo theirs
        patch.setattr(test_promises, "RACES", 20)
        patch.setattr(test_promises, "ledger_of", ledger_of)
        patch.setattr(test_promises, "one_outcome_each", one_outcome_each)
        patch.setattr(test_slot_ide_promises, "ledger_of", ledger_of)
        yield


globals().update(
    again(
        test_session,
        "server",
        {
            "test_a_player_can_not_bet_more_than_there_is": "takes credits in our store: test_operator_wallet.py has its own",
            "test_a_wallet_that_changes_elsewhere_is_pushed": "by our store, at once: test_operator_wallet.py has its own",
        },
    )
)
globals().update(again(test_session_login, "server", {}))
globals().update(
    again(
        test_promises,
        "server",
        {
            "test_money_and_state_move_together_and_the_ledger_is_their_truth": "the ledger of credits",
            "test_a_state_of_other_rules_is_not_played_on": "forges a transaction on a wallet of ours",
        },
    )
)


# -- SLOT-IDE ---------------------------------------------------------------------------------------------------------

RICH = {"acme": {"adapter": "local", "options": {"platform": "purse", "credits": 1_000_000}}}


class OperatedNodes(test_slot_ide_promises.Nodes):
    async def start(self, store: Store, clock: ManualClock | None = None, **changes: Any) -> Server:
        return await super().start(store, clock, operators=RICH, **changes)


@pytest.fixture(scope="module")
def slot_ide_res(tmp_path_factory: pytest.TempPathFactory) -> Path:
    brief = {"slot_ide": {"inactivity_timeout_s": 1}}
    return operated(slot_ide.resources(tmp_path_factory.mktemp("slot-ide"), docpages.ROOT / "res", brief=brief))


@pytest.fixture
def nodes(io_loop: IOLoop, slot_ide_res: Path) -> Iterator[OperatedNodes]:
    nodes = OperatedNodes(slot_ide_res)
    yield nodes
    Player.abort_all()
    io_loop.run_sync(nodes.stop)


globals().update(
    again(
        test_slot_ide_promises,
        "nodes",
        {
            "test_what_can_not_be_paid_is_not_played": "is about credits that a site gives at the beginning",
            "test_without_debug_a_session_is_a_login": "nobody is taken at their word by an operator then",
            "test_what_is_told_is_what_the_ledger_says_and_every_round_can_be_proved": "the ledger of credits",
        },
    )
)
