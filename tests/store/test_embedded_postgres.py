"""The embedded PostgreSQL: started once, shared, stopped by the last, never in the way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import asyncpg
import pytest

from mailwright.errors import ConfigurationError, DatabaseUnreachable
from mailwright.store.embedded_postgres import embedded
from mailwright.store.postgres_cluster import binary

FAST = {"fsync": "off"}


@pytest.fixture
def data_dir() -> Generator[Path]:
    """A folder with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="mw-") as folder:
        yield Path(folder) / "data"


def postmaster(data_dir: Path) -> int | None:
    """The process id of the running server."""
    try:
        return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    except FileNotFoundError:
        return None


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_it_starts_keeps_its_data_and_stops(data_dir: Path) -> None:
    async with embedded(data_dir, options=FAST) as url:
        assert str(await ask(url, "SELECT version()")).startswith("PostgreSQL 18.")
        await ask(url, "CREATE TABLE kept AS SELECT 1")
        process = postmaster(data_dir)
        assert process is not None
    assert postmaster(data_dir) is None
    assert not Path(f"/proc/{process}").exists()
    async with embedded(data_dir, options=FAST) as again:
        assert again == url
        assert await ask(again, "SELECT count(*) FROM kept") == 1


async def test_it_listens_to_nobody_but_the_owner_with_the_password(data_dir: Path) -> None:
    async with embedded(data_dir, options=FAST) as url:
        assert await ask(url, "SHOW listen_addresses") == ""
        assert await ask(url, "SHOW jit") == "off"
        assert await ask(url, "SHOW synchronous_commit") == "on"
        assert await ask(url, "SHOW data_checksums") == "on"
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(url.replace("mailwright:", "mailwright:x"), "SELECT 1")
        for name, mode in (
            ("postgres", 0o700),
            ("postgres-socket", 0o700),
            ("postgres-password", 0o600),
        ):
            assert stat.S_IMODE((data_dir / name).stat().st_mode) == mode, name
        assert not data_dir.stat().st_mode & 0o066


async def test_it_runs_as_somebody_else_when_we_are_root(data_dir: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    async with embedded(data_dir, options=FAST):
        process = postmaster(data_dir)
        assert Path(f"/proc/{process}").stat().st_uid != 0
        assert (data_dir / "postgres").stat().st_uid != 0
        assert data_dir.stat().st_uid == 0


async def test_it_runs_where_its_user_may_not_pass(data_dir: Path) -> None:
    """A checkout below /root is closed to the user the server runs as."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    data_dir.parent.chmod(0o700)
    async with embedded(data_dir, options=FAST) as url:
        assert await ask(url, "SELECT 1") == 1


async def test_users_share_it_and_the_last_one_stops_it(data_dir: Path) -> None:
    first, second = embedded(data_dir, options=FAST), embedded(data_dir, options=FAST)
    url, same = await asyncio.gather(first.__aenter__(), second.__aenter__())
    assert url == same
    await first.__aexit__(None, None, None)  # whoever of the two has started it
    assert await ask(url, "SELECT 1") == 1
    await second.__aexit__(None, None, None)
    assert postmaster(data_dir) is None


KEEPS_IT_OPEN = """
import asyncio, sys
from pathlib import Path
from mailwright.store.embedded_postgres import embedded

async def main():
    async with embedded(Path(sys.argv[1]), options={"fsync": "off"}):
        print("open", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_server_whose_users_were_killed_is_attached_to_and_stopped(data_dir: Path) -> None:
    user = subprocess.Popen(
        [sys.executable, "-c", KEEPS_IT_OPEN, str(data_dir)], stdout=subprocess.PIPE
    )
    with user:
        assert user.stdout is not None
        user.stdout.readline()
        orphan = postmaster(data_dir)
        user.kill()
    assert orphan is not None
    os.kill(orphan, 0)
    async with embedded(data_dir, options=FAST) as url:
        assert postmaster(data_dir) == orphan
        assert await ask(url, "SELECT 1") == 1
    assert postmaster(data_dir) is None


async def test_it_recovers_after_the_server_was_killed(data_dir: Path) -> None:
    async with embedded(data_dir) as url:
        await ask(url, "CREATE TABLE kept AS SELECT 1")
        process = postmaster(data_dir)
        assert process is not None
        os.kill(process, signal.SIGKILL)
        # Its children notice and end; until then the data directory is theirs.
        await asyncio.sleep(0.5)
    async with embedded(data_dir) as url:
        assert await ask(url, "SELECT count(*) FROM kept") == 1


async def test_a_stale_process_id_of_another_program_does_not_keep_it_from_starting(
    data_dir: Path,
) -> None:
    async with embedded(data_dir, options=FAST):
        notes = (data_dir / "postgres" / "postmaster.pid").read_text()
    lines = notes.splitlines()
    lines[0] = str(os.getpid())  # in containers the same few numbers come again and again
    (data_dir / "postgres" / "postmaster.pid").write_text("\n".join(lines) + "\n")
    start = time.monotonic()
    async with embedded(data_dir, options=FAST) as url:
        assert await ask(url, "SELECT 1") == 1
    assert time.monotonic() - start < 5


async def test_a_long_path_gets_a_short_socket_elsewhere(data_dir: Path) -> None:
    long = data_dir / ("x" * 120)
    async with embedded(long, options=FAST) as url:
        assert await ask(url, "SELECT 1") == 1
        socket_dir = Path((long / "postgres" / "postmaster.pid").read_text().splitlines()[4])
        assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    assert not socket_dir.exists()


async def test_the_folder_of_another_major_version_is_refused(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(ConfigurationError, match=r"PostgreSQL 16.*backup.*restore"):
        async with embedded(data_dir):
            pass


async def test_a_folder_that_cannot_be_made_is_a_sentence(data_dir: Path) -> None:
    data_dir.parent.joinpath("file").touch()
    with pytest.raises(ConfigurationError, match="MAILWRIGHT_DATA_DIR"):
        async with embedded(data_dir.parent / "file" / "below"):
            pass


async def test_a_server_that_does_not_start_says_why(data_dir: Path) -> None:
    with pytest.raises(DatabaseUnreachable, match="no_such_setting"):
        async with embedded(data_dir, options={"no_such_setting": "1"}):
            pass
    async with embedded(data_dir, options=FAST) as url:
        assert await ask(url, "SELECT 1") == 1


async def test_an_initialisation_that_was_cut_short_is_begun_again(data_dir: Path) -> None:
    (data_dir / "postgres.new" / "half").mkdir(parents=True)
    async with embedded(data_dir, options=FAST) as url:
        assert await ask(url, "SELECT 1") == 1
    assert not (data_dir / "postgres.new").exists()


async def test_canceling_the_start_leaves_nothing_running(data_dir: Path) -> None:
    async with embedded(data_dir, options=FAST):
        pass

    async def start() -> None:
        async with embedded(data_dir, options=FAST):
            await asyncio.sleep(60)

    starting = asyncio.create_task(start())
    await asyncio.sleep(0.02)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert postmaster(data_dir) is None


def test_a_missing_program_is_a_sentence() -> None:
    with pytest.raises(ConfigurationError, match="MAILWRIGHT_DATABASE_URL"):
        binary("no-such-program")


async def test_a_server_that_was_killed_is_started_again_while_in_use(data_dir: Path) -> None:
    async with embedded(data_dir, revive=True) as url:
        process = postmaster(data_dir)
        assert process is not None
        os.kill(process, signal.SIGKILL)
        for _ in range(100):
            await asyncio.sleep(0.1)
            with contextlib.suppress(OSError, asyncpg.CannotConnectNowError):
                assert await ask(url, "SELECT 1") == 1
                break
        assert postmaster(data_dir) != process
    assert postmaster(data_dir) is None
