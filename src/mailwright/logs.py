"""Logs: one line per event on standard error, for people on a terminal, as JSON otherwise.

Ids and action names are logged, addresses and bodies are not; whatever looks like a secret is
masked on its way out (SEC-27).
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO, cast

import orjson
import structlog

_SECRET_NAMES = re.compile(
    r"pass|secret|token|authorization|cookie|api_?key|credential", re.IGNORECASE
)
_SECRET_VALUES = re.compile(
    r"(?P<key>mw_(?:live|test)_\w{4})\w+"  # an API key keeps the part that lists show
    r"|(?P<link>/password/)[\w-]+"  # of a mail to set a password: who has it can sign in
    r"|(?P<url>\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s@/]+@",  # a URL loses its password
    re.IGNORECASE,
)
MASK = "…"


def configure_logs(log_format: Literal["auto", "console", "json"]) -> None:
    """Sets up structlog and the standard library's logging, which libraries use, alike."""
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.types.Processor = (
        # Plain: the pretty one prints local variables, and with them people's addresses.
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(serializer=_json)
    )
    final = [structlog.processors.format_exc_info, mask_secrets, last]
    structlog.configure(
        processors=[*shared, *final],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _StandardError())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


class _StandardError:
    """Whatever standard error is when a line is written: loggers outlive a redirection of it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def mask_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replaces what a secret's name or form gives away."""
    for name, value in event.items():
        if _SECRET_NAMES.search(name) and value is not None:
            event[name] = MASK
        elif isinstance(value, str):
            event[name] = _SECRET_VALUES.sub(_masked, value)
    return event


def _masked(found: re.Match[str]) -> str:
    if found["key"]:
        return found["key"] + MASK
    if found["link"]:
        return found["link"] + MASK
    return f"{found['url']}{MASK}@"


def _json(value: Any, **_options: Any) -> str:
    return orjson.dumps(value, default=str).decode()
