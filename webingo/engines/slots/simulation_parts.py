"""The exact means of what the simulation watches, as they stand in the PAR sheet."""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import Any


def exact_parts(details: Mapping[str, Any]) -> dict[str, Fraction]:
    """The parts of a Sample by name, from the details of `odds`; `buy.<name>` and `buy_hits.<name>` are the return and the hit
    rate of purchases. A win cap that takes something away changes what features come to, by how much is not on the sheet: then
    they are left out."""
    found = {"spin_hits": Fraction(details["hit_rates"]["spin"])}
    for row in details.get("buys", ()):
        found |= {f"buy.{row['name']}": Fraction(row["rtp"]), f"buy_hits.{row['name']}": Fraction(row["hit_rate"])}
    # Where the win cap may end a round before its jackpot comes, the odds are a bound.
    found |= {
        f"jackpot.{row['name']}": Fraction(row["probability"]) for row in details.get("jackpots", ()) if "at_least" not in row
    }
    split = {row["part"]: row["rtp"] for row in details["split"]}
    if "win cap" in split:
        return found
    found["line"] = Fraction(split.pop(details["basis"]["pays_by"], 0))
    found["scatter"] = Fraction(split.pop("scatters", 0))
    runs: dict[str, Fraction] = defaultdict(Fraction)
    spins: dict[str, Fraction] = defaultdict(Fraction)
    lengths = {_award(row): row["mean_spins"] for row in details.get("features", ()) if "mean_spins" in row}
    for row in details.get("triggers", ()):
        runs[row["feature"]] += row["by_round"]
        spins[row["feature"]] += row["by_round"] * lengths.get(_award(row), 0)
    for name, times in runs.items():
        found |= {f"feature.{name}": Fraction(split.get(name, 0)), f"triggers.{name}": times}
        if spins[name]:
            found[f"spins.{name}"] = spins[name] / times
    return found


def _award(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["feature"], row.get("spins"), row.get("multiplier")
