"""Every command of the guide to Cakemail's API does what the page says, against the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.pages import commands, run, serving


@pytest.mark.checklist("E01", "E02", "C01", "X09", "X10")
def test_every_command_of_the_guide_works(tmp_path: Path) -> None:
    password = {"MAILWRIGHT_OWNER_PASSWORD": "correct horse battery staple"}
    with serving(tmp_path, "mailwright serve --workers 1", **password) as environment:
        done = run(commands("guides/cakemail.md"), tmp_path, environment)
    assert done.stdout.splitlines() == [
        "Default",
        "True",
        "True",
        "draft",
        "1",
        "True",
        "True",
        "1",
        "ada@example.com",
        "ada@example.com",
        "True",
        "True",
        "ada@example.com",
        "0.0",
        "True",
        "sha256",
    ]
