"""`mailwright import` and `mailwright export` from a shell."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cli.program import Program

EXAMPLE = Path(__file__).parents[2] / "examples" / "contacts.csv"


def test_a_file_is_imported_and_its_errors_kept_beside(mailwright: Program) -> None:
    arguments = ("import", str(EXAMPLE), "--tenant", "default", "--list", "News", "--json")
    ran = mailwright(*arguments, "--consent", "sign-up form")
    assert ran.status == 0, ran.err
    assert ran.json.keys() == {"created", "updated", "rejected", "error_file"}
    assert [ran.json[name] for name in ("created", "updated", "rejected")] == [998, 0, 2]
    with Path(ran.json["error_file"]).open(newline="") as file:
        reasons = [row["error"] for row in csv.DictReader(file)]
    assert len(reasons) == 2
    again = mailwright(*arguments)
    assert [again.json[name] for name in ("created", "updated", "rejected")] == [0, 998, 2]


def test_people_read_a_line_and_a_progress_bar(mailwright: Program, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("email\na@example.com\n")
    ran = mailwright("import", str(file))
    assert ran.out == "1 new, 0 known, 0 rejected.\n"
    assert "Importing" in ran.err
    assert mailwright("import", str(file), "--json").json["error_file"] is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file or directory."),
        ("", "The file is empty."),
        ("name\nAda\n", "No column of the file is called email."),
    ],
)
def test_a_file_that_cannot_be_imported_is_one_sentence(
    mailwright: Program, tmp_path: Path, content: str | None, sentence: str
) -> None:
    file = tmp_path / "people.csv"
    if content is not None:
        file.write_text(content)
    ran = mailwright("import", str(file), "--json")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.strip().splitlines()[-1].startswith("Error: ")
    assert ran.err.strip().endswith(sentence)
    assert mailwright("import", str(tmp_path), "--json").status == 1


def test_an_unknown_tenant_is_one_sentence(mailwright: Program) -> None:
    ran = mailwright("import", str(EXAMPLE), "--tenant", "nobody")
    assert ran.status == 1
    assert "nobody" in ran.err


@pytest.mark.checklist("SEC-18")
def test_what_is_exported_is_imported_again_unchanged(mailwright: Program, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text('email,first_name,phone,plan\na@example.com,"=Zoë, Jr.",+34 600,pro\n')
    mailwright("import", str(file))
    exported = tmp_path / "out.csv"
    ran = mailwright("export", "contacts", str(exported), "--json")
    assert ran.json == {"file": str(exported), "bytes": exported.stat().st_size}
    assert "'=Zoë, Jr." in exported.read_text()
    assert mailwright("tenant", "create", "Other").status == 0
    again = mailwright("import", str(exported), "--tenant", "other", "--json")
    assert (again.json["created"], again.json["rejected"]) == (1, 0)
    raw = mailwright("export", "contacts", "-", "--tenant", "other", "--raw").out
    (row,) = csv.DictReader(raw.splitlines())
    assert (row["first_name"], row["phone"], row["attributes.plan"]) == (
        "=Zoë, Jr.",
        "+34 600",
        "pro",
    )
    assert row["subscription_status"] == "subscribed"


def test_exports_of_nothing_that_exists_are_one_sentence(
    mailwright: Program, tmp_path: Path
) -> None:
    target = str(tmp_path / "out.csv")
    for arguments in (
        ("contacts", target, "--list", "News"),
        ("recipients", "0193e3b5-0000-7000-8000-000000000001", target),
        ("contacts", str(tmp_path / "no" / "folder.csv")),
    ):
        ran = mailwright("export", *arguments)
        assert (ran.status, ran.out) == (1, "")
        assert ran.err.count("Error: ") == 1
