"""What a social casino's site sets: levels and their rewards, the daily bonus, and the products that its players may buy.

A player's level is never stored. It follows from what the player has spent on the site, which is a fact of the store.
"""

import re
from bisect import bisect_right
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from webingo.transaction.transaction import MAX_AMOUNT

MOST_LEVELS = 1000
MOST_BONUS_DAYS = 60
MOST_PRODUCTS = 100

_DAY_MS = 86_400_000
_MINUTE_MS = 60_000

# ISO 4217, the active codes that money is paid in: without metals, funds and test codes.
_CURRENCIES = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC
    CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK
    JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR
    MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905
)
# ISO 4217: those without a hundredth, and those with a thousandth.
_DECIMALS = dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0)  # noqa: SIM905
_DECIMALS |= dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)  # noqa: SIM905
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?")
_IMAGE = re.compile(r"(/static/|https://[a-z0-9.-]+(:[1-9][0-9]{0,4})?/)[A-Za-z0-9._~/%-]*")

Units = Annotated[int, Field(gt=0, le=MAX_AMOUNT)]
"""Of the site's denomination, its smallest: never none."""


class Level(BaseModel):
    """A player who has spent `spend` in all has this level, and got `reward` for reaching it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    spend: Units
    reward: int = Field(0, ge=0, le=MAX_AMOUNT)


class Social(BaseModel):
    """Everybody begins at level 1; the first of `levels` leads to level 2. `daily_bonus` is what the 1st, 2nd, … day in a row
    brings, the last one again and again. `utc_offset_minutes` says when the players' day begins. `allow_manual_credit` lets
    players give themselves credits: for development, a server without debug does not take such a site."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    allow_manual_credit: bool = False
    levels: Annotated[list[Level], Field(max_length=MOST_LEVELS)] = []
    daily_bonus: Annotated[list[Units], Field(max_length=MOST_BONUS_DAYS)] = []
    utc_offset_minutes: int = Field(0, ge=-720, le=840)

    @field_validator("levels")
    @classmethod
    def _ascending(cls, value: list[Level]) -> list[Level]:
        for place in range(1, len(value)):
            if value[place].spend <= value[place - 1].spend:
                raise ValueError(f"level {place + 2} needs no more spend than the one before it; they must ascend")
        return value

    @cached_property
    def _thresholds(self) -> list[int]:
        return [level.spend for level in self.levels]

    def level(self, spent: int) -> int:
        """The level of a player who has spent so much, from 1."""
        return 1 + bisect_right(self._thresholds, spent)

    def next_level(self, level: int) -> Level | None:
        """What leads to the level after this one; None at the last one."""
        return self.levels[level - 1] if level <= len(self.levels) else None

    def standing(self, spent: int) -> dict[str, Any]:
        """The server's fields of the userdata. Both names of the progress are clients' (the protocol's sample has the short
        one); it is 0 to 1 between two levels, and 1.0 at the last one."""
        thresholds = self._thresholds
        passed = bisect_right(thresholds, spent)
        progress = 1.0
        if passed < len(thresholds):
            base = thresholds[passed - 1] if passed else 0
            progress = (spent - base) / (thresholds[passed] - base)
        return {"soc_level": passed + 1, "soc_level_progress": progress, "soc_level_prog": progress, "spend_total": spent}

    def bonus(self, day: int) -> int:
        """What the `day`-th day in a row brings, from 1. Only where there is a daily bonus."""
        return self.daily_bonus[min(day, len(self.daily_bonus)) - 1]

    def day(self, at_ms: int) -> int:
        """The number of the players' day, counted from 1970."""
        return (at_ms + self.utc_offset_minutes * _MINUTE_MS) // _DAY_MS

    def begins_ms(self, day: int) -> int:
        """When a day begins, in ms since 1970."""
        return day * _DAY_MS - self.utc_offset_minutes * _MINUTE_MS


def _amount(value: str) -> str:
    if not _AMOUNT.fullmatch(value) or not Decimal(value):
        raise ValueError('must be a price as text, like "1.99": digits, and at most three decimals; not 0')
    return value


def _currency(value: str) -> str:
    if value not in _CURRENCIES:
        raise ValueError("unknown currency; three letters of ISO 4217, like USD")
    return value


def _image(value: str) -> str:
    if value and not _IMAGE.fullmatch(value):
        raise ValueError("must be a path under /static/ or an https address without a query")
    return value


class Price(BaseModel):
    """Real money: `amount` of `currency` as a decimal number in text, "1.99", with no more decimals than the currency has: what
    can't be charged would never be the amount that was."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    amount: Annotated[str, AfterValidator(_amount)]
    currency: Annotated[str, AfterValidator(_currency)]

    @field_validator("currency")
    @classmethod
    def _chargeable(cls, value: str, info: ValidationInfo) -> str:
        decimals = _DECIMALS.get(value, 2)
        if len(info.data.get("amount", "").partition(".")[2]) > decimals:
            raise ValueError(f"{value} has {decimals or 'no'} decimals, and the amount has more")
        return value


class Product(BaseModel):
    """What a player can buy: `credits` units of the site's denomination. `image` is shown where it is sold."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    title: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    description: Annotated[str, StringConstraints(max_length=500)] = ""
    credits: Units
    price: Price
    image: Annotated[str, StringConstraints(max_length=500), AfterValidator(_image)] = ""


def each_once(products: list[Product]) -> list[Product]:
    """Raises ValueError where two have the same id."""
    ids = [product.id for product in products]
    if twice := {product for product in ids if ids.count(product) > 1}:
        raise ValueError(f"{', '.join(sorted(twice))} is listed twice")
    return products
