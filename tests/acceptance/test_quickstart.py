"""Every command of the quickstart does what the page says, against the real program."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.pages import commands, run, serving

PAGE = "quickstart.md"


def test_every_command_of_the_quickstart_works(tmp_path: Path) -> None:
    with serving(tmp_path, commands(PAGE, "serve").strip()) as environment:
        done = run(commands(PAGE), tmp_path, environment)
    assert "Hello Zoë" in done.stdout
    assert "\nsent" not in done.stderr
    assert (tmp_path / "quickstart.backup").stat().st_mode & 0o077 == 0
