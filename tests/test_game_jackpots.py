"""Jackpots in play: what a wager feeds, who wins, what is written down of it, and who is told."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests import coin
from tests.player import Player
from webingo.engines.bingo.engine import BingoEngine
from webingo.engines.engine import Action, Step
from webingo.errors import BadResource
from webingo.resources.local import LocalResources
from webingo.rng import SystemRng
from webingo.server.app import Server
from webingo.session.abandoned import close_abandoned
from webingo.session.prizes import Won
from webingo.session.proof import prove
from webingo.transaction.store import Store
from webingo.transaction.transaction import Entry, Seat, WalletId
from webingo.user import User

ANA = User("demo", "ana")
RES = Path(__file__).parent.parent / "res"


class InOrder(SystemRng):
    """Deals and draws the lowest numbers first: the first card of a series is full with the first balls."""

    def shuffle(self, items: Any) -> Any:
        return list(items)

    def sample(self, items: Any, k: int) -> Any:
        return list(items[:k])


class Till:
    """Prizes that are only noted, with the balance as it was then."""

    def __init__(self) -> None:
        self.won: list[Won] = []

    def award(self, won: Won) -> None:
        self.won.append(won)


@pytest.fixture
def server(plain_server: Server) -> Server:
    plain_server.house.rng = InOrder()
    plain_server.house.prizes = Till()
    return plain_server


def told(server: Server) -> list[Won]:
    assert isinstance(server.house.prizes, Till)
    return server.house.prizes.won


async def ledger(store: Store) -> list[Entry]:
    return [entry async for entry in store.entries(ANA.shard) if entry.wallet == "demo:credit:ana"]


async def record(store: Store, number: int = 0) -> list[bytes]:
    round_id = (await store.history(ANA, number, 1))[0]
    found = await store.round(round_id)
    assert found is not None
    return found


async def test_a_full_card_wins_the_jackpot_once_and_everything_says_so(server: Server) -> None:
    player = await Player.log_in(server.port)
    await player.load()
    before = player.game["data"]["jackpot"]
    await player.bet(4)
    assert (before["won"], player.game["data"]["jackpot"]["won"]) == ([], [0])
    won = told(server)
    assert len(won) == 1
    round_id = (await server.store.history(ANA, 0, 1))[0]
    assert won == [Won(Seat(ANA, "demo"), WalletId(ANA, "credit"), round_id, "joker-bingo", "jp_joker_bingo")]
    while "extra" in player.game["actions"]:
        player.act("extra")
        await player.next_state()
    await player.end()
    assert len(told(server)) == 1
    entries = await ledger(server.store)
    assert [(e.kind, e.amount, e.note, e.round) for e in entries if e.kind == "trigger"] == [
        ("trigger", 0, "jp_joker_bingo", round_id)
    ]
    written = [orjson.loads(step) for step in (await record(server.store))[1::2]]
    assert [step.get("jackpots") for step in written] == [["jp_joker_bingo"], *[None] * (len(written) - 1)]


async def test_every_wager_feeds_the_jackpots_of_its_game_exactly(server: Server) -> None:
    server.house.rng = SystemRng()
    player = await Player.log_in(server.port)
    await player.load()
    await player.bet(8)
    bought = player.game["data"]["extra_cost"]  # 0 where none is offered
    if bought:
        player.act("extra")
        await player.next_state()
    await player.end()
    await player.load("bingo-75")
    await player.bet(3)
    wagers = [(e.amount, e.fed) for e in await ledger(server.store) if e.kind == "wager"]
    # 1.5 % and a millionth, in millionths: the tests' sites feed the mystery jackpot so little that it is never won.
    rounds = [f"jp_joker_bingo={15_000 * amount} jp_lucky_drop={amount}" for amount in (8, bought) if amount]
    assert wagers == [*zip((-8, -bought), rounds, strict=False), (-3, "jp_lucky_drop=3")]
    assert orjson.loads((await record(server.store, 1))[1])["fed"] == rounds[0]


async def test_games_without_jackpots_write_nothing_of_them(server: Server) -> None:
    site = LocalResources(RES).sites["demo-brl"]
    assert LocalResources(RES).offered(site, "bingo-75").feeds is None
    player = await Player.log_in(server.port, site="demo-brl")
    await player.load("bingo-75")
    await player.bet(30)
    entries = [e async for e in server.store.entries(ANA.shard) if e.kind == "wager"]
    assert [e.fed for e in entries] == [""]
    assert orjson.loads((await record(server.store))[1]).keys() == {"action", "params", "draws", "moves", "at"}


async def test_a_won_jackpot_is_part_of_the_proof(server: Server) -> None:
    player = await Player.log_in(server.port)
    await player.load()
    await player.bet(4)
    written = await record(server.store)
    game = LocalResources(RES).games["joker-bingo"].recorded(orjson.loads(written[0])["private"]["settings"])
    proof = prove(written, game)
    assert proof.holds and proof.steps[0].jackpots == ("jp_joker_bingo",)
    for jackpots in ([], ["jp_other"], ["jp_joker_bingo", "jp_other"]):
        forged = orjson.dumps({**orjson.loads(written[1]), "jackpots": jackpots})
        assert not prove([written[0], forged, *written[2:]], game).holds


async def test_a_round_that_was_abandoned_pays_its_jackpot_too(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def wins_at_its_end(self: BingoEngine, state: Any, action: Action, rng: Any) -> Step:
        step = applied(self, state, action, rng)
        return step._replace(jackpots=self.jackpots if action.name == "end" else ())

    applied = BingoEngine.apply
    monkeypatch.setattr(BingoEngine, "apply", wins_at_its_end)
    player = await Player.log_in(server.port)
    await player.load()
    await player.bet(4)
    assert told(server) == []
    await asyncio.sleep(0.01)
    assert await close_abandoned(server.house, 0) == 1
    assert [won.jackpot for won in told(server)] == ["jp_joker_bingo"]


@pytest.mark.parametrize("jackpots", [("jp_other",), ("jp_joker_bingo", "jp_lucky_drop")])
async def test_an_engine_that_wins_what_it_did_not_name_is_a_bug_and_wins_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, jackpots: tuple[str, ...]
) -> None:
    applied = BingoEngine.apply
    monkeypatch.setattr(BingoEngine, "apply", lambda *args: applied(*args)._replace(jackpots=jackpots))
    player = await Player.log_in(server.port)
    await player.load()
    player.act("bet", {"amount": 4})
    assert await player.closed() == 1011
    assert told(server) == [] and [e.kind for e in await ledger(server.store)] == ["grant"]


JACKPOT = {"id": "jp_coin", "denomination": "credit", "min": 1000, "max": 2000, "contribution": "0.01"}


@pytest.mark.parametrize(
    ("jackpots", "settings", "problem"),
    [
        ([JACKPOT], {}, ("jackpots.0.trigger", "no game of the site can win jp_coin")),
        ([], {"theme": "jp_coin"}, ("games.0.settings", "coin wins jp_coin: unknown jackpot of this site")),
        (
            [JACKPOT | {"trigger": {"by": "mystery", "before": 2000}}],
            {"theme": "jp_coin"},
            ("games.0.settings", "coin wins jp_coin: is a mystery jackpot, which no game wins"),
        ),
        (
            [JACKPOT, JACKPOT | {"id": "jp_coins"}],
            {"theme": "jp_coin"},
            ("jackpots.1.trigger", "no game of the site can win jp_coins"),
        ),
    ],
)
def test_games_and_jackpots_that_dont_meet_are_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jackpots: Any, settings: Any, problem: tuple[str, str]
) -> None:
    def named(self: Any, math: Any, settings: Any) -> None:
        self.math, self.settings, self.max_win = math, settings, math.pay
        self.jackpots = (settings.theme,) if settings.theme.startswith("jp_") else ()

    res = coin.install(tmp_path, monkeypatch)
    monkeypatch.setattr(coin.CoinEngine, "__init__", named)
    coin.write(res, "games/coin/manifest.json", coin.MANIFEST | {"open_to_sites": ["bets", "theme"]})
    site = coin.SITE | {"games": [{"id": "coin", "settings": settings}], "jackpots": jackpots}
    coin.write(res, "local_sites/here.json", site)
    with pytest.raises(BadResource) as refused:
        LocalResources(res)
    assert [(field, reason) for _, field, reason in refused.value.problems] == [problem]
    assert refused.value.problems[0][0].endswith("here.json")
