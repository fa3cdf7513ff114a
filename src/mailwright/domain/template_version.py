"""Versions of a template: drafts are written, published ones are sent and never change."""

from __future__ import annotations

from enum import StrEnum

from mailwright.errors import Conflict


class VersionState(StrEnum):
    """The words are stored."""

    DRAFT = "draft"
    PUBLISHED = "published"


def require_draft(state: str) -> None:
    """Raises Conflict TEMPLATE_VERSION_PUBLISHED for a version that must not change any more."""
    if state != VersionState.DRAFT:
        raise Conflict(
            "A published version does not change; unpublish it, or make a new one.",
            code="TEMPLATE_VERSION_PUBLISHED",
        )
