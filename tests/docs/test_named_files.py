"""The pages name files that exist: a map that is wrong is worse than none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *(page for page in ROOT.glob("docs/**/*.md") if page.name != "coverage.md"),
]
_NAMED = re.compile(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|md|csv))`")
_LINKED = re.compile(r"\]\((?!https?:)([\w./-]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    places = (ROOT, ROOT / "src" / "mailwright", ROOT / "docs")
    lost = [
        named for named in _NAMED.findall(text) if not any((at / named).exists() for at in places)
    ]
    lost += [link for link in _LINKED.findall(text) if not (page.parent / link).exists()]
    assert lost == []
