"""`mailwright inbound`: a mail that came back, from a file or out of a mail server's pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailwright.cli.output import JsonOption, emit, say_error
from mailwright.cli.process import with_runtime
from mailwright.errors import InvalidInput, OperatorError, TooLarge

if TYPE_CHECKING:
    from mailwright.services.inbound_views import InboundView
    from mailwright.services.runtime import Runtime

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h, which mail servers' pipes understand
BYTES_MAX = 26_214_400  # what the built-in SMTP servers take


def inbound(
    file: Annotated[Path, typer.Argument(help="The mail as it arrived; - is standard input.")],
    recipient: Annotated[
        str | None, typer.Option(help="The envelope's recipient, where the mail server knows it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Record a returned mail: a bounce, a complaint, an automatic answer."""
    raw = _bytes_of(file)

    async def work(runtime: Runtime) -> InboundView:
        from mailwright.services import inbound as service

        return await service.take_returned(runtime, raw, [recipient] if recipient else [])

    view = _or_later(lambda: with_runtime(work))
    emit(view, as_json, lambda: [_line(view)])


def _or_later(work: Callable[[], InboundView]) -> InboundView:
    """What `work` gives; where the installation is in trouble, the mail server tries again."""
    try:
        return work()
    except OperatorError as error:
        say_error(error.message)
        raise typer.Exit(TRY_AGAIN) from None


def _bytes_of(file: Path) -> bytes:
    try:
        if str(file) == "-":
            raw = sys.stdin.buffer.read(BYTES_MAX + 1)
        else:
            with file.open("rb") as opened:
                raw = opened.read(BYTES_MAX + 1)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror or error}.") from None
    if len(raw) > BYTES_MAX:
        raise TooLarge(f"A returned mail has at most {BYTES_MAX // 1024**2} MB.")
    return raw


def _line(view: InboundView) -> str:
    about = f": {view.message.email} is {view.message.state}" if view.message else ""
    words = f"{view.kind}, {view.outcome}".replace("_", " ")
    return f"{words[0].upper()}{words[1:]}{about}."
