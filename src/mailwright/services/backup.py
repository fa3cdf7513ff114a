"""Backup and restore: one file with the database, the secret and the files of people.

The secret is in it because without it sealed passwords, keys and links of the database are dead. So
whoever has the file has everything: it is written readable by its owner only.
"""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from mailwright import __version__
from mailwright.domain.keys import Keys
from mailwright.errors import ConfigurationError, Conflict, InvalidInput
from mailwright.services.runtime import Runtime, utc_now
from mailwright.services.secrets import FILE_NAME, load_secret, store_secret
from mailwright.settings import Settings
from mailwright.store import archive
from mailwright.store.database import Database

FORMAT = 1
FOLDERS = ("uploads", "imports")  # of the data directory, beside database and secret


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself, in its first member."""

    format: int
    version: str
    made_at: str
    fingerprint: str


async def back_up(runtime: Runtime, target: Path, *, overwrite: bool = False) -> int:
    """Writes the archive, mode 0600, whole or not at all, and returns its size in bytes.

    Everything keeps running meanwhile. Raises Conflict when there is such a file, InvalidInput
    where it cannot be written, OperatorError with pg_dump's words.
    """
    if not overwrite and await asyncio.to_thread(target.exists):
        raise Conflict(f"{target} exists already; --force writes over it.")
    manifest = Manifest(FORMAT, __version__, runtime.now().isoformat(), runtime.keys.fingerprint)
    try:
        # Beside the target, so that the finished archive only has to be renamed.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
            dump = Path(folder) / "database.dump"
            await archive.dump(runtime.database.url, dump)
            return await asyncio.to_thread(_pack, target, manifest, runtime.settings, dump)
    except OSError as error:
        raise InvalidInput(f"{target} cannot be written: {error.strerror}.") from error


async def restore(settings: Settings, database: Database, source: Path) -> Manifest:
    """Fills an empty installation from an archive, with sending off until it is resumed.

    Raises InvalidInput for a file that is no archive, Conflict for an installation that is not
    empty, ConfigurationError where it has another secret.
    """
    with _opened(source) as tar:
        manifest = _manifest(tar, source)
        secret = _text(tar, FILE_NAME, source)
        _check_secret(settings, secret)
        if not await archive.is_empty(database):
            raise Conflict(
                "Restore fills an empty installation only, and this one has data. Use a new data "
                "directory, or an empty database in MAILWRIGHT_DATABASE_URL."
            )
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix=".restore-") as folder:
            dump = Path(folder) / "database.dump"
            await asyncio.to_thread(_unpack, tar, "database.dump", dump, source)
            if settings.secret_key is None:
                store_secret(settings, secret)
            await asyncio.to_thread(_unpack_files, tar, settings.data_dir)
            await archive.load(database.url, dump)
    await archive.analyze(database)
    return manifest


def _pack(target: Path, manifest: Manifest, settings: Settings, dump: Path) -> int:
    unfinished = dump.with_name("archive")
    unfinished.touch(mode=0o600)
    with tarfile.open(unfinished, "w") as tar:  # the dump is compressed already
        _add(tar, "manifest.json", json.dumps(asdict(manifest)))
        _add(tar, FILE_NAME, load_secret(settings))
        tar.add(dump, "database.dump", filter=_anonymous)
        for folder in FOLDERS:
            if (settings.data_dir / folder).is_dir():
                tar.add(settings.data_dir / folder, folder, filter=_anonymous)
    unfinished.replace(target)
    return target.stat().st_size


def _add(tar: tarfile.TarFile, name: str, content: str) -> None:
    data = content.encode()
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(data), 0o600, int(utc_now().timestamp())
    tar.addfile(member, io.BytesIO(data))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Files and folders only, without the user's name."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member if member.isfile() or member.isdir() else None


@contextmanager
def _opened(source: Path) -> Generator[tarfile.TarFile]:
    try:
        tar = tarfile.open(source, "r:")  # noqa: SIM115  # closed below
    except OSError as error:
        raise InvalidInput(f"{source} cannot be read: {error.strerror}.") from error
    except tarfile.TarError:
        raise _no_backup(source) from None
    with tar:
        yield tar


def _manifest(tar: tarfile.TarFile, source: Path) -> Manifest:
    try:
        found: dict[str, Any] = json.loads(_text(tar, "manifest.json", source))
        manifest = Manifest(**found)
        datetime.fromisoformat(manifest.made_at)
    except (TypeError, ValueError):
        raise _no_backup(source) from None
    if manifest.format != FORMAT:
        raise ConfigurationError(
            f"{source} was written by Mailwright {manifest.version} in a format this one does not "
            "know; restore it with that release."
        )
    return manifest


def _text(tar: tarfile.TarFile, name: str, source: Path) -> str:
    try:
        file = tar.extractfile(name)
        return file.read(1024**2).decode() if file else ""
    except (KeyError, UnicodeDecodeError, tarfile.TarError):
        raise _no_backup(source) from None


def _unpack(tar: tarfile.TarFile, name: str, target: Path, source: Path) -> None:
    try:
        file = tar.extractfile(name)
    except KeyError:
        file = None
    if file is None:
        raise _no_backup(source)
    target.touch(mode=0o600)
    with target.open("wb") as copy:
        shutil.copyfileobj(file, copy)


def _unpack_files(tar: tarfile.TarFile, data_dir: Path) -> None:
    """The files, each below its own folder whatever its name in the archive says (SEC-19)."""
    for member in tar:
        path = PurePosixPath(member.name)
        if not member.isfile() or path.parts[0] not in FOLDERS or ".." in path.parts:
            continue
        target = data_dir.joinpath(*path.parts)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.touch(mode=0o600)
        file = tar.extractfile(member)
        assert file is not None
        with target.open("wb") as copy:
            shutil.copyfileobj(file, copy)


def _check_secret(settings: Settings, secret: str) -> None:
    """Ours must be the archive's, or not there yet."""
    has_one = settings.secret_key is not None or (settings.data_dir / FILE_NAME).exists()
    if has_one and Keys(load_secret(settings)).fingerprint != Keys(secret).fingerprint:
        raise ConfigurationError(
            "The backup was made with another secret than this installation has. Unset "
            "MAILWRIGHT_SECRET_KEY and use a new data directory: the secret comes with the backup."
        )


def _no_backup(source: Path) -> InvalidInput:
    return InvalidInput(f"{source} is no backup of Mailwright, or it is damaged.")
