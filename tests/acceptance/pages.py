"""Pages whose commands are run: what they say, and a server for them."""

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
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
READY_SECONDS = 150  # on a machine that does other things, too
BLOCK = re.compile(r"^```sh(?P<kind>[^\n]*)\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(page: str, kind: str = "") -> str:
    """The commands of the page's blocks of this kind, in order; `page` is below `docs`."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return "\n".join(
        found["commands"] for found in BLOCK.finditer(text) if found["kind"].strip() == kind
    )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, command: str, **settings: str) -> Generator[dict[str, str]]:
    """The environment of a shell in `folder` beside a server, which ends well in the end."""
    port = free_port()
    shutil.copytree(ROOT / "examples", folder / "examples")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MAILWRIGHT_")},
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "MAILWRIGHT_DATA_DIR": str(folder / "data"),
        "MAILWRIGHT_PORT": str(port),
        "MAILWRIGHT_PUBLIC_URL": f"http://127.0.0.1:{port}",
        **settings,
    }
    with (folder / "serve.log").open("wb") as log:
        server = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            _wait_until_ready(environment["MAILWRIGHT_PUBLIC_URL"], server)
            yield environment
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=20) == 0


def run(script: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The commands in one shell that stops at the first failure; they must all succeed."""
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{script}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def _wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, "serve ended"
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("serve did not become ready in time")
