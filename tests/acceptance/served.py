"""A real `mailwright serve`, with its own embedded PostgreSQL, in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = [sys.executable, "-m", "mailwright.cli.main"]


class Served:
    """A running server: its process, where it answers, its children by kind."""

    def __init__(
        self, process: subprocess.Popen[bytes], ready: Mapping[str, Any], log: Path
    ) -> None:
        self.process = process
        self.url: str = ready["url"]
        self.capture_port = int(str(ready["capture_address"]).rpartition(":")[2])
        self.returned_mail_address: str | None = ready["returned_mail_address"]
        self.log = log

    def get(self, path: str, *, timeout_seconds: float = 10) -> int:
        """The status of a GET; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=timeout_seconds) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def children(self, kind: str) -> list[int]:
        """Process ids of our children of this kind."""
        return [pid for pid, words in _processes(self.process.pid) if kind in words]

    def stop(self) -> float:
        """SIGTERM; the seconds until it ended, cleanly."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=15) == 0, self.log.read_text()
        return time.monotonic() - start


def _variables(settings: Mapping[str, str]) -> dict[str, str]:
    return {f"MAILWRIGHT_{name.upper()}": value for name, value in settings.items()}


@contextmanager
def serving(data_dir: Path, *arguments: str, port: int = 0, **settings: str) -> Generator[Served]:
    """A server that is ready; killed at the end if it still runs. `settings`: more of them."""
    log = data_dir.parent / "serve.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", str(port), "--json", *arguments],
            env=environment(data_dir) | _variables(settings),
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    with process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, log.read_text()
            yield Served(process, json.loads(line), log)
        finally:
            if process.poll() is None:
                process.kill()


def environment(data_dir: Path) -> dict[str, str]:
    """Nothing of the developer's settings."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("MAILWRIGHT_")}
    return {**mine, "MAILWRIGHT_DATA_DIR": str(data_dir)}


def command(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command of the same installation, to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=environment(data_dir),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def until(holds: Callable[[], Any], seconds: float = 30) -> Any:
    """Waits until `holds` says something true, and returns that."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
    return found


def postmaster(data_dir: Path) -> int | None:
    """The embedded server's process id, while it runs."""
    try:
        pid = int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
        return pid if alive(pid) else None
    except FileNotFoundError:
        return None


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _processes(parent: int) -> list[tuple[int, list[str]]]:
    found: list[tuple[int, list[str]]] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_text().split("\0")
        except OSError:
            continue  # it ended while we looked
        if int(stat[1]) == parent and stat[0] != "Z":
            found.append((int(folder.name), words))
    return found
