"""Cakemail's own program: installed once, then run as its users run it.

Its files stay as they were published. Two things they need are given from outside: four packages
that it uses and forgets to name (package.json), and file endings in its imports (resolve.mjs).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
FILES = ("package.json", "package-lock.json", "resolve.mjs")
PROGRAM = "node_modules/@cakemail-org/cakemail-cli/dist/cli.js"
RUN_SECONDS = 120


def installed() -> Path:
    """The folder with the program, made by the first who asks; skips where that cannot be.

    With MAILWRIGHT_REQUIRE_ALL what is missing is a failure.
    """
    missing = next((name for name in ("node", "npm") if shutil.which(name) is None), None)
    if missing is not None:
        _give_up(f"There is no {missing} on the path.")
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in FILES)).hexdigest()
    folder = Path(tempfile.gettempdir()) / f"cakemail-cli-{os.getuid()}-{digest[:16]}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            for name in FILES:
                shutil.copy(HERE / name, folder)
            quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
            made = subprocess.run(
                ["npm", "ci", *quiet], cwd=folder, capture_output=True, text=True, check=False
            )
            if made.returncode:
                _give_up(f"npm could not install Cakemail's program: {made.stderr.strip()}")
            (folder / "done").touch()
    return folder


def _give_up(reason: str) -> None:
    if os.environ.get("MAILWRIGHT_REQUIRE_ALL"):
        pytest.fail(f"MAILWRIGHT_REQUIRE_ALL is set. {reason}")
    pytest.skip(reason)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: its exit status and both of its outputs."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The JSON object that it printed among its news."""
        start = self.out.index("\n{") + 1
        return json.JSONDecoder().raw_decode(self.out, start)[0]


@dataclass(frozen=True, slots=True)
class Account:
    """Where the program talks to, and as whom."""

    url: str
    email: str
    password: str


class CakemailProgram:
    """The program, in a home and a working directory of its own."""

    def __init__(self, folder: Path, home: Path, account: Account) -> None:
        self._command = ["node", "--import", str(folder / "resolve.mjs"), str(folder / PROGRAM)]
        self._home = home
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "CAKEMAIL_API_BASE": f"{account.url}/cakemail",
            "CAKEMAIL_EMAIL": account.email,
            "CAKEMAIL_PASSWORD": account.password,
            "CAKEMAIL_OUTPUT_FORMAT": "json",
        }

    def run(self, line: str, **more: str) -> Ran:
        """One command line; `more` is added to its environment."""
        return self.run_words(shlex.split(line), more)

    def run_words(self, words: list[str], more: Mapping[str, str] | None = None) -> Ran:
        """The same, split already."""
        ran = subprocess.run(
            [*self._command, *words],
            cwd=self._home,
            env={**self._environment, **(more or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)
