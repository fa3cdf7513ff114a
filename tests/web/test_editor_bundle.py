"""The bundle of the editor was made from the sources beside it; this needs no Node."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

import mailwright.web

WEB = Path(mailwright.web.__file__).parent
EDITOR = WEB / "editor"
MADE_FROM = ("build.mjs", "package-lock.json", "package.json", "tsconfig.json")


def sources_hash() -> str:
    """As `editor/build.mjs` writes it into the bundle."""
    inside = [
        path.relative_to(EDITOR).as_posix()
        for path in (EDITOR / "src").rglob("*")
        if path.is_file()
    ]
    made = hashlib.sha256()
    for name in sorted([*MADE_FROM, *inside]):
        made.update(f"{name}\n".encode() + (EDITOR / name).read_bytes())
    return made.hexdigest()


@pytest.mark.parametrize("name", ["editor.js", "editor.css"])
def test_the_bundle_is_made_of_the_present_sources(name: str) -> None:
    first_line = (WEB / "static" / name).read_text(encoding="utf-8").partition("\n")[0]
    found = re.search(r"sha256 ([0-9a-f]{64})", first_line)
    assert found is not None
    assert found[1] == sources_hash(), "The editor's bundle is stale: run `make editor`."


def test_the_bundle_evaluates_no_text_and_names_its_licences() -> None:
    bundle = (WEB / "static" / "editor.js").read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function\(", bundle)
    licences = (WEB / "static" / "editor.LICENSE.txt").read_text(encoding="utf-8")
    assert "prosemirror-model" in licences
    assert "@tiptap/core" in licences


def test_the_lock_file_names_no_host() -> None:
    locked = (EDITOR / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in locked
    assert '"integrity"' in locked
