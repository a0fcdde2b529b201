"""What wallets count in. Every amount in the system is an integer of a denomination's smallest unit."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Denomination:
    """How amounts are shown: `money_multiplier` smallest units make one of the money; `integer` shows no fraction.

    The fields and their names are the session protocol's `denom_info`; `rgs_id` is the name in accounting ("CRE", "USD").
    """

    prefix: str
    suffix: str
    integer: bool
    money_multiplier: int
    rgs_id: str

    def info(self) -> dict[str, Any]:
        """The `denom_info` of a state message."""
        return asdict(self)


DENOMINATIONS: dict[str, Denomination] = {
    "credit": Denomination("", "", True, 1, "CRE"),
    "USD": Denomination("$", "", False, 100, "USD"),
    "EUR": Denomination("", " €", False, 100, "EUR"),
    "BRL": Denomination("R$ ", "", False, 100, "BRL"),
}
