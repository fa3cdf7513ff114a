"""The program, on this test's own database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import Program, runner
from tests.conftest import SECRET


@pytest.fixture
def mailwright(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    fresh_database_url: str,
) -> Program:
    """`mailwright("tenant", "list", "--json")` and its result."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAILWRIGHT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MAILWRIGHT_DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("MAILWRIGHT_SECRET_KEY", SECRET)
    monkeypatch.setenv("MAILWRIGHT_OWNER_PASSWORD", "correct horse battery staple")
    return runner(monkeypatch, capsys)
