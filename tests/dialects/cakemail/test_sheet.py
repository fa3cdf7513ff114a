"""SUPPORT.md says what there is, and every operation of the document is answered or refused."""

from __future__ import annotations

from tests.dialects.cakemail import sheet


def test_the_sheet_is_current() -> None:
    assert sheet.SHEET.read_text(encoding="utf-8") == sheet.page(), "run `make sheet`"


def test_every_operation_is_answered_or_refused_with_a_reason() -> None:
    found = sheet.operations()
    assert len(found) == 217
    assert [one.name for one in found if not one.answered and one.refused is None] == []
    assert sum(one.answered for one in found) >= 150
