"""Backup and restore: a round trip through the real program."""

from __future__ import annotations

import asyncio
import os
import tarfile
from pathlib import Path

import pytest

from mailwright.domain.doors import Door
from mailwright.domain.keys import Keys
from mailwright.services import api_keys, installation, sessions
from mailwright.services.runtime import Runtime
from mailwright.services.secrets import load_keys
from mailwright.settings import Settings
from mailwright.store.database import Database, database_url
from tests.cli.program import Program

PASSWORD = "correct horse battery staple"


@pytest.fixture
def with_files(mailwright: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Program:
    """An installation whose secret is in its data folder, with an upload."""
    monkeypatch.delenv("MAILWRIGHT_SECRET_KEY")
    mailwright("migrate")
    uploads = tmp_path / "data" / "uploads" / "images"
    uploads.mkdir(parents=True)
    (uploads / "logo.png").write_bytes(b"a picture")
    return mailwright


def test_a_backup_is_restored_with_keys_passwords_and_uploads(
    with_files: Program,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    empty_database_url: str,
) -> None:
    mailwright = with_files
    key = mailwright("key", "create", "--name", "ci", "--scope", "*", "--json").json["key"]
    mailwright("tenant", "create", "Acme")
    archive = tmp_path / "night.backup"
    written = mailwright("backup", str(archive), "--json")
    assert written.json == {"file": str(archive), "bytes": archive.stat().st_size}
    assert archive.stat().st_mode & 0o777 == 0o600
    assert {found.name for found in tmp_path.iterdir()} == {"data", "night.backup"}

    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv("MAILWRIGHT_DATA_DIR", str(elsewhere))
    monkeypatch.setenv("MAILWRIGHT_DATABASE_URL", empty_database_url)
    restored = mailwright("restore", str(archive))
    assert restored.status == 0, restored.err
    assert "Sending is off" in restored.out
    assert (elsewhere / "uploads" / "images" / "logo.png").read_bytes() == b"a picture"
    assert (elsewhere / "secret-key").stat().st_mode & 0o777 == 0o600
    tenants = mailwright("tenant", "list", "--json")
    assert [row["slug"] for row in tenants.json] == ["default", "acme"]

    asyncio.run(keys_are_valid(elsewhere, empty_database_url, key))
    assert mailwright("doctor", "--json").json[4]["finding"] == "off since a restore"
    assert mailwright("resume-sending", "--json").json["was_off"]
    assert not mailwright("resume-sending", "--json").json["was_off"]


async def keys_are_valid(data_dir: Path, url: str, key: str) -> None:
    settings = Settings(_env_file=None, data_dir=data_dir)  # pyright: ignore[reportCallIssue]
    database = Database(database_url(url))
    try:
        runtime = Runtime(settings, database, load_keys(settings))
        assert (await api_keys.authenticate(runtime, key, Door.API)).granted == {"*"}
        await sessions.sign_in(runtime, "owner@localhost", PASSWORD, "192.0.2.1")
        assert not await installation.sending_enabled(runtime)
    finally:
        await database.close()


def test_an_installation_that_is_not_empty_is_left_alone(
    with_files: Program, tmp_path: Path
) -> None:
    archive = str(tmp_path / "a.backup")
    with_files("backup", archive)
    with_files("tenant", "create", "Later")
    refused = with_files("restore", archive)
    assert refused.status == 1
    assert "empty installation only" in refused.err
    assert len(with_files("tenant", "list", "--json").json) == 2


def test_a_backup_of_another_secret_is_refused_before_anything_is_written(
    with_files: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_database_url: str
) -> None:
    archive = str(tmp_path / "a.backup")
    with_files("backup", archive)
    monkeypatch.setenv("MAILWRIGHT_DATA_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("MAILWRIGHT_DATABASE_URL", empty_database_url)
    monkeypatch.setenv("MAILWRIGHT_SECRET_KEY", "x" * 40)
    assert "another secret" in with_files("restore", archive).err
    monkeypatch.delenv("MAILWRIGHT_SECRET_KEY")
    assert with_files("restore", archive).status == 0


def test_a_damaged_backup_leaves_the_database_empty(
    with_files: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_database_url: str
) -> None:
    whole = tmp_path / "whole.backup"
    with_files("backup", str(whole))
    monkeypatch.setenv("MAILWRIGHT_DATA_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("MAILWRIGHT_DATABASE_URL", empty_database_url)
    content = whole.read_bytes()
    with tarfile.open(whole) as tar:
        dump = tar.getmember("database.dump")
    cut = tmp_path / "cut.backup"
    middle = dump.offset_data + dump.size // 2
    noise = os.urandom(4096)
    cut.write_bytes(content[:middle] + noise + content[middle + len(noise) :])
    refused = with_files("restore", str(cut))
    assert refused.status != 0
    assert len(refused.err.splitlines()) == 1
    assert with_files("restore", str(whole)).status == 0, "the database was not empty"


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\0" * 10240])
def test_a_file_that_is_no_backup_is_refused(
    mailwright: Program, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "x.backup"
    file.write_bytes(content)
    ran = mailwright("restore", str(file))
    assert ran.status == 1
    assert "is no backup" in ran.err


def test_an_existing_file_is_not_written_over_unless_told(
    mailwright: Program, tmp_path: Path
) -> None:
    file = tmp_path / "x.backup"
    file.write_bytes(b"precious")
    refused = mailwright("backup", str(file))
    assert refused.status == 1
    assert file.read_bytes() == b"precious"
    assert mailwright("backup", str(file), "--force").status == 0
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.checklist("SEC-08", "SEC-27")
def test_the_archive_holds_the_secret_and_the_database_only_hashes(
    with_files: Program, tmp_path: Path
) -> None:
    key = with_files("key", "create", "--name", "ci", "--scope", "*").out.strip()
    with_files("backup", str(tmp_path / "a.backup"))
    with tarfile.open(tmp_path / "a.backup") as tar:
        names = tar.getnames()
        secret = tar.extractfile("secret-key")
        assert secret is not None
        Keys(secret.read().decode())
    assert names[:3] == ["manifest.json", "secret-key", "database.dump"]
    assert key.encode() not in (tmp_path / "a.backup").read_bytes()
