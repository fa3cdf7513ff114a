"""What this machine can do, printed beside every figure, and the form of the tables."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path


def fsync_rate(seconds: float = 1.0, folder: Path | None = None) -> float:
    """Durable 8 KiB appends per second on the disk of `folder` (default: the temporary one)."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        block = b"\0" * 8192
        started = time.perf_counter()
        count = 0
        while time.perf_counter() - started < seconds:
            file.write(block)
            file.flush()
            os.fdatasync(file.fileno())
            count += 1
        return count / (time.perf_counter() - started)


def table(title: str, rows: Iterable[Sequence[object]]) -> None:
    """Prints `rows` (name, value, …) under `title`, with the machine's cores and fsync rate."""
    print(f"\n{title}  ({os.cpu_count()} cores, {fsync_rate():,.0f} fsync/s)")
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in texts) for column in range(len(texts[0]))]
    for row in texts:
        first = row[0].ljust(widths[0])
        rest = "  ".join(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print(f"  {first}  {rest}")
