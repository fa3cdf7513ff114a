"""Character encodings a mail may be asked to carry, by their MIME names."""

from __future__ import annotations

import codecs

from mailwright.errors import InvalidInput
from mailwright.mail.mime import UTF_8

#: By Python's name for the codec. All of them hold ASCII as it is, which quoted-printable needs.
_MIME_NAMES = {
    "ascii": "us-ascii",
    "utf-8": UTF_8,
    "big5": "big5",
    "euc_jp": "euc-jp",
    "euc_kr": "euc-kr",
    "gb18030": "gb18030",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "shift_jis": "shift_jis",
    **{f"iso8859-{part}": f"iso-8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 15)},
    **{f"cp{page}": f"windows-{page}" for page in range(1250, 1259)},
}


def parse_charset(name: str, *, field: str) -> str:
    """The MIME name of the encoding. Raises InvalidInput for one that mail does not use."""
    try:
        found = _MIME_NAMES.get(codecs.lookup(name.strip()).name)
    except (LookupError, ValueError):
        found = None
    if found is None:
        raise InvalidInput.field(field, "Not an encoding for mail; utf-8 holds everything.")
    return found


def fits(text: str, charset: str) -> bool:
    """Whether the encoding has all the characters of `text`."""
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
