"""Settings say what they mean, and say which one is wrong."""

import pytest

from mailwright.errors import ConfigurationError
from mailwright.settings import Settings, load_settings


@pytest.mark.parametrize(
    ("host", "root"),
    [
        ("127.0.0.1", "http://127.0.0.1:8025"),
        ("0.0.0.0", "http://127.0.0.1:8025"),
        ("::", "http://[::1]:8025"),
        ("mail.example.com", "http://mail.example.com:8025"),
    ],
)
def test_links_lead_to_where_the_server_is_reached(
    host: str, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILWRIGHT_HOST", host)
    assert load_settings().base_url == root


def test_a_public_url_loses_its_final_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILWRIGHT_PUBLIC_URL", "https://mail.example.com/")
    assert load_settings().base_url == "https://mail.example.com"


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILWRIGHT_PORT", "high")
    with pytest.raises(ConfigurationError, match="MAILWRIGHT_PORT"):
        load_settings()


def test_every_setting_is_described() -> None:
    assert not [name for name, field in Settings.model_fields.items() if not field.description]
