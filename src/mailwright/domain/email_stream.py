"""Why a single mail is sent, which decides what a recipient's no means for it."""

from __future__ import annotations

from enum import StrEnum


class Stream(StrEnum):
    """The words are stored."""

    TRANSACTIONAL = "transactional"  # the recipient's own doing: receipts, codes, notices
    MARKETING = "marketing"  # needs consent, carries a way out
