"""`mailwright demo` does the main job and proves it, and does it again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.pages import free_port

ROOT = Path(__file__).parents[2]


def demo(data_dir: Path) -> dict[str, Any]:
    port = free_port()
    done = subprocess.run(
        [sys.executable, "-m", "mailwright.cli.main", "demo", "--json"],
        cwd=ROOT,
        env={
            **{n: v for n, v in os.environ.items() if not n.startswith("MAILWRIGHT_")},
            "MAILWRIGHT_DATA_DIR": str(data_dir),
            "MAILWRIGHT_PORT": str(port),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.checklist("Z28", "Z36", "Z37", "Z38", "U12")
def test_the_demo_proves_ledger_equals_inbox_and_can_be_run_again(tmp_path: Path) -> None:
    first = demo(tmp_path / "data")
    assert first["imported"]["created"] == 998
    assert first["imported"]["rejected"] == 2
    report = first["report"]
    assert first["proof"] == {"ledger_sent": 998, "inbox_mails": 998, "equal": True}
    assert report["sent"] == report["delivered"] == 998
    assert (report["opened"], report["clicked"], report["unsubscribed"]) == (40, 15, 1)

    second = demo(tmp_path / "data")
    assert second["imported"]["created"] == 0
    assert second["report"]["skipped"] == {"unsubscribed": 1}
    assert second["proof"]["ledger_sent"] == 997
