"""A body while it is written, as somebody would read it."""

from __future__ import annotations

import pytest

from mailwright.errors import InvalidInput
from mailwright.services.body_previews import render_body
from mailwright.services.caller import Caller


async def test_a_preview_is_for_a_made_up_reader(caller: Caller) -> None:
    page = await render_body(
        caller, {"content": "# Hi {{ contact.first_name }}\n\n<script>x</script>"}, "de"
    )
    assert "Hi Jürgen" in page
    assert "<script" not in page


async def test_a_broken_tag_is_told_where_it_is(caller: Caller) -> None:
    with pytest.raises(InvalidInput, match=r"Line 3, column 7"):
        await render_body(caller, {"content": "Hi\n\nto {{ contact.shoe }}"}, "en")


async def test_an_empty_body_is_an_empty_page(caller: Caller) -> None:
    assert "<body></body>" in await render_body(caller, {"content": "  \n"}, "en")
