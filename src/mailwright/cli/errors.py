"""The command line's form of errors: a sentence, and an exit status."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any, cast

from mailwright.cli.output import say_error
from mailwright.errors import MailwrightError, OperatorError

FAILED = 1  # the request cannot be carried out as it stands
OPERATOR = 3  # the installation needs its operator; 2 is how click answers a wrong command line
UNEXPECTED = 70  # our fault; EX_SOFTWARE of sysexits.h


def explain(error: Exception) -> int:
    """Prints what went wrong and returns the exit status."""
    error = _innermost(error)
    if isinstance(error, MailwrightError):
        say_error(_with_details(error))
        return OPERATOR if isinstance(error, OperatorError) else FAILED
    kept = _keep(error)
    more = f" The details are in {kept}." if kept else ""
    say_error(f"Mailwright did not expect this: {type(error).__name__}: {error}.{more}")
    return UNEXPECTED


def _innermost(error: Exception) -> Exception:
    """The one error in a group of one: tasks of a group wrap theirs."""
    if isinstance(error, ExceptionGroup):
        inside = cast("ExceptionGroup[Exception]", error).exceptions
        if len(inside) == 1:
            return _innermost(inside[0])
    return cast("Exception", error)


def _with_details(error: MailwrightError) -> str:
    """The sentence, with the fields it is about where it does not name them."""
    details: dict[str, Any] = {
        name: " ".join(map(str, cast("list[Any]", said)))
        for name, said in error.details.items()
        if isinstance(said, list)
    }
    fields = [f"{name}: {said}" for name, said in details.items() if said != error.message]
    return " ".join([error.message, *fields])


def _keep(error: Exception) -> Path | None:
    """Writes the traceback to a file of its own, for a report; a terminal is not the place."""
    from mailwright.errors import ConfigurationError
    from mailwright.settings import load_settings

    try:
        folder = load_settings().data_dir
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "errors.log"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a") as file:
            file.write("".join(traceback.format_exception(error)) + "\n")
    except (OSError, ConfigurationError):
        return None
    return path
