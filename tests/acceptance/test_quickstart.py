"""Every command of the quickstart does what the page says, against the real program."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
BLOCK = re.compile(r"^```sh(?P<kind>[^\n]*)\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(kind: str) -> str:
    """The commands of the page's blocks of this kind, in order."""
    page = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
    return "\n".join(
        found["commands"] for found in BLOCK.finditer(page) if found["kind"].strip() == kind
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    port = free_port()
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MAILWRIGHT_")},
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "MAILWRIGHT_DATA_DIR": str(tmp_path / "data"),
        "MAILWRIGHT_PORT": str(port),
        "MAILWRIGHT_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    log = (tmp_path / "serve.log").open("wb")
    server = subprocess.Popen(
        ["bash", "-c", "exec " + commands("serve").strip()],
        cwd=tmp_path,
        env=environment,
        stdout=log,
        stderr=log,
    )
    try:
        wait_until_ready(environment["MAILWRIGHT_PUBLIC_URL"], server)
        yield environment
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 0
        log.close()


def wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, "serve ended"
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("serve did not become ready within 60 s")


def test_every_command_of_the_quickstart_works(environment: dict[str, str], tmp_path: Path) -> None:
    script = "set -euo pipefail\n" + commands("")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Hello Zoë" in done.stdout
    assert "\nsent" not in done.stderr
    assert (tmp_path / "quickstart.backup").stat().st_mode & 0o077 == 0
