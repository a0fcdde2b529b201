"""Which adapters there are, ours and third parties' alike: they come in by the entry point group "webingo.adapters"."""

from collections.abc import Mapping
from importlib.metadata import entry_points

from pydantic import ValidationError

from webingo.adapters.adapter import Adapter, Means
from webingo.config import Settings
from webingo.errors import BadResource
from webingo.problems import Problem, invalid, unknown

Operators = Mapping[str, Adapter]


def adapters() -> dict[str, type[Adapter]]:
    """The classes by name. Raises BadResource for an entry point that can't be loaded, is no adapter, or is named unlike it."""
    found: dict[str, type[Adapter]] = {}
    for point in sorted(entry_points(group="webingo.adapters"), key=lambda point: point.name):
        try:
            loaded = point.load()
        except Exception as error:  # somebody else's code: whatever it is, it stops the start with its name
            raise BadResource([("entry point", point.name, f"{type(error).__name__}: {error}")]) from error
        if not (isinstance(loaded, type) and issubclass(loaded, Adapter)):
            raise BadResource([("entry point", point.name, "it is no webingo.adapters.adapter.Adapter")])
        if loaded.name != point.name:
            raise BadResource([("entry point", point.name, f"its adapter calls itself {loaded.name!r}")])
        found[point.name] = loaded
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
            inside = (f"{where}.options.{field}".rstrip(".") for _, field, _ in error.problems)
            problems += [("settings", field, reason) for field, (_, _, reason) in zip(inside, error.problems, strict=True)]
    if problems:
        raise BadResource(problems)
    return built


def build(kind: type[Adapter], operator: str, options: Mapping[str, object], means: Means) -> Adapter:
    """One adapter. Raises BadResource, whose fields are those of the options."""
    try:
        return kind(operator, kind.Options.model_validate(options), means)
    except BadResource:
        raise
    except ValidationError as error:
        raise BadResource(invalid("", error, kind.Options.model_fields)) from None
    except Exception as error:  # somebody else's code
        raise BadResource([("", "", f"{type(error).__name__}: {error}")]) from error
