"""Runs the program in this process, the way its entry point does."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from mailwright.cli.main import run

Program = Callable[..., "Ran"]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: its exit status and both of its outputs."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output."""
        return json.loads(self.out)


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    """A function that runs one command line, with `stdin` as its input."""

    def ran(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "argv", ["mailwright", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capsys.readouterr()
        status = 0
        try:
            run()
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        return Ran(status, out, err)

    return ran
