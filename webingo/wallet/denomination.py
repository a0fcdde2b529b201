"""What wallets count in. Every amount in the system is an integer of a denomination's smallest unit.

Money that an operator keeps is counted in the operator's wallets; ours holds what is on its way there or here for the moment,
in a denomination of its own: "USD@acme" is dollars in transit from or to the operator acme.
"""

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

    def text(self, amount: int) -> str:
        """An amount of smallest units for people: R$ 1,234.50."""
        sign, amount = "-" if amount < 0 else "", abs(amount)
        whole, rest = divmod(amount, self.money_multiplier)
        cents = "" if self.integer else f".{rest:0{len(str(self.money_multiplier)) - 1}}"
        return f"{sign}{self.prefix}{whole:,}{cents}{self.suffix}"

    def info(self) -> dict[str, Any]:
        """The `denom_info` of a state message."""
        return asdict(self)


DENOMINATIONS: dict[str, Denomination] = {
    "credit": Denomination("", "", True, 1, "CRE"),
    "USD": Denomination("$", "", False, 100, "USD"),
    "EUR": Denomination("", " €", False, 100, "EUR"),
    "BRL": Denomination("R$ ", "", False, 100, "BRL"),
}


def in_transit(denom: str, operator: str) -> str:
    """The denomination of a wallet that holds an operator's money for the moment: "USD@acme"."""
    return f"{denom}@{operator}"


def operator_of(name: str) -> str:
    """Who keeps the money of a wallet of this denomination: acme for "USD@acme", "" where we keep it ourselves."""
    return name.partition("@")[2]


def counted_in(name: str) -> str:
    """What the amounts of a wallet are, whoever keeps the money: "USD" for "USD@acme"."""
    return name.partition("@")[0]


def denomination(name: str) -> Denomination | None:
    """How amounts of a wallet are shown, whoever keeps the money. None for a name that is unknown here."""
    return DENOMINATIONS.get(counted_in(name))
