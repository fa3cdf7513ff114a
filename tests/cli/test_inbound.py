"""`mailwright inbound` from a shell, and out of a mail server's pipe."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mailwright.domain.keys import Keys
from mailwright.domain.tokens import Tokens
from mailwright.store.database import Database, database_url
from tests.builders import make_message, make_tenant
from tests.cli.program import Program
from tests.returned_mails import dsn


async def _sent_to_ada(url: str, keys: Keys) -> str:
    """The envelope sender of a mail to ada@example.org that was accepted."""
    database = Database(database_url(url))
    tenant = await make_tenant(database, "acme")
    row = await make_message(database, tenant.id, email="ada@example.org", state="sent")
    await database.close()
    return f"{Tokens(keys).return_path(tenant.id, row)}@acme.test"


@pytest.mark.checklist("E27")
def test_a_returned_mail_is_recorded_from_a_file_and_from_a_pipe(
    mailwright: Program, fresh_database_url: str, keys: Keys, tmp_path: Path
) -> None:
    path = asyncio.run(_sent_to_ada(fresh_database_url, keys))
    raw = dsn("postmaster@acme.test", "ada@example.org")
    file = tmp_path / "returned.eml"
    file.write_bytes(raw)
    ran = mailwright("inbound", str(file))
    assert (ran.status, ran.out) == (0, "Bounce, no message.\n")
    ran = mailwright("inbound", "-", "--recipient", path, stdin=raw.decode())
    assert (ran.status, ran.out) == (0, "Bounce, recorded: ada@example.org is bounced.\n")
    ran = mailwright("inbound", str(file), "--recipient", path, "--json")
    assert (ran.json["outcome"], ran.json["message"]["state"]) == ("already_recorded", "bounced")


def test_a_file_that_is_not_there_is_one_sentence(mailwright: Program, tmp_path: Path) -> None:
    ran = mailwright("inbound", str(tmp_path / "none.eml"))
    assert ran.status == 1
    assert ran.err.strip().endswith("cannot be read: No such file or directory.")


def test_a_pipe_is_told_to_try_again_while_the_database_is_away(
    mailwright: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILWRIGHT_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    ran = mailwright("inbound", "-", stdin="Subject: x\n\nx\n")
    assert (ran.status, ran.out) == (75, "")
    assert ran.err.startswith("Error: ")
