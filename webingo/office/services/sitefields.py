"""What a site's form consists of. A field's name is the place of its value in the document (`games.0.settings.bets`), which is
also how checks name what is wrong: so every problem finds its field."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Field:
    """`kind`: text, number, switch, choice, list (with commas), lines, levels (lines of spend and reward), price (amount and
    currency), json. An empty one is left out of the document, and its default (`hint` says it) is in force. `problems` are
    what the checks say of it."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    hint: str = ""
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def on(self) -> bool:
        return self.value == "true"


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together: a game, a product. `prefix` is the place of the object that they are in; "" is the site."""

    title: str
    prefix: str
    fields: tuple[Field, ...]
    note: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """`addable` are the games that the site does not have. `sells`: the platform's sites may be social casinos and sell things;
    `social` is empty where this one is none."""

    site: tuple[Group, ...]
    games: tuple[Group, ...]
    jackpots: tuple[Group, ...]
    social: tuple[Group, ...]
    products: tuple[Group, ...]
    sells: bool = False
    addable: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())

    def groups(self) -> Iterator[Group]:
        yield from (*self.site, *self.games, *self.jackpots, *self.social, *self.products)


SITE = (
    ("Site", "", (
        Field("title", "Title", help="What players read."),
        Field("operator", "Operator", hint="none", help=(
            "Who keeps the players' money, as the servers' settings call it. Without one we keep it."
        )),
        Field("initial_credits", "Initial credits", "number", hint="0", help="In the smallest unit."),
        Field("allowed_origins", "Allowed origins", "lines", help='Web pages, one a line. "self" is the server.'),
        Field("enabled", "Open", "switch", value="true", help="A closed site lets nobody log in."),
        Field("test_mode", "Test mode", "switch", help="Testers may force outcomes; only with debug."),
    )),
    ("Flags", "flags", (
        Field("flags.autoplay", "Autoplay", "switch"),
        Field("flags.turbo", "Turbo", "switch", help="Quicker animations."),
        Field("flags.min_spin_ms", "Least time between rounds", "number", hint="0", help="Milliseconds."),
    )),
    ("SLOT-IDE", "slot_ide", (
        Field("slot_ide.hide_reels", "Hide reels", "switch", value="true", help="The reel strips are not sent."),
        Field("slot_ide.inactivity_timeout_s", "Idle time", "number", help="Seconds; empty for the servers' own."),
    )),
    ("Games that live elsewhere", "rgs", (
        Field("rgs.max_win", "Largest win", "number", hint="no such games", help=(
            "Times a round's first wager. Opens this site's money to games of other servers, by API key."
        )),
        Field("rgs.escrow_timeout_s", "Rounds may be open for", "number", hint="600", help="Seconds."),
        Field("rgs.policy", "A round that is open for longer", "choice", choices=(
            ("", "is reported"), ("cancel", "is reported and cancelled"),
        )),
    )),
)  # fmt: skip

JACKPOT = (
    Field("id", "Id", help="jp_ and a name; never changed later."),
    Field("title", "Title"),
    Field("min", "Begins with", "number", help="Storage units."),
    Field("max", "Ceiling", "number", help="Storage units. It only ever goes up."),
    Field("storage_multiplier", "Storage units", "number", hint="1000", help="So many make one smallest unit of the money."),
    Field("contribution", "Contribution", hint="0", help="Share of each wager: 0.01 is 1 %."),
    Field("reserve", "Reserve", hint="0", help="Share for the pool that later runs begin from."),
    Field("games", "Fed by", "list", hint="all games of the site"),
    Field(
        "trigger.by", "Won by", "choice", value="game", choices=(("game", "the game's rules"), ("mystery", "a hidden value"))
    ),
    Field("trigger.before", "Must be won before", "number", help="Storage units; a hidden value only."),
)

SOCIAL = (
    Field("social.levels", "Levels", "levels", help=(
        "One a line, from level 2 on: what a player has to have spent by then, and the reward, like 5000 250."
    )),
    Field("social.daily_bonus", "Daily bonus", "list", hint="none", help=(
        "For the 1st, 2nd, … day in a row, with commas; the last one repeats."
    )),
    Field("social.utc_offset_minutes", "Local time", "number", hint="0", help=(
        "Minutes ahead of UTC, for the days of the bonus: -180 in São Paulo."
    )),
    Field("social.allow_manual_credit", "Players may give themselves credits", "switch", help=(
        "For development: servers without debug refuse such a site."
    )),
)  # fmt: skip

PRODUCT = (
    Field("id", "Id", help="Small letters, digits, - and _."),
    Field("title", "Title"),
    Field("credits", "Credits", "number", help="What the player gets."),
    Field("price", "Price", "price", help="Like 1.99 USD."),
    Field("description", "Description"),
    Field("image", "Picture", help="A path under /static/, or an https address."),
)

OBJECTS = {"jackpots": JACKPOT, "products": PRODUCT}
"""Lists of a document whose objects have such fields."""
