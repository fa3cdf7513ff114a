"""`mailwright serve`: real processes, killed in every way."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from mailwright.store.embedded_postgres import embedded
from tests.acceptance.served import (
    PROGRAM,
    Served,
    alive,
    command,
    environment,
    postmaster,
    serving,
    until,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(scope="module")
def data_dir() -> Generator[Path]:
    """A data directory whose first start is done; its path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="mw-") as folder:
        data_dir = Path(folder) / "data"
        assert command(data_dir, "migrate").returncode == 0
        yield data_dir
        if postmaster(data_dir):
            asyncio.run(_attach_and_leave(data_dir))


@pytest.fixture(scope="module")
def server(data_dir: Path) -> Generator[Served]:
    """One server for the tests that leave it as they found it, with one worker."""
    with serving(data_dir, "--workers", "1", returned_mail_address="127.0.0.1:0") as found:
        yield found
        assert found.stop() < 10
    assert postmaster(data_dir) is None


async def _attach_and_leave(data_dir: Path) -> None:
    async with embedded(data_dir):
        pass  # as its last user


def test_a_child_that_dies_is_started_again(server: Served) -> None:
    for kind in ("worker", "web", "inbox"):
        [before] = server.children(kind)
        os.kill(before, signal.SIGKILL)
        until(lambda kind=kind, before=before: set(server.children(kind)) - {before})
    until(lambda: server.get("/readyz") == 200)
    until(lambda: _takes_mail(server.capture_port))


def test_returned_mail_has_a_server_of_its_own_that_takes_nothing_else(server: Served) -> None:
    assert server.returned_mail_address is not None
    host, _, port = server.returned_mail_address.rpartition(":")
    with smtplib.SMTP(host, int(port), timeout=10) as client:
        client.ehlo()
        assert client.mail("")[0] == 250
        assert client.rcpt("somebody@example.org")[0] == 550
        assert client.rcpt("fbl@example.org")[0] == 250
        assert client.data(b"Subject: a letter\r\n\r\nx\r\n")[0] == 250
    [before] = server.children("returned-mail")
    os.kill(before, signal.SIGKILL)
    until(lambda: set(server.children("returned-mail")) - {before})


def test_the_inbox_takes_mail_while_workers_and_web_are_dead(server: Served) -> None:
    for kind in ("worker", "web"):
        for pid in server.children(kind):
            os.kill(pid, signal.SIGKILL)
    assert _takes_mail(server.capture_port)
    until(lambda: server.children("web") and server.children("worker"))


def test_requests_wait_while_the_web_process_is_started_again(server: Served) -> None:
    """The supervisor holds the socket: nobody is refused."""
    [web] = server.children("web")
    os.kill(web, signal.SIGKILL)
    until(lambda: not alive(web))
    assert server.get("/healthz", timeout_seconds=30) == 200


def test_commands_work_beside_a_running_server_and_leave_it_running(
    server: Served, data_dir: Path
) -> None:
    made = command(data_dir, "key", "create", "--name", "x", "--scope", "*", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["key"].startswith("mw_live_")
    assert server.get("/readyz") == 200


def test_a_worker_alone_runs_beside_the_server(server: Served, data_dir: Path) -> None:
    worker = subprocess.Popen(
        [*PROGRAM, "worker", "--workers", "1", "--json"],
        env=environment(data_dir),
        stdout=subprocess.PIPE,
    )
    with worker:
        assert worker.stdout is not None
        assert json.loads(worker.stdout.readline()) == {"workers": 1}
        worker.terminate()
        assert worker.wait(timeout=15) == 0
    assert server.get("/readyz") == 200


def test_a_killed_database_is_started_again(server: Served, data_dir: Path) -> None:
    database = postmaster(data_dir)
    assert database is not None
    os.kill(database, signal.SIGKILL)
    until(lambda: postmaster(data_dir) not in {None, database})
    until(lambda: server.get("/readyz") == 200)


def test_a_taken_port_is_a_sentence(server: Served, data_dir: Path) -> None:
    ran = command(data_dir, "serve", "--port", server.url.rpartition(":")[2])
    assert (ran.returncode, ran.stdout) == (3, "")
    assert "is taken" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


@pytest.fixture
def other() -> Generator[Path]:
    """Another installation, new, for the tests that end it."""
    with tempfile.TemporaryDirectory(prefix="mw-") as folder:
        data_dir = Path(folder) / "data"
        yield data_dir
        left = postmaster(data_dir)
        if left:
            asyncio.run(_attach_and_leave(data_dir))
        assert left is None, "the database was left running"


def test_stopping_ends_everybody_in_time_and_the_database_last(other: Path) -> None:
    with serving(other, "--workers", "2") as server:
        assert server.get("/healthz") == 200
        assert server.get("/api/v1/lists") == 401
        assert len(server.children("worker")) == 2
        children = [pid for kind in ("web", "inbox", "worker") for pid in server.children(kind)]
        assert len(children) == 4
        database = postmaster(other)
        assert database is not None
        assert server.stop() < 10
        assert not any(map(alive, children))
        assert not alive(database)
        assert server.get("/healthz") == 0


def test_whatever_is_killed_leaves_no_port_held_and_the_next_start_works(other: Path) -> None:
    with serving(other, "--workers", "1") as server:
        port = int(server.url.rpartition(":")[2])
        children = [pid for kind in ("web", "inbox", "worker") for pid in server.children(kind)]
        server.process.kill()
        server.process.wait()
        until(lambda: not any(map(alive, children)), seconds=10)
    with serving(other, "--workers", "0", port=port) as server:
        assert server.get("/readyz") == 200
        assert server.children("worker") == []  # 0 means none
        for kind in ("web", "inbox"):
            for pid in server.children(kind):
                os.kill(pid, signal.SIGKILL)
        server.process.kill()
        server.process.wait()
    with serving(other, "--workers", "0", port=port) as server:
        assert server.get("/readyz") == 200
        server.stop()


def test_a_signal_during_the_start_ends_it_cleanly(other: Path) -> None:
    # At 0.3 s the interpreter may not have reached our first line; to SIGINT it speaks for itself.
    for delay, order in ((0.3, signal.SIGTERM), (1.2, signal.SIGINT), (1.8, signal.SIGINT)):
        process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", "0"],
            env=environment(other),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        with process:
            time.sleep(delay)
            process.send_signal(order)
            process.wait(timeout=15)
            assert process.stderr is not None
            assert b"Traceback" not in process.stderr.read()
        assert postmaster(other) is None


def test_a_worker_does_not_migrate(other: Path) -> None:
    ran = command(other, "worker", "--workers", "1")
    assert ran.returncode == 3
    assert "mailwright migrate" in ran.stderr


def _takes_mail(port: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
            client.sendmail("a@example.com", ["b@example.com"], "Subject: hello\r\n\r\nthere\r\n")
    except (OSError, smtplib.SMTPException):
        return False
    return True
