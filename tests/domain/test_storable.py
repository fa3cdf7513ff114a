"""Text that the database would refuse is refused at the door, wherever it hides."""

import pytest

from mailwright.domain.storable import is_storable, storable


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "low \udfff"])
def test_unstorable_text_is_found_however_deep(text: str) -> None:
    for value in (text, [text], {"a": [{"b": text}]}, {text: 1}):
        assert not is_storable(value)
        with pytest.raises(ValueError, match="cannot be stored"):
            storable(value)


@pytest.mark.parametrize("value", ["é😀\n", [1, None, 2.5, True], {"a": {"b": ["c"]}}])
def test_everything_else_passes_as_it_is(value: object) -> None:
    assert storable(value) is value
