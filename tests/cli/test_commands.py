"""Tenants, members, keys, migrations and the doctor from a shell."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest

from mailwright.settings import Settings
from tests.cli.program import Program
from tests.conftest import SECRET


def test_the_first_command_makes_the_first_tenant_and_says_so(mailwright: Program) -> None:
    first = mailwright("tenant", "list", "--json")
    [tenant] = first.json
    assert set(tenant) == {"id", "slug", "name"}
    assert tenant["slug"] == "default"
    assert "owner@localhost" in first.err
    assert "owner@localhost" not in mailwright("tenant", "list", "--json").err


def test_tenants_are_made_and_listed(mailwright: Program) -> None:
    made = mailwright("tenant", "create", "Acme Ltd.", "--json").json
    assert (made["slug"], made["name"]) == ("acme-ltd", "Acme Ltd.")
    assert mailwright("tenant", "list", "--json").json[-1] == made
    assert "acme-ltd" in mailwright("tenant", "list").out
    again = mailwright("tenant", "create", "ACME ltd")
    assert (again.status, again.out) == (1, "")
    assert again.err == "Error: There is a tenant acme-ltd already.\n"


def test_one_time_codes_of_a_lost_phone_are_reset(mailwright: Program) -> None:
    reset = mailwright("user", "mfa-reset", "owner@localhost", "--json").json
    assert reset == {"email": "owner@localhost", "memberships": 1}
    unknown = mailwright("user", "mfa-reset", "nobody@example.com")
    assert (unknown.status, unknown.err) == (1, "Error: There is no member nobody@example.com.\n")


def test_a_key_is_printed_once_and_can_be_revoked(mailwright: Program) -> None:
    made = mailwright(
        *("key", "create", "--tenant", "default", "--name", "ci"),
        *("--scope", "campaigns:read", "--scope", "lists:read", "--json"),
    ).json
    assert re.fullmatch(r"mw_live_\w{43}", made["key"])
    assert made["scopes"] == ["campaigns:read", "lists:read"]
    listed = mailwright("key", "list", "--json")
    assert made["key"] not in listed.out
    assert [row["id"] for row in listed.json] == [made["id"]]
    revoked = mailwright("key", "revoke", made["id"], "--json").json
    assert revoked["state"] == "revoked"
    assert "revoked" in mailwright("key", "list").out
    test_key = mailwright("key", "create", "--name", "t", "--scope", "*", "--test").out.strip()
    assert test_key.startswith("mw_test_")


def test_a_member_is_made_with_the_password_from_standard_input(mailwright: Program) -> None:
    made = mailwright(
        *("user", "create", "ada@example.com", "--tenant", "default", "--role", "editor"),
        *("--password-stdin", "--no-api-access", "--json"),
        stdin="a fine password\n",
    ).json
    assert (made["email"], made["role"], made["api_access"]) == ("ada@example.com", "editor", False)
    assert "password" not in made
    changed = mailwright(
        "user", "password", "ada@example.com", "--password-stdin", "--json", stdin="another one!\n"
    )
    assert changed.json == {"email": "ada@example.com", "memberships": 1}


def test_a_member_is_invited_and_an_invitation_that_did_not_leave_is_told(
    mailwright: Program,
) -> None:
    invited = mailwright("user", "invite", "ada@example.com", "--role", "admin", "--language", "de")
    assert invited.status == 0
    assert "the mail did not leave" in invited.out, "no server runs that would take it"
    ada, _ = mailwright("user", "list", "--json").json
    assert (ada["email"], ada["role"], ada["invited"]) == ("ada@example.com", "admin", True)
    assert "invited" in mailwright("user", "list").out
    again = mailwright("user", "invite", "ADA@example.com", "--role", "admin")
    assert (again.status, "inbox is not running" in again.err) == (1, True)
    assert mailwright("user", "remove", "ada@example.com").status == 0
    unknown = mailwright("user", "invite", "bo@example.com", "--role", "king")
    assert (unknown.status, "owner, admin" in unknown.err) == (1, True)


def test_a_password_is_made_up_where_nobody_can_be_asked(mailwright: Program) -> None:
    made = mailwright("user", "create", "ada@example.com", "--role", "viewer", "--json").json
    assert len(made["password"]) >= 16
    refused = mailwright("user", "password", "ada@example.com")
    assert refused.status == 1
    assert "--password-stdin" in refused.err


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("key", "create", "--tenant", "nobody", "--name", "x", "--scope", "*"), 1, "tenant list"),
        (("key", "create", "--name", "x", "--scope", "all:of:it"), 1, "all:of:it"),
        (("key", "revoke", "not-an-id"), 1, "no such API key"),
        (("user", "create", "nonsense", "--role", "owner"), 1, "not a valid address"),
        (("user", "create", "a@example.com", "--role", "king"), 1, "owner, admin"),
        (("user", "password", "x@example.com", "--password-stdin"), 1, "8 to 1024"),
        (("backup", "no/such/folder/file"), 1, "cannot be written"),
        (("restore", "no-such-file"), 1, "cannot be read"),
        (("serve", "--port", "70000"), 2, "65535"),
        (("no-such-command",), 2, "no-such-command"),
    ],
)
def test_every_failure_is_a_sentence_and_a_status(
    mailwright: Program, arguments: tuple[str, ...], status: int, sentence: str
) -> None:
    mailwright("migrate")
    ran = mailwright(*arguments)
    assert (ran.status, ran.out) == (status, "")
    assert sentence in ran.err
    assert "Traceback" not in ran.err
    if status == 1:
        assert len(ran.err.splitlines()) == 1


def test_a_database_that_does_not_answer_is_a_sentence(
    mailwright: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    url = f"postgresql://mailwright:hidden@127.0.0.1:{port}/x"
    monkeypatch.setenv("MAILWRIGHT_DATABASE_URL", url)
    ran = mailwright("tenant", "list")
    assert (ran.status, ran.out) == (3, "")
    assert "does not answer" in ran.err
    assert "hidden" not in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_wrong_secret_is_a_sentence_with_what_to_do(
    mailwright: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailwright("migrate")
    monkeypatch.setenv("MAILWRIGHT_SECRET_KEY", "x" * 40)
    ran = mailwright("tenant", "list")
    assert ran.status == 3
    assert "MAILWRIGHT_SECRET_KEY" in ran.err


def test_wrong_settings_are_named_all_at_once(
    mailwright: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILWRIGHT_PORT", "many")
    monkeypatch.setenv("MAILWRIGHT_LOG_FORMAT", "poem")
    ran = mailwright("tenant", "list")
    assert ran.status == 3
    assert "MAILWRIGHT_PORT" in ran.err
    assert "MAILWRIGHT_LOG_FORMAT" in ran.err


def test_what_nobody_expected_is_a_sentence_and_the_details_are_kept(
    mailwright: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("the impossible")

    monkeypatch.setattr("mailwright.services.tenants.list_tenants", broken)
    ran = mailwright("tenant", "list")
    assert ran.status == 70
    assert "the impossible" in ran.err
    assert "Traceback" not in ran.err
    kept = tmp_path / "data" / "errors.log"
    assert "Traceback" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


def test_migrating_says_what_was_done(mailwright: Program) -> None:
    assert mailwright("migrate", "--json").json == {"applied": []}
    assert mailwright("migrate").out == "The database is up to date.\n"


def test_migrating_an_empty_database(
    mailwright: Program, monkeypatch: pytest.MonkeyPatch, empty_database_url: str
) -> None:
    monkeypatch.setenv("MAILWRIGHT_DATABASE_URL", empty_database_url)
    ran = mailwright("migrate", "--json")
    assert ran.json == {"applied": ["0001_initial"]}


def test_members_are_listed_given_roles_and_removed(mailwright: Program) -> None:
    mailwright("migrate")
    mailwright("tenant", "create", "Acme")
    for email, role in (("ada@example.com", "owner"), ("bo@example.com", "viewer")):
        mailwright("user", "create", email, "--tenant", "acme", "--role", role)
    listed = mailwright("user", "list", "--tenant", "acme", "--json").json
    assert [(row["email"], row["role"]) for row in listed] == [
        ("ada@example.com", "owner"),
        ("bo@example.com", "viewer"),
    ]
    changed = mailwright("user", "role", "BO@example.com", "editor", "--tenant", "acme", "--json")
    assert changed.json["role"] == "editor"
    last = mailwright("user", "remove", "ada@example.com", "--tenant", "acme")
    assert last.status == 1
    assert "last owner" in last.err
    assert mailwright("user", "remove", "bo@example.com", "--tenant", "acme").status == 0
    gone = mailwright("user", "role", "bo@example.com", "owner", "--tenant", "acme")
    assert (gone.status, "no member" in gone.err) == (1, True)
    checks = mailwright("doctor", "--json").json
    assert {check["name"]: check["status"] for check in checks}["audit log"] == "ok"


def test_the_doctor_sees_a_healthy_installation(mailwright: Program) -> None:
    mailwright("migrate")
    ran = mailwright("doctor", "--json")
    status = {check["name"]: check["status"] for check in ran.json}
    assert {"database", "clock", "schema", "secret", "sending", "transport", "disk"} < set(status)
    assert "failed" not in status.values()
    assert ran.status == 0
    assert "NO MAIL LEAVES THIS MACHINE" in mailwright("doctor").out


def test_the_doctor_says_what_is_wrong_and_how_to_mend_it(
    mailwright: Program, monkeypatch: pytest.MonkeyPatch, empty_database_url: str
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    monkeypatch.setenv("MAILWRIGHT_SMTP_URL", f"smtp://u:canary@127.0.0.1:{port}")
    monkeypatch.setenv("MAILWRIGHT_DATABASE_URL", empty_database_url)
    ran = mailwright("doctor", "--json")
    failed = {check["name"]: check["mend"] for check in ran.json if check["status"] == "failed"}
    assert ran.status == 1
    assert set(failed) == {"schema", "transport"}
    assert "mailwright migrate" in failed["schema"]
    assert "MAILWRIGHT_SMTP_URL" in failed["transport"]
    assert "canary" not in ran.out + ran.err
    own = next(check for check in ran.json if check["name"] == "own mail")
    assert own["status"] == "warning"
    assert "MAILWRIGHT_SYSTEM_EMAIL" in own["mend"]
    monkeypatch.setenv("MAILWRIGHT_DATABASE_URL", f"postgresql://u:canary@127.0.0.1:{port}/x")
    ran = mailwright("doctor", "--json")
    assert ran.json[0]["name"] == "database"
    assert ran.json[0]["status"] == "failed"
    assert "canary" not in ran.out + ran.err


def test_the_doctor_prints_every_setting_with_its_help(mailwright: Program) -> None:
    rows = mailwright("doctor", "--settings", "--json").json
    assert [row["name"] for row in rows] == [
        f"MAILWRIGHT_{name.upper()}" for name in Settings.model_fields
    ]
    assert all(row["help"] for row in rows)
    assert "MAILWRIGHT_PORT  (default: 8025)" in mailwright("doctor", "--settings").out


@pytest.mark.checklist("SEC-27")
def test_no_command_prints_the_secret(mailwright: Program) -> None:
    mailwright("migrate")
    for arguments in (("doctor",), ("doctor", "--settings"), ("tenant", "list"), ("key", "list")):
        ran = mailwright(*arguments)
        assert SECRET not in ran.out + ran.err
        assert "correct horse" not in ran.out + ran.err


@pytest.mark.checklist("SEC-27")
def test_what_commands_write_is_for_its_owner_only(mailwright: Program, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        mailwright("tenant", "list")
        (tmp_path / "log").touch()
    finally:
        os.umask(before)
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0


def test_help_and_version_need_no_installation(mailwright: Program) -> None:
    assert "resume-sending" in mailwright("--help").out
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", mailwright("--version").out)
