"""The words and numbers of a PAR sheet as people read them: the same in the terminal and on the page."""

from typing import Any

SECTIONS = {
    "confidence": "How near so many rounds come to the RTP",
    "basis": "What this is counted for",
    "split": "Where the return comes from",
    "hit_rates": "How often something is won",
    "triggers": "How often features are given",
    "features": "What features are worth",
    "pays": "Pays",
    "buys": "Bought features",
    "jackpots": "How often jackpots are won",
    "largest_win": "Largest win",
    "distribution": "Wins of a round over its stake",
    "spin_distribution": "Wins of a single spin over its total bet",
    "symbols": "Symbols on the reels",
    "method": "How this was counted",
}
COLUMNS = {
    "rtp": "RTP",
    "stated_rtp": "stated RTP",
    "rtp_before": "RTP without it",
    "rtp_taken": "takes of the RTP",
    "by_spin": "per spin",
    "by_round": "per round",
    "hit_rate": "wins",
    "mean_spins": "mean spins",
    "more_spins": "more spins",
    "win_of_a_spin": "mean win of a spin",
    "times_total_bet": "× total bet",
    "at_least": "at least",
    "bought": "bought features",
    "within_90": "90 %",
    "within_95": "95 %",
    "within_99": "99 %",
}
_PERCENT = {
    "rtp",
    "rtp_before",
    "rtp_taken",
    "share",
    "hit_rate",
    "round",
    "spin",
    "line",
    "extra_rtp",
    "rtp_at_most",
    "deviation",
    "within_90",
    "within_95",
    "within_99",
}
_ROUGH = {"deviation", "within_90", "within_95", "within_99", "share"}
DIGITS = 10


def title(name: str) -> str:
    """What stands over a section: `spin_counts` -> Spin counts."""
    words = SECTIONS.get(name, name.replace("_", " "))
    return words[:1].upper() + words[1:]


def heading(name: str) -> str:
    """What stands over a column."""
    return COLUMNS.get(name, name.replace("_", " "))


def text(name: str, value: Any) -> str:
    """A value of the column or figure `name`, with ten digits where it has so many; percentages by their names."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{heading(key)} {text(key, inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        texts = [text(name, inner) for inner in value]
        return texts[0] if len(set(texts)) == 1 else " to ".join(texts) if len(texts) == 2 else ", ".join(texts)
    if isinstance(value, str):
        return value
    if name in _PERCENT and isinstance(value, float):
        return f"{100 * value:.3f} %" if name in _ROUGH else f"{percent(value)} %"
    return number(value)


def percent(value: float) -> str:
    return number(100 * value)


def number(value: float) -> str:
    """`1,234,567`, `0.9704576903`, `2.980232239e-08`."""
    if isinstance(value, int) or (value == int(value) and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:,.{DIGITS}g}"
