"""Logging: structlog's and the standard library's records (tornado, asyncio) come out of one pipe, with secrets taken out.

Lines go to stderr, stamped in UTC. What `structlog.contextvars.bind_contextvars` binds (the connection's id, the player)
stands in every line of that task.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Literal

import orjson
import structlog
from structlog.typing import EventDict, Processor

_SECRET_KEY = re.compile(r"token|passw|secret|authorization|cookie|credential|api_?key", re.IGNORECASE)
REDACTED = "[redacted]"

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def setup(level: Literal["debug", "info", "warning", "error"], format: Literal["auto", "console", "json"]) -> None:  # noqa: A002
    """Sends everything that is logged from now on to stderr; calling it again replaces what was set before."""
    console = format == "console" or (format == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(console))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)


def formatter(console: bool) -> logging.Formatter:
    """Writes the records of both."""
    end = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *written(console)]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=end)


def written(console: bool) -> list[Processor]:
    """What makes a line of what is told: without secrets, for people or as JSON."""
    if console:
        # Plain tracebacks: the pretty ones print the values of local variables, and those may be secret.
        return [redact, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [redact, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_json)]


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Takes out the values of keys that name a secret, at any depth."""
    return {key: _without_secrets(key, value) for key, value in event.items()}


def _without_secrets(key: Any, value: Any) -> Any:
    if isinstance(key, str) and _SECRET_KEY.search(key):
        return REDACTED
    if isinstance(value, Mapping):
        return {inner: _without_secrets(inner, found) for inner, found in value.items()}
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return [_without_secrets(None, found) for found in value]
    return value


def _json(event: EventDict, **_options: Any) -> str:
    try:
        return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError):  # half a surrogate pair, an endless structure: the line is worth more than its form
        return orjson.dumps({key: ascii(value) for key, value in event.items()}).decode()
