"""SUPPORT.md says what there is, and every operation of the document is answered or refused."""

from __future__ import annotations

from tests.dialects.cakemail import sheet


def test_the_sheet_is_current() -> None:
    assert sheet.SHEET.read_text(encoding="utf-8") == sheet.page(), "run `make sheet`"
