"""Header lines as bytes: folded, encoded, and closed to injected newlines.

Our own encoder, because the standard library's output policy (Python 3.11) turns an encoded
`=0D=0A` into a real header. Three kinds of header, three functions: free text (`fold`), one
mailbox (`fold_address`), and ASCII tokens that are already in their form (`fold_structured`).
Nothing here trusts its caller. Whatever holds a line end, NUL or another control character, as it
stands or inside an RFC 2047 word, raises InvalidInput under the header's name; a tab in free text
or in a display name becomes a space, since it comes with every name pasted from a spreadsheet.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import format_datetime

import email_validator
from email_validator import EmailNotValidError

from mailwright.errors import InvalidInput

LINE_CHARACTERS = 78  # RFC 5322 section 2.1.1: should
LINE_CHARACTERS_MAX = 998  # and must
# RFC 2047 section 2: 75 for an encoded word, 76 for a line that holds one.
_WORD_CHARACTERS_MAX = 75
_WORD_LINE_CHARACTERS = 76
_WORD_IN_PHRASE_CHARACTERS = 56  # leaves room for the longest name of an address header

_NAME = re.compile(r"[!-9;-~]{1,60}")  # RFC 5322 section 3.6.8: printable, no colon
# Controls of ASCII and of Latin-1, Unicode's own line ends, and halves of surrogate pairs.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TOKEN = re.compile(r" *[^ ]+")
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_QUOTED_PAIR = re.compile(r'(["\\])')
_PLAIN_ADDRESS = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*",
    re.ASCII,
)
_ADDRESS_CHARACTERS_MAX = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets

# RFC 2047 section 5 (3): what may stand bare in a Q word even inside a phrase.
_Q_BARE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
_Q = [chr(byte) if byte in _Q_BARE else f"={byte:02X}" for byte in range(256)]
_Q[0x20] = "_"
_Q_ONE_CHARACTER = _Q_BARE + b" "
_WORD_FRAME_CHARACTERS = len("=?utf-8?q??=")
_WORD_CHARACTERS_MIN = _WORD_FRAME_CHARACTERS + 12  # one character of four bytes, in Q

_LIST_LABEL = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LIST_ID_CHARACTERS_MAX = 255  # RFC 2919 section 2
_FEEDBACK_FIELD = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FEEDBACK_SENDER = re.compile(r"[A-Za-z0-9._-]{5,15}")


def fold(name: str, value: str) -> bytes:
    """The lines of a header of free text, such as Subject, each ending with CRLF.

    Folded at spaces within 78 characters where there are any; RFC 2047 words in UTF-8, Q or B as
    is shorter, when the value is not plain ASCII, or is plain but would read as an encoded word or
    as an endless line. Spaces around the value are dropped.
    """
    _check_name(name)
    value = _free_text(name, value)
    line = f"{name}: {value}\r\n"
    if value.isascii() and "=?" not in value:
        if len(line) <= LINE_CHARACTERS + 2 and value:
            return line.encode("ascii")
        folded = _pack(name, value, LINE_CHARACTERS)
        if folded is not None:
            return folded
    room = _WORD_LINE_CHARACTERS - len(name) - 2
    words = _encoded_words(value, room, _WORD_CHARACTERS_MAX)
    return (f"{name}: " + "\r\n ".join(words) + "\r\n").encode("ascii")


def fold_address(name: str, display_name: str | None, email: str) -> bytes:
    """The lines of a header of one mailbox, such as From, To or Reply-To."""
    _check_name(name)
    return _pack_or_refuse(name, _address(name, display_name, email))


def fold_structured(name: str, value: str) -> bytes:
    """The lines of a header of ASCII tokens, such as Message-ID or List-Unsubscribe.

    The tokens stay as they are: lines break at spaces, and between the members of a list of
    `<…>,<…>`, which gets the space it lacks. One token that is too long for a line is refused.
    """
    _check_name(name)
    if not (value.isascii() and value.isprintable()):
        raise InvalidInput.field(name, f"{name} takes printable ASCII on one line, nothing else.")
    if "=?" in value:
        _check_encoded_words(name, value)
    return _pack_or_refuse(name, value.strip(" ").replace(">,<", ">, <"))


def address(display_name: str | None, email: str) -> str:
    """A mailbox as ASCII: `Ada <ada@example.com>`, the name quoted or encoded where it must be.

    An internationalised domain comes out in its A-label form (RFC 5890). A local part that is not
    ASCII is refused, as not every server on the way takes it. Raises InvalidInput for `address`.
    """
    return _address("address", display_name, email)


def list_id(list_name: str, list_token: str, domain: str) -> str:
    """The value of List-Id (RFC 2919): stable as long as token and domain are; the name may change.

    `list_token` is opaque and not the name. For `fold_structured`.
    """
    if not _LIST_LABEL.fullmatch(list_token):
        raise InvalidInput.field("List-Id", "A list token is letters, digits, - and _.")
    identifier = f"{list_token}.{_ascii_domain('List-Id', domain)}"
    if len(identifier) > _LIST_ID_CHARACTERS_MAX:
        raise InvalidInput.field("List-Id", "A List-Id has at most 255 characters.")
    phrase = _phrase(_free_text("List-Id", list_name))
    return f"{phrase} <{identifier}>" if phrase else f"<{identifier}>"


def feedback_id(campaign: str, tenant: str, kind: str, sender_id: str) -> str:
    """The value of Feedback-ID: `campaign:tenant:kind:sender`, for Gmail's complaint figures.

    `sender_id` is the same in every mail of an installation, 5 to 15 characters. Nothing in it may
    depend on the recipient: Gmail reports only values that many mails share.
    https://support.google.com/a/answer/6254652
    """
    for field in (campaign, tenant, kind):
        if not _FEEDBACK_FIELD.fullmatch(field):
            message = "A field of Feedback-ID is 1 to 64 letters, digits, dots, - and _."
            raise InvalidInput.field("Feedback-ID", message)
    if not _FEEDBACK_SENDER.fullmatch(sender_id):
        message = "The sender id of Feedback-ID is 5 to 15 letters, digits, dots, - and _."
        raise InvalidInput.field("Feedback-ID", message)
    return f"{campaign}:{tenant}:{kind}:{sender_id}"


def date_header(moment: datetime) -> str:
    """The value of Date (RFC 5322 section 3.3), in UTC with its numeric zone, `+0000`."""
    if moment.tzinfo is None:
        raise InvalidInput.field("Date", "A moment without a time zone is not a date for a mail.")
    return format_datetime(moment.astimezone(UTC))


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        message = "The name of a header is 1 to 60 printable ASCII characters without a colon."
        raise InvalidInput.field(_FORBIDDEN.sub("?", name)[:60] or "header", message)


def _free_text(name: str, value: str) -> str:
    if value.isprintable():  # no control, no line end, no half of a pair: the common case
        return value.strip(" ")
    value = value.replace("\t", " ")
    if _FORBIDDEN.search(value):
        raise InvalidInput.field(name, f"{name} has a line end or another control character.")
    return value.strip(" ")


def _check_encoded_words(name: str, value: str) -> None:
    """Refuse an RFC 2047 word that is broken or hides what could not stand there in the open."""
    try:
        decoded = str(make_header(decode_header(value)))
    except (HeaderParseError, UnicodeError, LookupError):
        raise InvalidInput.field(name, f"{name} has a broken encoded word.") from None
    if _FORBIDDEN.search(decoded):
        raise InvalidInput.field(name, f"{name} hides a control character in an encoded word.")


def _address(name: str, display_name: str | None, email: str) -> str:
    mailbox = _ascii_address(name, email)
    phrase = _phrase(_free_text(name, display_name or ""))
    return f"{phrase} <{mailbox}>" if phrase else mailbox


def _ascii_address(name: str, email: str) -> str:
    if len(email) <= _ADDRESS_CHARACTERS_MAX and _PLAIN_ADDRESS.fullmatch(email):
        return email
    message = f"{name} takes an address with an ASCII name before the @ and a valid domain."
    if _FORBIDDEN.search(email):
        raise InvalidInput.field(name, message)
    try:
        found = email_validator.validate_email(
            email, check_deliverability=False, globally_deliverable=False, allow_smtputf8=False
        )
    except (EmailNotValidError, UnicodeError):
        raise InvalidInput.field(name, message) from None
    if found.ascii_email is None or not _PLAIN_ADDRESS.fullmatch(found.ascii_email):
        raise InvalidInput.field(name, message)
    return found.ascii_email


def _ascii_domain(name: str, domain: str) -> str:
    return _ascii_address(name, f"a@{domain}").removeprefix("a@")


def _phrase(text: str) -> str:
    """A display name (RFC 5322 section 3.2.5): atoms, else a quoted string, else encoded words."""
    if not text.isascii() or "=?" in text or _longest_token(text) > LINE_CHARACTERS // 2:
        words = _encoded_words(text, _WORD_IN_PHRASE_CHARACTERS, _WORD_IN_PHRASE_CHARACTERS)
        return " ".join(words)
    if not text or _ATOMS.fullmatch(text):
        return text
    return '"' + _QUOTED_PAIR.sub(r"\\\1", text) + '"'


def _longest_token(text: str) -> int:
    return max(map(len, text.split(" ")))


def _pack_or_refuse(name: str, value: str) -> bytes:
    folded = _pack(name, value, _WORD_LINE_CHARACTERS if "=?" in value else LINE_CHARACTERS)
    if folded is None:
        raise InvalidInput.field(name, f"{name} has a part longer than a line of mail may be.")
    return folded


def _pack(name: str, value: str, limit: int) -> bytes | None:
    """The header broken before spaces; None when one token is too long for any line.

    The first token stays beside the name: a first line of only the name trips old servers.
    """
    if len(name) + 2 + len(value) <= limit and value:
        return f"{name}: {value}\r\n".encode("ascii")
    lines: list[str] = []
    line = f"{name}:"
    for token in _TOKEN.findall(f" {value}"):
        if len(line) + len(token) > limit and len(line) > len(name) + 1:
            lines.append(line)
            line = ""
        line += token
        if len(line) > LINE_CHARACTERS_MAX:
            return None
    lines.append(line)
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def _encoded_words(text: str, first_room: int, room: int) -> list[str]:
    """The text as RFC 2047 words of at most `room` characters, the first of `first_room`.

    No character is split between two words (section 5), and Q or B is taken for the whole.
    """
    raw = text.encode()
    first_room = max(first_room, _WORD_CHARACTERS_MIN) - _WORD_FRAME_CHARACTERS
    room = min(room, _WORD_CHARACTERS_MAX) - _WORD_FRAME_CHARACTERS
    first_room = min(first_room, room)
    encoded_bytes = len(raw.translate(None, _Q_ONE_CHARACTER))
    if len(raw) + 2 * encoded_bytes <= (len(raw) + 2) // 3 * 4:
        return [f"=?utf-8?q?{part}?=" for part in _q_parts(raw, first_room, room)]
    return [f"=?utf-8?b?{part}?=" for part in _b_parts(raw, first_room, room)]


def _q_parts(raw: bytes, first_room: int, room: int) -> list[str]:
    text = "".join([_Q[byte] for byte in raw])
    parts: list[str] = []
    start, width = 0, first_room
    while len(text) - start > width:
        end = start + width
        if text[end - 1] == "=":
            end -= 1
        elif text[end - 2] == "=":
            end -= 2
        while text[end] == "=" and text[end + 1] in "89AB":  # the middle of a UTF-8 character
            end -= 3
        parts.append(text[start:end])
        start, width = end, room
    parts.append(text[start:])
    return parts


def _b_parts(raw: bytes, first_room: int, room: int) -> list[str]:
    parts: list[str] = []
    start, width = 0, first_room // 4 * 3
    while len(raw) - start > width:
        end = start + width
        while raw[end] & 0xC0 == 0x80:  # the middle of a UTF-8 character
            end -= 1
        parts.append(b2a_base64(raw[start:end], newline=False).decode("ascii"))
        start, width = end, room // 4 * 3
    parts.append(b2a_base64(raw[start:], newline=False).decode("ascii"))
    return parts
