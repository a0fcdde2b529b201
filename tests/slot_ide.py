"""Slot games for tests of the SLOT-IDE door, and a client that speaks its HTTP.

`atkins` is the game of the original document's examples: its symbols, lines and windows, with strips and pays of our own.
"""

import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from tests.secrets import secret
from webingo.engines.slots.definition import Math, Settings
from webingo.engines.slots.engine import SlotsEngine

LETTERS = {
    "A": "Atkins",
    "S": "Steak",
    "H": "Ham",
    "D": "Drumstick",
    "G": "Sausage",
    "E": "Eggs",
    "B": "Butter",
    "C": "Cheese",
    "N": "Bacon",
    "M": "Mayonnaise",
    "X": "Scale",
}
SYMBOLS = list(LETTERS.values())
# At the stops of the document they show its windows; at 2 on the first three reels, a Scale each.
STRIPS = [
    "BMXHEXGSCDNBMHEASGCNDBHMECSNGDHB",
    "BBMXSCGNDHEBMSACGNDHXEBMCGSNDHME",
    "MHXSDNCGBEHASMXDNCGBEHSMDNXCGBEH",
    "SDGCNEHMBSDAGCXNEHMBSDGCNEXMHBME",
    "GSNMEBXCDHGSNMAEBXCDHGSNMEDHCBXS",
]
LINES = [
    [1, 1, 1, 1, 1],
    [0, 0, 0, 0, 0],
    [2, 2, 2, 2, 2],
    [0, 1, 2, 1, 0],
    [2, 1, 0, 1, 2],
    [0, 0, 1, 2, 2],
    [2, 2, 1, 0, 0],
    [1, 0, 1, 2, 1],
    [1, 2, 1, 0, 1],
    [0, 2, 2, 2, 1],
    [2, 1, 1, 1, 0],
    [1, 0, 0, 1, 2],
    [1, 2, 2, 1, 0],
    [1, 1, 0, 1, 2],
    [1, 1, 2, 1, 0],
    [0, 1, 0, 1, 2],
    [2, 1, 2, 1, 0],
    [2, 1, 0, 0, 1],
    [0, 1, 2, 2, 1],
    [0, 1, 1, 2, 1],
    [0, 1, 0, 1, 0],
    [2, 1, 2, 1, 2],
]
PAYS = {
    "Atkins": {"3": 50, "4": 500, "5": 5000},
    "Steak": {"3": 40, "4": 200, "5": 1000},
    "Ham": {"3": 30, "4": 150, "5": 500},
    "Drumstick": {"3": 25, "4": 100, "5": 300},
    "Sausage": {"3": 20, "4": 75, "5": 200},
    "Eggs": {"3": 20, "4": 75, "5": 200},
    "Butter": {"3": 15, "4": 50, "5": 100},
    "Cheese": {"3": 15, "4": 50, "5": 100},
    "Bacon": {"3": 10, "4": 25, "5": 50},
    "Mayonnaise": {"3": 5, "4": 20, "5": 50},
}


def strip(letters: str) -> list[str]:
    return [LETTERS[letter] for letter in letters]


ATKINS: dict[str, Any] = {
    "window": {"reels": 5, "rows": 3},
    "symbols": SYMBOLS,
    "wilds": [{"symbol": "Atkins", "except": ["Scale"]}],
    "strips": {"base": [strip(letters) for letters in STRIPS]},
    "lines": LINES,
    "pays": [{"symbol": symbol, "pays": pays} for symbol, pays in PAYS.items()],
    "scatters": [{"symbol": "Scale", "pays": {"3": 5}, "awards": {"3": {"feature": "diet", "spins": 3}}}],
    "features": {"diet": {"type": "free_spins", "multiplier": 2, "max_spins": 30}},
    "gamble": {"types": ["double_up", "triple_up"], "max_steps": 5, "limit": 10_000},
}
# Random awards come right behind the reels: a pick of three covers, or a wheel.
MYSTERY: dict[str, Any] = {
    **{key: value for key, value in ATKINS.items() if key not in ("gamble", "wilds")},
    "wilds": [{"symbol": "Atkins", "multiplier": 3, "except": ["Scale"]}],
    "scatters": [{"symbol": "Scale", "pays": {"3": 5}}],
    "features": {
        "fridge": {
            "type": "pick",
            "picks": 2,
            "items": [{"name": "cake", "pay": 1, "count": 2}, {"name": "soup", "pay": 3}, {"name": "spoiled", "end": True}],
        },
        "wheel": {"type": "wheel", "unit": "line_bet", "segments": [{"name": "ten", "pay": 10, "weight": 3}, {"name": "none"}]},
    },
    "random_awards": [{"chance": "1/4", "award": {"feature": "fridge"}}, {"chance": "1/4", "award": {"feature": "wheel"}}],
    "win_cap": 100,
}
WAYS: dict[str, Any] = {
    **{key: value for key, value in ATKINS.items() if key not in ("lines", "gamble")},
    "pay_by": "ways",
    "coins": 25,
}
# What the others have not: features won by line pays, by picks and for money, multipliers and wilds that are drawn, reels
# without strips or with weights, pays by combination, awards that wait.
FEAST: dict[str, Any] = {
    **{key: value for key, value in ATKINS.items() if key not in ("gamble", "scatters", "features", "strips")},
    "strips": {
        "base": [
            {"stops": strip(STRIPS[0]), "weights": [2] * 32},
            *(strip(letters) for letters in STRIPS[1:4]),
            {"frequencies": dict.fromkeys(SYMBOLS, 1)},
        ],
        "rich": [strip("AXSHDGEBCNM")] * 5,
    },
    "multiplier": {"1": 3, "2": 1},
    "pays": [
        *ATKINS["pays"],
        {"name": "breakfast", "combination": ["Eggs", ["Bacon", "Ham"], "*", "*", "*"], "pay": 4},
        {"name": "sandwich", "symbols": ["Cheese", "Ham", "Butter"], "pays": {"3": 1}, "awards": {"4": {"feature": "fridge"}}},
    ],
    "scatters": [{"symbol": "Scale", "pays": {}, "awards": {"2": {"feature": "fridge"}, "3": {"feature": "diet", "spins": 5}}}],
    "features": {
        "diet": {
            "type": "free_spins",
            "strips": "rich",
            "multiplier": {"2": 1, "3": 1},
            "max_spins": 12,
            "extra_wilds": {"symbol": "Atkins", "choices": [{"reels": [1]}, {"reels": [2, 3]}]},
            "scatters": [
                {"symbol": "Scale", "awards": {"3": {"feature": "diet", "spins": 2}, "2": {"feature": "fridge"}}, "pays": {}}
            ],
        },
        "fridge": {
            "type": "pick",
            "picks": 2,
            "items": [{"name": "cake", "pay": 1, "count": 2}, {"name": "diet", "award": {"feature": "feast", "spins": 2}}],
        },
        "feast": {"type": "free_spins", "multiplier": 5, "scatters": []},
    },
    "random_awards": [{"chance": "1/5", "award": {"feature": "feast", "spins": 1, "multiplier": 7}}],
    "buy": [{"name": "diet", "title": "Buy the diet", "cost": 20, "award": {"feature": "diet", "spins": 4}}],
    "gamble": {"types": ["double_up"], "max_steps": 2, "limit": 500},
    "win_cap": 400,
}
SETTINGS = {"bets": [1, 2, 5, 10, 100], "lines": [1, 5, 10, 22], "max_stake": 2200}
GAMES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "atkins": (ATKINS, SETTINGS),
    "plain-diet": (ATKINS, {**SETTINGS, "gamble": False}),
    "mystery": (MYSTERY, SETTINGS),
    "many-ways": (WAYS, {"bets": [1, 2], "max_stake": 50}),
    "feast": (FEAST, {"bets": [1, 3], "max_stake": 66}),
}


def manifest(game: str) -> dict[str, Any]:
    math, settings = GAMES[game]
    built = SlotsEngine(Math.model_validate_json(json.dumps(math)), Settings.model_validate_json(json.dumps(settings)))
    return {
        "id": game,
        "engine": "slots",
        "title": game,
        "version": "1.0.0",
        "rtp": 0.9,
        "max_win": built.max_win,
        "volatility": "medium",
        "settings": settings,
        "open_to_sites": ["bets", "lines", "max_stake", "gamble"],
        "math": math,
    }


def site(**changes: Any) -> dict[str, Any]:
    return {
        "id": "demo",
        "platform": "demo",
        "denomination": "credit",
        "initial_credits": 1_000_000,
        "games": [{"id": game} for game in (*GAMES, "joker-bingo")],
        "test_mode": True,
        **changes,
    }


def resources(folder: Path, shipped: Path, **sites: dict[str, Any]) -> Path:
    """A res/ with these games and sites: `demo` in test mode, and those of `sites`, changed like that."""
    res = folder / "res"
    shutil.copytree(shipped / "games" / "joker-bingo", res / "games" / "joker-bingo")
    shutil.copytree(shipped / "templates", res / "templates")
    for game in GAMES:
        (res / "games" / game).mkdir()
        (res / "games" / game / "manifest.json").write_text(json.dumps(manifest(game)))
    (res / "local_sites").mkdir()
    for name, changes in {"demo": {}, **sites}.items():
        (res / "local_sites" / f"{name}.json").write_text(json.dumps(site(id=name, **changes)))
    return res


class Client:
    """A client of one server and one session. Acts by POST; the answer is the events or the error."""

    def __init__(self, port: int, sid: str, game: str = "atkins") -> None:
        self.port = port
        self.sid = sid
        self.game = game

    async def __call__(self, *actions: Any, **query: Any) -> Any:
        """Each action is a name, or a name and its context."""
        named = [action if isinstance(action, tuple) else (action, None) for action in actions]
        body = [{"action": name} if context is None else {"action": name, "context": context} for name, context in named]
        return await self.post(json.dumps(body), **query)

    async def post(self, body: str | bytes, **query: Any) -> Any:
        response = await self.raw("POST", body=body, **query)
        assert response.code == 200, response.body
        return json.loads(response.body)

    async def get(self, actions: str) -> Any:
        response = await self.raw("GET", actions=actions)
        assert response.code == 200, response.body
        return json.loads(response.body)

    async def raw(self, method: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any) -> HTTPResponse:
        given = {name: value for name, value in {"sid": self.sid, "game": self.game, **query}.items() if value is not None}
        url = f"http://127.0.0.1:{self.port}/slot-ide/gameserver?{urlencode(given)}"
        http = AsyncHTTPClient()
        return await http.fetch(
            url,
            method=method,
            body=body,
            headers=headers,
            raise_error=False,
            allow_nonstandard_methods=True,
            request_timeout=30,
        )


async def session_of(port: int, uid: str, site: str = "demo", token: str = "") -> str:
    """The id of a session by POST /session, as in production."""
    login = {"auth": {"uid": uid, "token": token}, "platform": "demo", "site": site}
    answer = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/session", method="POST", body=json.dumps(login))
    return secret(json.loads(answer.body)["sessionId"], "session's id")


def names(events: Any) -> list[str]:
    return [found["event"] for found in events]


def contexts(events: Any, name: str) -> list[Any]:
    return [found["context"] for found in events if found["event"] == name]
