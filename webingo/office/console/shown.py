"""How values look on a page: money, times, numbers and names, as filters of the templates."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Path
from markupsafe import Markup, escape
from pydantic import AfterValidator

from webingo.errors import Code, Refused
from webingo.office.addresses import part, unpart
from webingo.office.services.postings import payment_of
from webingo.office.tables import Wallet
from webingo.wallet.denomination import Denomination, denomination, operator_of

MINUS = "\N{MINUS SIGN}"
PROGRAM = "(program)"
"""What the backoffice itself is called, where people are named."""
_PLAIN = Denomination("", "", True, 1, "")
_SPANS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))
_DONE = {
    "activate": "opened again", "add": "added", "adjust": "adjusted", "approve": "approved", "ask": "asked for",
    "block": "blocked", "change": "changed", "clear": "looked at", "create": "created", "deactivate": "closed",
    "disable": "disabled", "done": "done", "edit": "edited", "enable": "enabled", "refuse": "refused", "reset": "reset",
    "role": "role changed", "unblock": "let in again", "withdraw": "withdrawn",
}  # fmt: skip
_DEEDS = {
    "command.done": "Carried out by a server", "command.failed": "Not carried out", "gaming.disable": "All gaming disabled",
    "gaming.enable": "All gaming enabled", "sign-in.done": "Signed in", "sign-in.failed": "Sign-in failed",
    "sign-in.locked": "Account locked", "sign-out.done": "Signed out", "staff.activate": "Account opened again",
    "staff.add": "Account added", "staff.deactivate": "Account closed", "staff.role": "Role changed",
}  # fmt: skip
_KINDS = {
    "cancel": "Wager given back", "chargeback_reversal": "Chargeback reversed", "erase": "Player erased",
    "escrow": "From the operator", "level_up": "Level reward", "manual_buy": "Given by themselves",
    "payout": "To the operator", "set_credits": "Balance set",
}  # fmt: skip
_WORDS = {"uid": "Player id", "denom": "Denomination", "id": "Id", "rtp": "RTP"}


def money_text(amount: int | None, denom: str) -> str:
    """An amount in smallest units, as its denomination is written: R$ 1,234.50; of an unknown one the number and the name."""
    if amount is None:
        return "–"
    known = denomination(denom)
    shown = known or _PLAIN
    whole, part = divmod(abs(amount), shown.money_multiplier)
    digits = len(str(shown.money_multiplier)) - 1
    number = f"{whole:,}" if shown.integer or not digits else f"{whole:,}.{part:0{digits}}"
    suffix = shown.suffix if known else f" {denom_name(denom)}"
    return f"{MINUS if amount < 0 else ''}{shown.prefix}{number}{suffix}".replace(" ", "\N{NO-BREAK SPACE}")


def money(amount: int | None, denom: str) -> Markup:
    """For amounts that stand for themselves; negative ones are marked."""
    mark = " is-negative" if (amount or 0) < 0 else " is-zero" if amount == 0 else ""
    return Markup('<span class="money{}">{}</span>').format(mark, money_text(amount, denom))


def denom_name(denom: str, heading: bool = False) -> str:
    """For people: credits are no currency with a code. USD@acme is USD at acme."""
    currency, _, operator = denom.partition("@")
    if currency == "credit":
        currency = "Credits" if heading else "credits"
    return f"{currency} at {operator}" if operator else currency


def signed(amount: int | None, denom: str) -> Markup:
    """For changes: + in front of gains."""
    mark = " is-zero" if not amount else " is-positive" if amount > 0 else " is-negative"
    plus = "+" if (amount or 0) > 0 else ""
    return Markup('<span class="money{}">{}{}</span>').format(mark, plus, money_text(amount, denom))


def utc(ms: int) -> datetime:
    """Times beyond what a calendar knows come out as its end: a wrong time must not hide a page."""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(tzinfo=UTC)


def iso(ms: int | None) -> str:
    """For files: to the millisecond, UTC; empty where there is no time."""
    return "" if ms is None else utc(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def finely(micros: int, denom: str) -> str:
    """Millionths of a smallest unit, as money with as many digits as it needs: R$ 0.0747."""
    shown = denomination(denom) or _PLAIN
    digits = f"{Decimal(micros) / 1_000_000 / shown.money_multiplier:,f}"
    return f"{shown.prefix}{digits}{shown.suffix}".replace(" ", "\N{NO-BREAK SPACE}")


def when(ms: int | None, empty: str = "–") -> Markup:
    """A time to the second, UTC; its exact milliseconds are in its title."""
    if ms is None:
        return escape(empty)
    at = utc(ms)
    exact = iso(ms)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, exact, f"{at:%Y-%m-%d} {at:%H:%M:%S}")


def day(ms: int) -> Markup:
    """The day of a time, UTC, where the time of day says nothing."""
    at = utc(ms)
    exact = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, exact, f"{at:%Y-%m-%d}")


def ago(ms: int | None, now_ms: int, empty: str = "never") -> Markup:
    """How long ago, in the largest unit that fits; the time itself is in the title."""
    if ms is None:
        return escape(empty)
    exact = utc(ms).isoformat(timespec="seconds").replace("+00:00", "Z")
    passed = max(0, now_ms - ms)
    text = next((f"{passed // size} {name} ago" for size, name in _SPANS if passed >= size), "just now")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, exact, text)


def span(ms: int | None) -> str:
    """A duration in its two largest units: 3 min 20 s."""
    if ms is None:
        return "–"
    for place, (size, name) in enumerate(_SPANS):
        if ms >= size:
            rest = ms % size // _SPANS[place + 1][0] if place + 1 < len(_SPANS) else 0
            return f"{ms // size} {name}" + (f" {rest} {_SPANS[place + 1][1]}" if rest else "")
    return "0 s"


def number(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}".replace("-", MINUS)


def percent(value: float | None, digits: int = 2) -> str:
    """0.951 is 95.10 %."""
    return "–" if value is None else f"{100 * value:,.{digits}f}\N{NO-BREAK SPACE}%".replace("-", MINUS)


def share(text: str) -> str:
    """A share as a site's document writes it, exactly: 0.005 is 0.5 %."""
    try:
        return f"{(Decimal(text) * 100).normalize():f}\N{NO-BREAK SPACE}%"
    except ArithmeticError:
        return text


def words(name: str) -> str:
    """max_stake is Max stake."""
    return _WORDS.get(name) or name.replace("_", " ").replace(".", " ").replace("-", " ").strip().capitalize()


def deed(action: str) -> str:
    """What the log's actions are called: player.block is Player blocked."""
    if action in _DEEDS:
        return _DEEDS[action]
    noun, _, verb = action.partition(".")
    return f"{words(noun)} {_DONE.get(verb, verb)}".replace(".", " ")


def kind(name: str) -> str:
    """What the ledger's kinds of entries are called: level_up is Level reward."""
    return _KINDS.get(name) or words(name)


def asked_text(asked: Mapping[str, Any]) -> str:
    """What random numbers were asked for, on a line: n=0, m=52. Whatever stands in it, as no more than a glance takes in."""
    text = ", ".join(f"{name}={json.dumps(value)}" for name, value in asked.items())
    return text if len(text) <= 160 else f"{text[:160]}…"


Part = Annotated[str, AfterValidator(unpart), Path(max_length=1024)]
"""The type of a route's parameter that was written with `part`."""
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]
"""Of one that is a row's number."""


def smallest(text: str, denom: str) -> int:
    """What a person typed, in smallest units: 12.50 of a denomination with cents is 1250. Raises Refused; never rounds."""
    shown = denomination(denom) or _PLAIN
    bare = text.strip().removeprefix(shown.prefix.strip()).removesuffix(shown.suffix.strip()).strip()
    plain = ungrouped(bare)
    match = re.fullmatch(r"([0-9]{1,15})(?:\.([0-9]{1,6}))?", plain)
    if match is None:
        raise Refused(Code.BAD_PARAMS, f"{text.strip()[:40]!r} is no amount. Write it like {example(denom)}.")
    scaled = Decimal(plain) * shown.money_multiplier
    # Also zeros: who writes 1.000 for a thousand would get 1.
    if len(match[2] or "") > len(str(shown.money_multiplier)) - 1:
        raise Refused(Code.BAD_PARAMS, f"The smallest amount is {money_text(1, denom)}.")
    return int(scaled)


def example(denom: str) -> str:
    """An amount as it is to be typed: 12.50, or 12 where there are no cents."""
    shown = denomination(denom) or _PLAIN
    digits = len(str(shown.money_multiplier)) - 1
    return f"12.{5:0<{digits}}" if digits else "12"


def ungrouped(text: str) -> str:
    """A number without the commas between its thousands. Any other comma stays, so that it is no number: half of the world
    writes 12,50 for what must not become 1250."""
    return text.replace(",", "") if re.match(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])", text) else text


def who(staff: str) -> str:
    """Whoever did something, by name."""
    return staff or PROGRAM


def wallet_choice(wallet: Wallet) -> tuple[str, str]:
    """For a list to choose from."""
    return (wallet.denom, f"{denom_name(wallet.denom, heading=True)}: {money_text(wallet.balance, wallet.denom)}")


FILTERS = {
    "money": money,
    "money_text": money_text,
    "asked_text": asked_text,
    "denom_name": denom_name,
    "operator_of": operator_of,
    "signed": signed,
    "when": when,
    "day": day,
    "span": span,
    "number": number,
    "percent": percent,
    "share": share,
    "words": words,
    "part": part,
    "deed": deed,
    "kind": kind,
    "payment_of": payment_of,
    "wallet_choice": wallet_choice,
    "who": who,
    "example": example,
}
