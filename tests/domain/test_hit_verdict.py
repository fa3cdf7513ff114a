"""Known marks of machines that fetch pixels and follow links."""

import pytest

from mailwright.domain.hit_verdict import HitVerdict, judge

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "verdict"),
    [
        (CHROME, HitVerdict.HUMAN),
        ("Mozilla/5.0", HitVerdict.PREFETCH),
        ("Mozilla/5.0 (Windows NT 5.1) (via ggpht.com GoogleImageProxy)", HitVerdict.PROXY),
        (f"{CHROME} Edge/12.246 Mozilla/5.0", HitVerdict.PREFETCH),
        ("Mozilla/5.0 (compatible; Barracuda Sentinel)", HitVerdict.SCANNER),
        ("curl/8.0", HitVerdict.SCANNER),
        ("", HitVerdict.UNKNOWN),
        ("Something else", HitVerdict.UNKNOWN),
    ],
)
def test_marks_decide(agent: str, verdict: HitVerdict) -> None:
    assert judge(agent) is verdict


def test_a_stated_purpose_goes_before_the_agent() -> None:
    assert judge(CHROME, "prefetch;prerender") is HitVerdict.PREFETCH
