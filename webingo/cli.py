"""The command line: `webingo COMMAND`. Each command is a module of webingo/commands with a function of the same name, or a
typer.Typer where it has commands of its own.

Those modules import what they need when they are called, so that `webingo --help` is there at once.
"""

import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from webingo import commands
from webingo.commands.common import Failure
from webingo.errors import BadResource, Refused


class _Program(TyperGroup):
    """Whatever goes wrong is one line on stderr: exit 2 for a command line that can't be understood, else 1."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except BadResource as error:
            code = _say(_first_of(error))
        except (Failure, OSError) as error:
            code = _say(str(error))
        except Refused as refusal:
            code = _say(refusal.message)
        except typer.TyperException as error:  # a command line that can't be understood
            _say(f"{error.format_message()} (see webingo --help)")
            code = error.exit_code
        except typer.Abort:
            code = _say("stopped")
        except Exception as error:
            code = _say(f"unexpected {type(error).__name__}: {error} ({_place(error)})")
        sys.exit(code if isinstance(code, int) else 0)


def _say(sentence: str) -> int:
    print("webingo:", " ".join(sentence.split()), file=sys.stderr)
    return 1


def _first_of(error: BadResource) -> str:
    first = ": ".join(part for part in error.problems[0] if part)
    others = len(error.problems) - 1
    return f"{first} (and {others} more; webingo check lists those of an installation)" if others else first


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "nowhere"


def _build() -> typer.Typer:
    program = typer.Typer(
        cls=_Program,
        help="A stateful session server for HTML5 casino-style games.",
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    program.callback()(lambda: None)
    for module in iter_modules(commands.__path__):
        if module.name != "common" and not module.name.startswith("_"):
            command = getattr(import_module(f"{commands.__name__}.{module.name}"), module.name)
            if isinstance(command, typer.Typer):
                program.add_typer(command, name=module.name)
            else:
                program.command(module.name)(command)
    return program


app = _build()
