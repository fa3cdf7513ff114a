"""What a mail that can be sent might still regret: looked at as its author wrote it, tags and all.

Nothing here stops a send. Figures that are not ours: Gmail cuts a mail off at about 102 KB of
HTML and shows "message clipped"; lists of mail programs show 40 to 70 characters of a subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from mailwright.mail.merge_tags import without_tags

SUBJECT_SHOWN_MAX = 70  # characters
HTML_BYTES_MAX = 100_000
SHOUT_LETTERS_MIN = 8
WORDS_BESIDE_IMAGES_MIN = 15

_NOWHERE = frozenset({"", "#", "http://", "https://", "mailto:"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at before sending. `code` is stable."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail as it was written; `html` without the footer that is added when it leaves."""

    subject: str
    preheader: str
    html: str


def findings(draft: Draft) -> list[Finding]:
    """Everything to look at, in the order of the mail."""
    page = LexborHTMLParser(draft.html)
    return [finding for check in _CHECKS for finding in check(draft, page)]


def _long_subject(draft: Draft, _: LexborHTMLParser) -> Iterator[Finding]:
    length = len(without_tags(draft.subject))
    if length > SUBJECT_SHOWN_MAX:
        told = f"The subject has {length} characters; most inboxes show {SUBJECT_SHOWN_MAX}."
        yield Finding("SUBJECT_LONG", told)


def _shouting_subject(draft: Draft, _: LexborHTMLParser) -> Iterator[Finding]:
    letters = [char for char in without_tags(draft.subject) if char.isalpha()]
    if len(letters) >= SHOUT_LETTERS_MIN and all(char.isupper() for char in letters):
        yield Finding("SUBJECT_SHOUTS", "The subject is all capitals; filters dislike that.")


def _no_preheader(draft: Draft, _: LexborHTMLParser) -> Iterator[Finding]:
    if not draft.preheader.strip():
        told = "Without a preheader, inboxes show the first words of the body beside the subject."
        yield Finding("PREHEADER_MISSING", told)


def _large(draft: Draft, _: LexborHTMLParser) -> Iterator[Finding]:
    size = len(draft.html.encode())
    if size > HTML_BYTES_MAX:
        told = f"The body has {size // 1000} kB; Gmail cuts off what is over 102 kB."
        yield Finding("BODY_LARGE", told)


def _images(_: Draft, page: LexborHTMLParser) -> Iterator[Finding]:
    images = page.css("img[src]")
    unsaid = sum(1 for image in images if not (image.attributes.get("alt") or "").strip())
    if unsaid:
        told = f"{_counted(unsaid, 'picture')} without a description: many readers see no pictures."
        yield Finding("IMAGES_UNDESCRIBED", told)
    words = page.body.text(separator=" ").split() if page.body else []
    if images and len(words) < WORDS_BESIDE_IMAGES_MIN:
        told = "There is hardly any text beside the pictures; filters take that for spam."
        yield Finding("IMAGES_ONLY", told)


def _links(_: Draft, page: LexborHTMLParser) -> Iterator[Finding]:
    targets = [(link.attributes.get("href") or "").strip() for link in page.css("a[href]")]
    empty = sum(1 for target in targets if target in _NOWHERE)
    if empty:
        yield Finding("LINKS_EMPTY", f"{_counted(empty, 'link')} leading nowhere.")
    plain = sum(1 for target in targets if target.startswith("http://") and target not in _NOWHERE)
    if plain:
        told = f"{_counted(plain, 'link')} without encryption (http): browsers warn of such pages."
        yield Finding("LINKS_UNENCRYPTED", told)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


_CHECKS: tuple[Callable[[Draft, LexborHTMLParser], Iterator[Finding]], ...] = (
    _long_subject,
    _shouting_subject,
    _no_preheader,
    _large,
    _images,
    _links,
)
