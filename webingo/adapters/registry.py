"""Which adapters there are, ours and third parties' alike: they come in by the entry point group "webingo.adapters"."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import entry_points

from pydantic import SecretStr, ValidationError

from webingo.adapters.adapter import Adapter
from webingo.adapters.means import Means
from webingo.config import Settings
from webingo.errors import BadResource
from webingo.problems import Problem, invalid, unknown

Operators = Mapping[str, Adapter]


def adapters() -> dict[str, type[Adapter]]:
    """The classes by name. Raises BadResource for an entry point that can't be loaded, is no adapter, is named unlike it, or
    has a name that another one has too."""
    found: dict[str, type[Adapter]] = {}
    for point in sorted(entry_points(group="webingo.adapters"), key=lambda point: point.name):
        try:
            loaded = point.load()
        except (Exception, SystemExit) as error:  # somebody else's code: whatever it is, it stops the start with its name
            raise BadResource([("entry point", point.name, f"{type(error).__name__}: {error}")]) from error
        if not (isinstance(loaded, type) and issubclass(loaded, Adapter)):
            raise BadResource([("entry point", point.name, "it is no webingo.adapters.adapter.Adapter")])
        if (name := getattr(loaded, "name", None)) != point.name:
            raise BadResource([("entry point", point.name, f"its adapter calls itself {name!r}")])
        if found.setdefault(point.name, loaded) is not loaded:
            raise BadResource([("entry point", point.name, "two packages have an adapter of this name")])
    return found


def operators(settings: Settings, means: Means) -> dict[str, Adapter]:
    """An adapter for each operator of the settings, by the operator's name; they are not started. Raises BadResource with all
    that is wrong: ("settings", "operators.acme.options.base", reason)."""
    built: dict[str, Adapter] = {}
    problems: list[Problem] = []
    known = adapters() if settings.operators else {}
    for name, operator in settings.operators.items():
        where = f"operators.{name}"
        kind = known.get(operator.adapter)
        if kind is None:
            problems.append(("settings", f"{where}.adapter", unknown("adapter", operator.adapter, known)))
            continue
        try:
            built[name] = build(kind, name, operator.options, means)
        except BadResource as error:
            problems += of_operator(name, error)
    if problems:
        raise BadResource(problems)
    return built


def build(kind: type[Adapter], operator: str, options: Mapping[str, object], means: Means) -> Adapter:
    """One adapter. Raises BadResource, whose fields are those of the options."""
    try:
        built = kind(operator, kind.Options.model_validate(options), means)
    except BadResource:
        raise
    except ValidationError as error:
        raise BadResource(invalid("", error, kind.Options.model_fields)) from None
    except (Exception, SystemExit) as error:  # somebody else's code
        raise BadResource([("", "", told(error, kind, options))]) from None
    if getattr(built, "operator", None) != operator:
        raise BadResource([("", "", "its adapter does not call Adapter.__init__")])
    return built


def of_operator(name: str, error: BadResource) -> list[Problem]:
    """What an adapter finds wrong, as problems of the settings; at least one."""
    where = f"operators.{name}.options"
    found = [("settings", f"{where}.{field}".rstrip("."), str(reason)) for _, field, reason in error.problems]
    return found or [("settings", where, "its adapter can't work with these, and does not say why")]


def told(error: BaseException, kind: type[Adapter], options: Mapping[str, object]) -> str:
    """What an adapter has raised, without its text where one of the secrets of its options stands there."""
    values: Iterable[object] = ()
    with suppress(Exception):
        values = kind.Options.model_validate(options).__dict__.values()
    secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    name = type(error).__name__
    return name if any(secret and secret in str(error) for secret in secrets) else f"{name}: {error}"
