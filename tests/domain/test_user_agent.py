"""What is read out of a User-Agent."""

from __future__ import annotations

import pytest

from mailwright.domain.user_agent import UserAgent, read_user_agent

_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {_WEBKIT} Mobile/15E148",
            UserAgent("iOS", "17.5", "Apple Mail", "605.1.15", "mobile", "Apple"),
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36 Edg/126.0.1",
            UserAgent("Windows", "10.0", "Edge", "126.0.1", "pc", ""),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14; SM-G991B) {_CHROME} Mobile Safari/537.36",
            UserAgent("Android", "14", "Chrome", "126.0.0.0", "mobile", "Samsung"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 13; Pixel Tablet) {_CHROME} Safari/537.36",
            UserAgent("Android", "13", "Chrome", "126.0.0.0", "tablet", "Google"),
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/17.4 Safari/605",
            UserAgent("Mac OS X", "10.15.7", "Safari", "17.4", "pc", "Apple"),
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.1",
            UserAgent("Linux", "", "Thunderbird", "128.1", "pc", ""),
        ),
        ("curl/8.5.0", UserAgent("", "", "curl", "8.5.0", "", "")),
        ("", UserAgent()),
    ],
)
def test_the_known_marks_are_read(text: str, expected: UserAgent) -> None:
    assert read_user_agent(text) == expected
