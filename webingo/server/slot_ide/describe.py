"""What the SLOT-IDE door tells of a game itself: its symbols, lines, pays and bets, in that protocol's words."""

from typing import Any

from webingo.engines.slots.definition import LinePay, Math, Settings, Strip
from webingo.engines.slots.features import Awards, Scatter, Wild
from webingo.errors import Code, Refused

BASE = "base"
Event = dict[str, Any]


def event(name: str, context: Any) -> Event:
    return {"event": name, "context": context}


class Description:
    """One game with one site's settings."""

    def __init__(self, math: Math, settings: Settings, *, hide_reels: bool) -> None:
        self.math = math
        self.settings = settings
        self._hide_reels = hide_reels
        self._modes = {name: self._mode(name) for name in (BASE, *math.free_spins)}

    def config(self) -> Event:
        """The first answer that a client gets."""
        math = self.math
        mode = self._modes[BASE]
        shown = {key: value for key, value in mode.items() if key not in ("ranges", "reels")}
        more = {} if self._hide_reels else {"reels": mode["reels"]}
        return event(
            "config",
            {
                **shown,
                "window": {"reels": math.window.reels, "rows": math.window.rows},
                "availablePayLines": math.lines,
                **more,
                "paytable": self._paytable(),
                "betOptions": {
                    "lines": self.line_choices,
                    "bets": self.settings.bets,
                    "maxStake": self.settings.max_stake,
                },
            },
        )

    def spin_start(self, mode: str, stops: list[int]) -> Event:
        """A spin of the base game or of a feature's free spins begins, whose reels will stop there."""
        shown = dict(self._modes[mode])
        ranges, reels = shown.pop("ranges"), shown.pop("reels")
        more = {} if self._hide_reels else {"reels": reels}
        return event("spinStart", {**shown, "stops": stops, "ranges": ranges, **more})

    # Bets

    @property
    def line_choices(self) -> list[int]:
        """How many lines may be played; for ways, which have none, the coins of the total bet stand there."""
        if not self.math.lines:
            return [self.math.coins or 0]
        return list(self.settings.lines or (len(self.math.lines),))

    def check_bet(self, lines: int, bet: int) -> None:
        """Raises Refused (BAD_PARAMS, LIMIT) where the game does not take this bet."""
        if lines not in self.line_choices or bet not in self.settings.bets:
            options = f"lines {self.line_choices}, bets per line {list(self.settings.bets)}"
            raise Refused(Code.BAD_PARAMS, f"[{lines}, {bet}] is no bet of this game: {options}.")
        if self._total(lines, bet) > self.settings.max_stake:
            raise Refused(Code.LIMIT, f"The highest total bet is {self.settings.max_stake}.")

    def stake(self, lines: int, bet: int) -> dict[str, Any]:
        """The engine's parameters of a spin with this bet."""
        return {"bet": bet, "lines": lines} if self.math.lines else {"bet": bet}

    def bet(self, lines: int, bet: int) -> Event:
        total = self._total(lines, bet)
        context = {
            "total": total,
            "betPerLine": bet,
            "paylines": self.math.lines[:lines],
            "maxWinCap": total * (self.math.win_cap or 0),
        }
        return event("bet", context)

    def _total(self, lines: int, bet: int) -> int:
        return bet * self.math.total_bet(lines)

    @property
    def gambles(self) -> bool:
        """Whether a win may be gambled with, so that it has to be collected."""
        return self.math.gamble is not None and self.settings.gamble

    # Symbols and pays

    def trigger(self, mode: str, by: dict[str, Any]) -> dict[str, Any]:
        """What awards a feature, of all that can: by a pay or scatter in a mode, by chance, by a pick, by money."""
        origin = "" if mode == BASE else mode
        if "pay" in by:
            for scatter in self.scatters(mode):
                if scatter.name == by["pay"]:
                    return _trigger(sorted(scatter.awards), scatter.symbol, "scatter", origin)
            pay = next(pay for pay in self.math.pays if pay.name == by["pay"])
            return _trigger(sorted(self._awards(pay)), pay.name, self._pay_mode, origin)
        (kind, of), *_ = by.items()
        return _trigger([], of if isinstance(of, str) else "", kind, origin)

    def scatters(self, mode: str) -> tuple[Scatter, ...]:
        own = None if mode == BASE else self.math.free_spins[mode].scatters
        return self.math.scatters if own is None else own

    def _wilds(self, mode: str) -> tuple[Wild, ...]:
        own = None if mode == BASE else self.math.free_spins[mode].wilds
        return self.math.wilds if own is None else own

    def _strips(self, mode: str) -> tuple[Strip, ...]:
        return self.math.strips[BASE if mode == BASE else self.math.free_spins[mode].strips]

    @property
    def _pay_mode(self) -> str:
        return "line" if self.math.pay_by == "lines" else "ways"

    def _awards(self, pay: LinePay) -> Awards:
        return {self.math.window.reels: pay.award} if pay.award else pay.awards

    def _mode(self, mode: str) -> dict[str, Any]:
        math, strips = self.math, self._strips(mode)
        paying = {symbol for pay in math.pays for symbol in (*pay.of, *(s for cell in pay.combination for s in cell))}
        counting = {scatter.symbol for scatter in self.scatters(mode)}
        wild = {wild.symbol for wild in self._wilds(mode)}
        return {
            "symbols": math.symbols,
            "symbolsPay": {
                "line": [symbol for symbol in math.symbols if symbol in paying],
                "scatter": [symbol for symbol in math.symbols if symbol in counting],
            },
            "wildSymbols": [symbol for symbol in math.symbols if symbol in wild],
            "lineAlign": math.align,
            "lineCoinciding": math.line_coinciding,
            "ranges": [len(strip.stops or ()) for strip in strips],
            "reels": [strip.stops or () for strip in strips],
        }

    def _paytable(self) -> dict[str, Any]:
        """Pays by line (or ways), multiples of the bet per line or coin, and by scatter, multiples of the total bet."""
        reels = self.math.window.reels
        lines = [
            _row({reels: pay.pay} if pay.pay else pay.pays, self._awards(pay), pay.name, self._pay_mode)
            for pay in self.math.pays
        ]
        scatters = [_row(scatter.pays, scatter.awards, scatter.symbol, "scatter") for scatter in self.math.scatters]
        return {"line": lines, "scatter": scatters}


def _trigger(occurs: list[int], of: str, mode: str, origin: str) -> dict[str, Any]:
    return {"occurs": occurs, "of": of, "mode": mode, "from": origin}


def _row(pays: dict[int, int], awards: Awards, of: str, mode: str) -> dict[str, Any]:
    counts = sorted({*pays, *awards})
    row: dict[str, Any] = {"on": {"occurs": counts, "of": of, "mode": mode}, "pay": [pays.get(count, 0) for count in counts]}
    if awards:
        row["trigger"] = {count: {"bonus": award.feature, "spins": award.spins or 0} for count, award in sorted(awards.items())}
    return row
