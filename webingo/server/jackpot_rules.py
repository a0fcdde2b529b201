"""What players may know of a site's jackpots: how they are fed, where they begin and end, how they are won, what they add.

The sentences are those that regulators ask for: funding, seed, ceiling, and the rule for simultaneous wins (UKGC RTS 9A), a
pool for what comes in above the ceiling (GLI-19 4.13.3), nothing contributed lost and nothing cut off (4.13.6).
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from webingo.jackpot.bounds import Bounds, BoundsOf
from webingo.resources.game import Game
from webingo.resources.jackpots import MILLION, Jackpot, Mystery, millionths
from webingo.resources.site import Site
from webingo.wallet.denomination import DENOMINATIONS


def jackpot_rules(
    site: Site, game: Game, rows: list[dict[str, Any]], titles: Mapping[str, str], bounds: BoundsOf
) -> list[dict[str, Any]]:
    """Those that the game feeds or wins, in the site's order, as JSON. `rows` are the engine's, of what it wins; `titles`
    those of the games; `bounds` those of the jackpots as they run now.

    Each: `id`, `title`, `trigger` (game | mystery), `denom`, `storage_multiplier`, `min`, and as they are in force `max` and
    `before` (of a mystery that runs), in storage units, `contribution` and `reserve` as shares of a wager, `games` that feed
    it, `texts`; won by the game also `probability`, `one_in`, and `adds_at_reset`, what it adds to the RTP at its first value,
    from the highest stake to the lowest; a mystery `adds`, what it adds in the long run.
    """
    won = {row["id"]: row for row in rows}
    return [
        _Told(jackpot, site, game, won.get(jackpot.id), titles, bounds[jackpot.id]).json()
        for jackpot in site.jackpots
        if jackpot.fed_by(game.manifest.id) or jackpot.id in game.engine.jackpots
    ]


class _Told:
    def __init__(
        self,
        jackpot: Jackpot,
        site: Site,
        game: Game,
        row: dict[str, Any] | None,
        titles: Mapping[str, str],
        bounds: Bounds,
    ) -> None:
        self._jackpot = jackpot
        self._bounds = bounds
        self._row = row
        self._denomination = DENOMINATIONS[jackpot.denomination]
        self._here = game.manifest.id
        self._feeding = [offer.id for offer in site.games if jackpot.fed_by(offer.id)]
        self._everywhere = len(self._feeding) == len(site.games)
        self._titles = titles
        self._share = Fraction(millionths(jackpot.contribution), MILLION)
        self._min = Fraction(jackpot.min, jackpot.storage_multiplier)

    def json(self) -> dict[str, Any]:
        jackpot = self._jackpot
        told: dict[str, Any] = {
            "id": jackpot.id,
            "title": jackpot.title or jackpot.id,
            "trigger": jackpot.trigger.by,
            "denom": self._denomination.rgs_id,
            "storage_multiplier": jackpot.storage_multiplier,
            "min": jackpot.min,
            "max": self._bounds.max,
            "contribution": float(self._share),
            "reserve": millionths(jackpot.reserve) / MILLION,
            "games": self._feeding,
        }
        if isinstance(jackpot.trigger, Mystery):
            told |= {"before": self._bounds.before} if self._bounds.before else {}
            told["adds"] = float(self._mystery_adds(jackpot.trigger))
        elif self._row:
            told |= {"probability": self._row["probability"], "one_in": self._row["one_in"]}
            told["adds_at_reset"] = [float(self._adds(stake)) for stake in reversed(self._row["stakes"])]
        return {**told, "texts": list(self._texts())}

    def _texts(self) -> Iterator[str]:
        trigger = self._jackpot.trigger
        yield self._funding()
        if isinstance(trigger, Mystery):
            yield from self._mystery(trigger)
        else:
            yield from self._by_game()
        yield (
            "If it is won twice at the same moment, the win that is booked first gets its value, and the other one the value "
            "of the run that begins then."
        )
        yield self._return()

    def _funding(self) -> str:
        jackpot = self._jackpot
        if not self._feeding:
            return "No wager feeds it."
        names = [self._titles.get(game, game) for game in self._feeding]
        where = "every game here" if self._everywhere else " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        parts = [f"{_percent(self._share)} of each wager in {where} goes into it"] if self._share else []
        if reserve := millionths(jackpot.reserve):
            share = _percent(Fraction(reserve, MILLION))
            of = f"another {share}" if parts else f"{share} of each wager in {where} goes"
            parts.append(f"{of} into a reserve, from which the first value of its later runs is paid")
        elsewhere = "" if self._here in self._feeding else " This game does not feed it."
        return f"{', and '.join(parts)}.{elsewhere}"

    def _by_game(self) -> Iterator[str]:
        jackpot = self._jackpot
        lowest, highest = self._money(jackpot.min), self._money(self._bounds.max)
        if lowest == highest:
            yield f"It stands at {lowest}. What is contributed goes into a pool, and so into the runs to come."
        else:
            yield (
                f"It begins at {lowest} and grows up to {highest}. What would lift it above that goes into a pool, and "
                "from there into its next run: nothing that was contributed is lost."
            )
        if row := self._row:
            odds = f"1 in {row['one_in']:,.1f} rounds" if row["one_in"] else "no round"
            most = " at most" if "at_least" in row else ""
            yield f"What wins it: {row['triggers']}, whatever the stake. {odds[0].upper()}{odds[1:]} does{most}.{_note(row)}"
        yield (
            f"A win pays all of it at once, in {self._whole()}, on top of what the round wins; a fraction stays in it. A round "
            f"wins it once at most. Then it begins anew, at {lowest} and what is in the pool."
        )

    def _mystery(self, trigger: Mystery) -> Iterator[str]:
        first, last = self._money(self._jackpot.min), self._money(trigger.before)
        earlier = self._bounds.before != trigger.before
        runs = "each run from the next one on" if earlier else "each run"
        yield (
            f"It begins at {first}. For {runs} a secret value is drawn, with the same chance for every amount in "
            f"{self._whole()} above {first} up to {last}. The wager whose contribution lifts the jackpot to its secret "
            f"value wins exactly that, whatever the outcome of the game: so it is won at {last} at the latest."
        )
        if earlier:
            yield self._running()
        between = (self._mean(trigger) - self._min) / self._share
        yield (
            f"It is won once in {self._text(round(between))} of wagers on average: a higher wager has a higher chance, in the "
            "same proportion. A win is paid at once, on top of what the round wins. What the wager contributed beyond the "
            "secret value goes into the next run: nothing is lost."
        )

    def _running(self) -> str:
        """Of a mystery whose rules have changed since its run began."""
        if not self._bounds.before:
            return "At the moment it cannot be won: it holds more than that already."
        latest = self._money(self._bounds.before)
        return f"The run that goes on now began under earlier rules: it is won at {latest} at the latest."

    def _return(self) -> str:
        without = "The return to player that is stated for the game is without this jackpot, and so is its largest win."
        trigger = self._jackpot.trigger
        if isinstance(trigger, Mystery):
            adds = _percent(self._mystery_adds(trigger))
            return f"{without} In the long run it adds {adds} to the return of the games that feed it."
        back = "each win gives back the value that it began with"
        if self._share:
            back += f", and all that was contributed since, {_percent(self._share)} of the wagers"
        if not self._row:
            return f"{without} In the long run {back}. It is won in another game."
        low, high = (_percent(self._adds(stake)) for stake in reversed(self._row["stakes"]))
        adds = f"At its first value it adds {low} at the highest stake, up to {high} at the lowest."
        return f"{without} {adds} In the long run {back}."

    def _adds(self, stake: int) -> Fraction:
        """To the RTP at the first value."""
        assert self._row
        return Fraction(self._row["probability"]) * self._min / stake

    def _mean(self, trigger: Mystery) -> Fraction:
        """Of the secret value: uniform over the whole units above min."""
        return (self._min + 1 + Fraction(trigger.before, self._jackpot.storage_multiplier)) / 2

    def _mystery_adds(self, trigger: Mystery) -> Fraction:
        """A run pays its secret value for what was wagered between its first value and that."""
        mean = self._mean(trigger)
        return mean / ((mean - self._min) / self._share)

    def _money(self, storage_units: int) -> str:
        return self._text(storage_units // self._jackpot.storage_multiplier)

    def _text(self, amount: int) -> str:
        return f"{amount:,} credit{'' if amount == 1 else 's'}" if self._is_credits else self._denomination.text(amount)

    def _whole(self) -> str:
        return "whole credits" if self._is_credits else "whole cents"

    @property
    def _is_credits(self) -> bool:
        return self._denomination.integer


def _note(row: Mapping[str, Any]) -> str:
    return f" {row['note']}" if row.get("note") else ""


def _percent(share: Fraction) -> str:
    return f"{float(100 * share):.3g} %"
