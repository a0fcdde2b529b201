"""Published slot machines, written as manifests from the facts of their sources: symbols, how many are on a reel, pays."""

from typing import Any

# Kevin A. Harrigan and Mike Dixon, "PAR Sheets, probabilities, and slot machine play" (Journal of Gambling Issues 23, 2009), as
# quoted at wizardofodds.com/games/slots/lobstermania: two versions of IGT's Lucky Larry's Lobstermania, which return 96.2 % and
# 85.0 % in a cycle of 259,440,000. A bonus round that pays 331 bets per line on average stands for itself. The order of a reel
# is not published; only one scatter shows on a reel at a time.
_SYMBOLS = ["wild", "logo", "buoy", "boat", "light house", "tuna", "clam", "sea gull", "star fish", "bonus", "scatter"]
_COUNTS = {
    "96.2": [
        [2, 4, 4, 6, 5, 6, 6, 5, 5, 2],
        [2, 4, 4, 4, 4, 4, 6, 6, 5, 5],
        [1, 3, 5, 4, 6, 5, 5, 5, 6, 6],
        [4, 4, 4, 4, 6, 6, 6, 6, 8, 0],
        [2, 4, 5, 4, 7, 7, 6, 6, 7, 0],
    ],
    "85.0": [
        [2, 4, 3, 4, 3, 4, 10, 3, 10, 2],
        [2, 3, 4, 3, 4, 3, 8, 9, 3, 5],
        [1, 3, 3, 4, 6, 6, 3, 4, 10, 6],
        [4, 3, 8, 3, 3, 6, 4, 10, 7, 0],
        [2, 4, 5, 4, 7, 6, 7, 5, 8, 0],
    ],
}
_PAYS = {
    "wild": {"2": 5, "3": 100, "4": 500, "5": 10_000},
    "logo": {"2": 2, "3": 40, "4": 200, "5": 1000},
    "buoy": {"3": 25, "4": 100, "5": 500},
    "boat": {"3": 25, "4": 100, "5": 500},
    "light house": {"3": 10, "4": 50, "5": 500},
    "tuna": {"3": 10, "4": 50, "5": 250},
    "clam": {"3": 5, "4": 30, "5": 200},
    "sea gull": {"3": 5, "4": 30, "5": 200},
    "star fish": {"3": 5, "4": 30, "5": 150},
}


def _reel(counts: list[int]) -> list[str]:
    others = [symbol for symbol, count in zip(_SYMBOLS[:-1], counts, strict=True) for _ in range(count)]
    return ["scatter", *others[: len(others) // 2], "scatter", *others[len(others) // 2 :]]


def lobstermania(version: str) -> dict[str, Any]:
    return {
        "window": {"reels": 5, "rows": 3},
        "symbols": _SYMBOLS,
        "wilds": [{"symbol": "wild", "except": ["bonus", "scatter"]}],
        "strips": {"base": [_reel(counts) for counts in _COUNTS[version]]},
        "lines": [[1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [2, 2, 2, 2, 2], [0, 1, 2, 1, 0], [2, 1, 0, 1, 2]],
        "pays": [*({"symbol": s, "pays": pays} for s, pays in _PAYS.items()), {"symbol": "bonus", "pays": {"3": 331}}],
        "scatters": [{"symbol": "scatter", "pays": {"3": 5, "4": 25, "5": 200}}],
    }


# Garrett Grolemund, "Hands-On Programming with R" (O'Reilly 2014), project 3, after the video lottery terminals of Manitoba: a
# wheel of chances, diamonds that are wild and double, cherries that need one real cherry. Worked out there: 0.934356.
DIAMONDS: dict[str, Any] = {
    "window": {"reels": 3, "rows": 1},
    "symbols": ["DD", "7", "BBB", "BB", "B", "C", "0"],
    "wilds": [{"symbol": "DD", "multiplier": 2, "except": ["0"]}],
    "strips": {"base": [{"frequencies": {"DD": 3, "7": 3, "BBB": 6, "BB": 10, "B": 25, "C": 1, "0": 52}}] * 3},
    "lines": [[0, 0, 0]],
    "pays": [
        {"symbol": "DD", "pays": {"3": 800}},
        {"symbol": "7", "pays": {"3": 80}},
        {"symbol": "BBB", "pays": {"3": 40}},
        {"symbol": "BB", "pays": {"3": 25}},
        {"symbol": "B", "pays": {"3": 10}},
        {"name": "three cherries", "symbol": "C", "pays": {"3": 10}},
        {"name": "any bar", "symbols": ["BBB", "BB", "B"], "pays": {"3": 5}},
        {"name": "cherries", "symbol": "C", "pays": {"1": 2, "2": 5}, "align": "any", "naturals": 1},
    ],
}

# The teaching example "Bluejay Bonanza" of easy.vegas: reels of 128 virtual stops, any bar, cherries anywhere. Published: 99 %.
BLUEJAY: dict[str, Any] = {
    "window": {"reels": 3, "rows": 1},
    "symbols": ["JP", "R7", "3B", "2B", "1B", "CH", "BL"],
    "strips": {
        "base": [{"stops": ["JP", "R7", "3B", "2B", "1B", "CH", "BL"], "weights": [2, 9, 10, 14, 20, 9, 64]}] * 3,
    },
    "lines": [[0, 0, 0]],
    "pays": [
        {"symbol": "JP", "pays": {"3": 2000}},
        {"symbol": "R7", "pays": {"3": 150}},
        {"symbol": "3B", "pays": {"3": 100}},
        {"symbol": "2B", "pays": {"3": 60}},
        {"symbol": "1B", "pays": {"3": 40}},
        {"name": "any bar", "symbols": ["3B", "2B", "1B"], "pays": {"3": 10}},
        {"symbol": "CH", "pays": {"1": 1, "2": 8, "3": 25}, "align": "any"},
    ],
}

# Michael Shackleford's Atkins Diet (wizardofodds.com/games/slots/atkins-diet, 2008): reels of 32 stops, 20 lines, three Scales
# give ten free spins that pay three times as much. Scale, Atkins, stea(K), Ham, Wings, sausa(G)e, Eggs, b(U)tter, Cheese,
# Bacon, Mayonnaise.
_ATKINS = "SAKHWGEUCBM"
_STRIPS = [
    "SMHGBECMGUWBEMKWUCEABMHCESUBGWKU",
    "MWKGCMHUBKGMHAUECBGWSMUCBEWMKHCB",
    "HUESCMUHGBKWUMCGEBMWHGBCEAWBUCMK",
    "HCASUBCGKEBMGCUHMBWGCEUWBMEHGKMB",
    "BSKHCGUBWCGHUKMEGHAUWMEHBUKMGECW",
]
_ATKINS_PAYS = {
    "A": [5, 50, 500, 5000],
    "K": [3, 40, 200, 1000],
    "H": [2, 30, 150, 500],
    "W": [2, 25, 100, 300],
    "G": [0, 20, 75, 200],
    "E": [0, 20, 75, 200],
    "U": [0, 15, 50, 100],
    "C": [0, 15, 50, 100],
    "B": [0, 10, 25, 50],
    "M": [0, 10, 25, 50],
}
_LINES = (
    "11111 00000 22222 01210 21012 10001 12221 00122 22100 10121 12101 01110 21112 01010 21212 11011 11211 00200 22022 02220"
)
ATKINS: dict[str, Any] = {
    "window": {"reels": 5, "rows": 3},
    "symbols": list(_ATKINS),
    "wilds": [{"symbol": "A", "except": ["S"]}],
    "strips": {"base": [list(strip) for strip in _STRIPS]},
    "lines": [[int(row) for row in line] for line in _LINES.split()],
    "pays": [
        {"symbol": symbol, "pays": {str(count): pay for count, pay in enumerate(pays, 2) if pay}}
        for symbol, pays in _ATKINS_PAYS.items()
    ],
    "scatters": [
        {"symbol": "S", "pays": {"3": 5, "4": 25, "5": 100}, "awards": {"3": {"feature": "free", "spins": 10}}},
    ],
    "features": {"free": {"type": "free_spins", "multiplier": 3, "max_spins": 1000}},
}
