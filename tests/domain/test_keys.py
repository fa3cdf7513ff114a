"""One secret, many keys."""

import pytest

from mailwright.domain.keys import Keys, Purpose
from mailwright.errors import ConfigurationError

KEYS = Keys("x" * 32)


@pytest.mark.checklist("SEC-08")
def test_each_purpose_has_its_own_key() -> None:
    assert len({KEYS.key(purpose) for purpose in Purpose}) == len(Purpose)


@pytest.mark.checklist("SEC-27")
def test_what_is_sealed_opens_only_with_the_same_secret() -> None:
    sealed = KEYS.seal("smtp://user:password@host")
    assert b"password" not in sealed
    assert KEYS.unseal(sealed) == "smtp://user:password@host"
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        Keys("y" * 32).unseal(sealed)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="32"):
        Keys("short")
