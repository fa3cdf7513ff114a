"""Cakemail's own program, unchanged, against a real `mailwright serve`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.served import Served, serving, until
from tests.dialects.cakemail.cli import story
from tests.dialects.cakemail.cli.program import Account, CakemailProgram, Ran, installed
from tests.dialects.cakemail.cli.story import Line

OWNER = re.compile(r"First owner: (\S+), password (\S+) ")


@pytest.fixture(scope="module")
def server() -> Generator[Served]:
    with (
        tempfile.TemporaryDirectory(prefix="mw-") as folder,
        serving(Path(folder) / "data", "--workers", "1") as found,
    ):
        yield found
        found.stop()


@pytest.fixture(scope="module")
def account(server: Served) -> Account:
    owner = OWNER.search(server.log.read_text())
    assert owner is not None
    return Account(server.url, owner[1], owner[2])


@pytest.fixture
def program(account: Account, tmp_path: Path) -> CakemailProgram:
    return CakemailProgram(installed(), tmp_path, account)


def played(program: CakemailProgram, lines: tuple[Line, ...], ids: dict[str, str]) -> list[str]:
    """Runs the lines; what went otherwise than it should, in a sentence each."""
    wrong: list[str] = []
    for one in lines:
        try:
            words = re.sub(r"%(\w+)%", lambda found: ids[found[1]], one.line)
        except KeyError as missing:
            wrong.append(f"{one.line}: {missing} was never kept")
            continue
        ran = program.run(words)
        if ran.status != int(one.fails) or one.says not in ran.out + ran.err:
            wrong.append(f"{words}: {ran.status}\n{ran.out[-600:]}\n{ran.err[-600:]}")
        elif one.keep is not None:
            ids[one.keep] = printed_id(ran)
    return wrong


def printed_id(ran: Ran) -> str:
    found = ran.json
    return str(found["id"] if "id" in found else found["data"]["id"])


@pytest.mark.checklist("U11", "X01")
def test_the_program_signs_in_and_shows_the_account(program: CakemailProgram) -> None:
    assert not played(program, story.SET_UP[:3], {})
    refused = program.run("account show", CAKEMAIL_PASSWORD="wrong")
    assert refused.status == 1
    assert "Authentication failed" in refused.err


@pytest.mark.long
@pytest.mark.checklist("U11", "X01", "X02", "X03", "X04", "X05", "X06", "X07", "X08", "X09", "X10")
def test_every_command_works_as_its_user_expects(program: CakemailProgram) -> None:
    ids: dict[str, str] = {}
    wrong = played(program, story.SET_UP, ids)
    wrong += played(program, story.PEOPLE, ids)
    wrong += played(program, story.WRITING, ids)
    assert "campaign" in ids, "\n\n".join(wrong)
    send = f"campaigns schedule {ids['campaign']} -d {_now()}"
    assert program.run(send).status == 0
    until(lambda: '"delivered"' in program.run(f"campaigns get {ids['campaign']}").out, 60)
    wrong += played(program, story.READING, ids)
    wrong += played(program, story.LEAVING, ids)
    assert not wrong, "\n\n".join(wrong)


def _now() -> str:
    return datetime.now(UTC).isoformat()


@pytest.mark.long
def test_no_command_of_its_help_is_left_out(program: CakemailProgram) -> None:
    told = {line.line for part in PARTS for line in part}
    used = {" ".join(line.split()[:2]) for line in told}
    groups = {line.split()[0] for line in told}
    for group in sorted(groups):
        commands = re.findall(r"^  (\w[\w-]*) ", program.run(f"{group} --help").out, re.MULTILINE)
        for command in commands:
            name = f"{group} {command}"
            assert command == "help" or name in story.LOCAL or name in used | SENT, name


PARTS = (story.SET_UP, story.PEOPLE, story.WRITING, story.READING, story.LEAVING)
SENT = {"campaigns schedule"}
