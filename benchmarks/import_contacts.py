"""`mailwright import` in figures: the whole command, from the shell's point of view.

    python -m benchmarks.import_contacts [--rows 200000]

A file of varied rows is imported into an empty embedded database and then once more, when everybody
is known. Rates are of the import, from its first row to its last; seconds are of the whole command,
PostgreSQL's start and stop included; memory is the command's own peak.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import orjson

from benchmarks.machine import table
from mailwright.app import open_runtime
from mailwright.domain.doors import Door
from mailwright.services.contacts import page_contacts
from mailwright.services.imports import page_imports
from mailwright.services.paging import Page
from mailwright.services.tenants import operator_of
from mailwright.settings import Settings

PROGRAM = str(Path(sys.executable).with_name("mailwright"))
PAGES = 400


def main() -> None:
    """Runs it and prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=200_000)
    row_count: int = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MAILWRIGHT_DATA_DIR"] = str(Path(folder) / "data")
        file = Path(folder) / "contacts.csv"
        _write(file, row_count)
        subprocess.run([PROGRAM, "migrate", "--json"], check=True, capture_output=True)
        rows: list[Sequence[object]] = [("", "rows/s", "command s", "peak MB")]
        for name in ("new contacts", "known contacts"):
            seconds, peak_bytes = _import(file, row_count)
            rate = f"{row_count / asyncio.run(_import_seconds()):,.0f}"
            rows.append((name, rate, f"{seconds:.1f}", f"{peak_bytes / 1024**2:.0f}"))
        table(f"Import of {row_count:,} rows", rows)
        table(
            f"Pages of 100 of {row_count:,} contacts, {PAGES} of them, one after the other",
            asyncio.run(_pages()),
        )


def _import(file: Path, row_count: int) -> tuple[float, int]:
    """Seconds of the command, and the most memory it had."""
    command = [PROGRAM, "import", str(file), "--list", "Benchmark", "--json"]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, _peak_bytes(process.pid))
        time.sleep(0.02)
    seconds = time.perf_counter() - started
    assert process.stdout is not None
    result = orjson.loads(process.stdout.read())
    assert result["created"] + result["updated"] == row_count, result
    return seconds, peak


async def _import_seconds() -> float:
    """How long the last import took, by its own row."""
    async with open_runtime(Settings()) as runtime:  # pyright: ignore[reportCallIssue]  # from the environment
        caller = await operator_of(runtime, "default", Door.CLI)
        last = (await page_imports(runtime, caller, Page())).items[0]
    assert last.finished_at is not None
    return (last.finished_at - last.created_at).total_seconds()


async def _pages() -> list[Sequence[object]]:
    async with open_runtime(Settings()) as runtime:  # pyright: ignore[reportCallIssue]  # from the environment
        caller = await operator_of(runtime, "default", Door.CLI)
        rows: list[Sequence[object]] = [("page", "p50 ms", "p99 ms")]
        for number in (1, 1_000):
            taken: list[float] = []
            for _ in range(PAGES):
                started = time.perf_counter()
                await page_contacts(runtime, caller, Page(number))
                taken.append((time.perf_counter() - started) * 1000)
            p99 = statistics.quantiles(taken, n=100)[98]
            rows.append((number, f"{statistics.median(taken):.1f}", f"{p99:.1f}"))
    return rows


def _write(file: Path, row_count: int) -> None:
    with file.open("w", encoding="utf-8") as target:
        target.write("email,first_name,last_name,language,plan,city\n")
        for number in range(row_count):
            plan = ("free", "pro", "team")[number % 3]
            target.write(
                f"person{number}@mail{number % 50}.example.com,Zoë{number % 500},"
                f'"Müller, {number}",{("es", "de", "en")[number % 3]},{plan},Cádiz {number % 99}\n'
            )


def _peak_bytes(process_id: int) -> int:
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(found[0]) * 1024 if found else 0


if __name__ == "__main__":
    main()
