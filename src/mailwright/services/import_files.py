"""The files of an import: our own copy in one encoding, read in blocks; the errors beside it.

What is not async blocks, so it is called through `asyncio.to_thread`.
"""

from __future__ import annotations

import asyncio
import codecs
import csv
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mailwright.domain.csv_rows import neutralised
from mailwright.errors import InvalidInput
from mailwright.settings import Settings

BLOCK_BYTES = 512 * 1024  # what one chunk reads: some thousand rows, well under two seconds
COPY_CHARACTERS = 1024 * 1024
SAMPLE_BYTES = 4096

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole lines of a file, each with its end. `is_last`: nothing follows them.

    `clean`: the text has no NUL and no byte that is not UTF-8. `overlong`: a single line of more
    than BLOCK_BYTES, of which only the beginning is here and `byte_count` covers all.
    """

    lines: list[str]
    byte_count: int
    is_last: bool
    clean: bool
    overlong: bool = False


def folder(settings: Settings) -> Path:
    """Where imports keep their files; made when it is missing, for its owner only."""
    found = settings.data_dir / "imports"
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


async def write_pieces(target: Path, pieces: AsyncIterator[bytes]) -> None:
    """Writes what arrives to `target`, piece by piece."""
    file = await asyncio.to_thread(target.open, "xb")
    try:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)
    finally:
        await asyncio.to_thread(file.close)


def copy_normalised(source: Path, target: Path) -> int:
    """Copies `source` as UTF-8 with line feeds; returns the bytes of the copy.

    Bytes that are not of the file's encoding are kept, so that only their rows are rejected.
    """
    encoding = detect_encoding(source)
    errors = "replace" if encoding == "cp1252" else "surrogateescape"
    try:
        with source.open(encoding=encoding, errors=errors) as given, target.open("xb") as kept:
            while text := given.read(COPY_CHARACTERS):
                kept.write(text.encode("utf-8", "surrogateescape"))
            return kept.tell()
    except UnicodeError:
        target.unlink(missing_ok=True)
        raise InvalidInput.field("file", "The encoding of the file is damaged.") from None


def detect_encoding(source: Path) -> str:
    """The encoding: by its mark, else UTF-8 where it mostly is, else Windows-1252."""
    with source.open("rb") as given:
        sample = given.read(SAMPLE_BYTES)
        for mark, encoding in _MARKS:
            if sample.startswith(mark):
                return encoding
        if (wide := _utf_16(sample)) is not None:
            return wide
        given.seek(0)
        letters = damage = 0
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while block := given.read(COPY_CHARACTERS):
            text = decoder.decode(block)
            if not text.isascii():
                damaged = text.count("\N{REPLACEMENT CHARACTER}")
                letters += len(text) - len(text.encode("ascii", "ignore")) - damaged
                damage += damaged
    return "utf-8" if damage <= letters else "cp1252"


def read_block(path: Path, offset: int) -> Block:
    """The block of lines that begins at `offset`. Raises OSError."""
    with path.open("rb") as kept:
        kept.seek(offset)
        data = kept.read(BLOCK_BYTES)
        is_last = len(data) < BLOCK_BYTES or not kept.read(1)
        if not is_last:
            end = data.rfind(b"\n") + 1
            if end == 0:
                kept.seek(offset + len(data))
                return _overlong(data, _bytes_to_line_end(kept))
            data = data[:end]
    try:
        text, clean = data.decode(), b"\0" not in data
    except UnicodeDecodeError:
        text, clean = data.decode(errors="surrogateescape"), False
    lines = text.split("\n")
    last = lines.pop()
    whole = [f"{line}\n" for line in lines]
    return Block([*whole, last] if last else whole, len(data), is_last, clean)


class ErrorFile:
    """The rows that were rejected, as they were, with their line and the reason."""

    def __init__(self, path: Path, header: Sequence[str], *, committed_bytes: int) -> None:
        self._path = path
        self._header = header
        self._committed_bytes = committed_bytes

    def append(self, rejected: Sequence[tuple[int, Sequence[str], str]]) -> int:
        """Writes (line, cells, reason) and returns the new length in bytes.

        What an earlier try wrote after the last commit is cut off first.
        """
        if not rejected:
            return self._committed_bytes
        width = len(self._header)
        with self._path.open("a", encoding="utf-8", errors="replace", newline="") as file:
            file.truncate(self._committed_bytes)
            writer = csv.writer(file)
            if self._committed_bytes == 0:
                writer.writerow([*map(neutralised, self._header), "line", "error"])
            for line, cells, reason in rejected:
                padded = [*cells, *[""] * (width - len(cells))]
                writer.writerow([*map(neutralised, padded), line, reason])
            return file.tell()


def forget(path: Path, words: Collection[str]) -> int | None:
    """Empties the rows of an error file that name one of `words` (lower case), line numbers aside.

    The file's new length in bytes; None: no row did.
    """
    if not path.exists():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    found = [row for row in rows if any(word in cell.lower() for cell in row for word in words)]
    if not found:
        return None
    for row in found:
        row[:-2] = [""] * (len(row) - 2)
        row[-1] = "erased"
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    fresh.replace(path)
    return path.stat().st_size


def _utf_16(sample: bytes) -> str | None:
    """UTF-16 without a mark shows in Latin text as a NUL in every other byte."""
    half = max(len(sample) // 2, 1)
    if sample[1::2].count(0) > half * 0.6:
        return "utf-16-le"
    if sample[0::2].count(0) > half * 0.6:
        return "utf-16-be"
    return None


def _bytes_to_line_end(kept: BinaryIO) -> int:
    """How many bytes there are up to and with the next line feed, in flat memory."""
    count = 0
    while piece := kept.readline(BLOCK_BYTES):
        count += len(piece)
        if piece.endswith(b"\n"):
            break
    return count


def _overlong(data: bytes, rest: int) -> Block:
    beginning = data[:1000].decode(errors="replace")
    return Block([beginning], len(data) + rest, is_last=False, clean=False, overlong=True)
