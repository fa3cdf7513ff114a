"""The page of what is proved tells the truth."""

from tests.coverage_page import PAGE, marked, page, sentences


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "Run `make coverage`."


def test_every_marked_id_is_on_the_checklist() -> None:
    assert not set(marked()) - set(sentences())
