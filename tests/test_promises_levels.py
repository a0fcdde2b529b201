"""A level is what was spent, whatever was killed in between: `spend_total` is the sum of the wagers in the ledger for every
player, what was shown of it is never lost, and each level is rewarded once."""

import asyncio
import random
from itertools import count
from pathlib import Path

import pytest

from examples.fake_facebook import FakeFacebook
from tests.conftest import open_store
from tests.facebook import facebook, known
from tests.player import Player
from tests.processes import ServerProcess
from tests.social import WHICH, ask, casino, enter, ledger, two_processes
from webingo.resources.social import Level, Social
from webingo.transaction.reconcile import reconcile
from webingo.transaction.store import Store
from webingo.user import User

LEVELS = [{"spend": 16 * number + number % 3, "reward": 0 if number % 5 == 0 else number} for number in range(1, 60)]
SOCIAL = Social(levels=[Level(**level) for level in LEVELS])
PLAYERS, KILLS = 6, 3

_numbers = count()


class Spender:
    """Plays on, here and there, whatever is killed; remembers the most that was shown as spent, and what was told."""

    def __init__(self, fake: FakeFacebook, servers: list[ServerProcess], seed: int) -> None:
        self.uid = f"{800_000_000_000_000 + next(_numbers)}"
        self.spent = 0
        self.told: list[int] = []
        self._fake = fake
        self._servers = servers
        self._dice = random.Random(seed)

    async def play(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            try:
                player = await enter(self._fake, self._dice.choice(self._servers).port, self.uid)
                self._look(player)
                if "gamestate" not in player.state:
                    await player.load()
                for _ in range(self._dice.randint(3, 25)):
                    await self._act(player)
                player.client.abort()
            except (OSError, EOFError, TimeoutError):
                await asyncio.sleep(0.05)

    async def _act(self, player: Player) -> None:
        await asyncio.sleep(0.005)  # two cores have more to do
        game = player.game
        action = self._dice.choice([name for name in game["actions"] if name != "cards"])
        re = f"{player.sid} {action}"
        player.act(action, {"amount": self._dice.choice((4, 4, 8))} if action == "bet" else {}, re=re)
        transitions = 2 if action == "bet" and game["name"] == "game" else 1
        while transitions:
            message = await player.next()
            if message["t"] == "component":
                self._hear(message)
            elif message["t"] == "state":
                self._look(player)
                transitions -= message.get("re") == re
            else:
                assert message["code"] in ("UNAVAILABLE", "REPLACED"), message

    def _look(self, player: Player) -> None:
        shown = player.state["userdata"]
        assert shown["spend_total"] >= self.spent, "what was shown was lost"
        self.spent = shown["spend_total"]
        assert {name: shown[name] for name in SOCIAL.standing(0)} == SOCIAL.standing(self.spent)

    def _hear(self, message: dict) -> None:
        assert message["which"] == WHICH and message["message"]["what"] == "level_up", message
        self.told.append(message["message"]["level"])

    async def come_to_rest(self) -> None:
        """Logs in a last time: what a kill has left undone is done now."""
        player = await enter(self._fake, self._servers[0].port, self.uid)
        self._look(player)
        player.send(t="component", which=WHICH, message={"what": "status"})
        while (message := await player.next())["t"] == "state" or message["message"]["what"] != "status":
            if message["t"] == "component":
                self._hear(message)
        assert message["message"]["spend"] == self.spent
        await ask(player, "status")
        await player.leave()


async def check(store: Store, spender: Spender) -> None:
    entries = await ledger(store, spender.uid)
    wagered = -sum(entry.amount for entry in entries if entry.kind == "wager")
    assert spender.spent == wagered > 0
    level = SOCIAL.level(wagered)
    rewards = {entry.id.split(":", 2)[2].split(":facebook:")[0]: entry.amount for entry in entries if entry.kind == "level_up"}
    assert len(rewards) == sum(entry.kind == "level_up" for entry in entries)
    assert rewards == {
        f"level:club:{number}": SOCIAL.levels[number - 2].reward
        for number in range(2, level + 1)
        if SOCIAL.levels[number - 2].reward
    }
    # A kill may have kept a level from being told; none is told twice.
    assert spender.told == sorted(set(spender.told)) and set(spender.told) <= set(range(2, level + 1))
    belongings = await store.belongings(User("facebook", spender.uid))
    assert [(seat.site, spent) for seat, spent in belongings.seats] == [("club", wagered)]


@pytest.mark.timeout(180)
async def test_levels_are_what_was_spent_whatever_is_killed(own_redis_url, tmp_path: Path):
    res = casino(tmp_path, initial_credits=100_000, social={"levels": LEVELS})
    async with facebook() as fake:
        given = {"redis_url": own_redis_url, "res_dir": res, **known(fake)}
        async with two_processes(tmp_path, **given) as servers:
            spenders = [Spender(fake, servers, seed) for seed in range(PLAYERS)]
            enough = asyncio.Event()
            playing = [asyncio.create_task(spender.play(enough)) for spender in spenders]
            for kill in range(KILLS):
                await asyncio.sleep(0.5)
                victim = servers[kill % 2]
                victim.kill()
                victim.start(wait=False)
                await asyncio.to_thread(victim.wait_ready)
            enough.set()
            await asyncio.gather(*playing)
            for spender in spenders:
                await spender.come_to_rest()
    store = await open_store(own_redis_url)
    try:
        for spender in spenders:
            await check(store, spender)
        uids = {spender.uid for spender in spenders}
        assert [found for found in (await reconcile(store)).findings if found.wallet.split(":")[2] in uids] == []
    finally:
        await store.aclose()
