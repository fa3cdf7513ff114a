"""How fast the SMTP client sends and what a mail costs, against a sink in its own process.

    python benchmarks/smtp_client.py [--mails 20000] [--octets 10240]

Prints a table: mails a second and CPU milliseconds a mail, of the sender and of the listener, for
several numbers of connections, under asyncio's own loop and under uvloop (the listener always has
uvloop).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import uvloop

from mailwright.wire.smtp_client import SmtpConnection
from mailwright.wire.smtp_reply import Accepted
from mailwright.wire.smtp_url import Transport

SINK = Path(__file__).parents[1] / "tests" / "smtp_sink.py"
CONNECTIONS = (1, 8, 32)
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def body_of(octets: int) -> bytes:
    """A mail of about this size in lines of 76 characters."""
    header = b"From: a@x.example\r\nTo: b@y.example\r\nSubject: speed\r\nMessage-ID: <1@x>\r\n\r\n"
    line = b"The quick brown fox jumps over the lazy dog, and then it does so once more.\r\n"
    return header + line * ((octets - len(header)) // len(line))


async def send_all(transport: Transport, connections: int, mails: int, body: bytes) -> None:
    """Send `mails` mails over as many connections, each in two steps as the engine does."""
    left = iter(range(mails))

    async def sender() -> None:
        connection = await SmtpConnection.open(transport, helo="bench.example", most_messages=mails)
        for number in left:
            begun = await connection.begin("b@x.example", f"r{number}@y.example", len(body))
            assert isinstance(begun, Accepted)
            assert isinstance(await connection.finish(body), Accepted)
        await connection.quit()

    await asyncio.gather(*(sender() for _ in range(connections)))


def cpu_seconds_of(process: int) -> float:
    """User and system time of another process so far (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def own_cpu_seconds() -> float:
    """User and system time of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(
    loop: str, transport: Transport, sink: int, connections: int, mails: int, body: bytes
) -> str:
    """One row of the table."""
    run = uvloop.run if loop == "uvloop" else asyncio.run
    own, other, clock = own_cpu_seconds(), cpu_seconds_of(sink), time.perf_counter()
    run(send_all(transport, connections, mails, body))
    seconds = time.perf_counter() - clock
    sender_ms = (own_cpu_seconds() - own) * 1_000 / mails
    sink_ms = (cpu_seconds_of(sink) - other) * 1_000 / mails
    return f"{loop:8} {connections:11} {mails / seconds:10,.0f} {sender_ms:12.3f} {sink_ms:12.3f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--octets", type=int, default=10_240)
    options = parser.parse_args()
    body = body_of(options.octets)
    print(
        f"{options.mails:,} mails of {len(body):,} octets, two steps each, {os.cpu_count()} cores"
    )
    print(f"{'loop':8} {'connections':>11} {'mails/s':>10} {'sender ms':>12} {'listener ms':>12}")
    for loop in ("asyncio", "uvloop"):
        with subprocess.Popen([sys.executable, SINK], stdout=subprocess.PIPE) as sink:
            assert sink.stdout is not None
            port = json.loads(sink.stdout.readline())["port"]
            transport = Transport.parse(f"smtp://127.0.0.1:{port}")
            for connections in CONNECTIONS:
                row = measure(loop, transport, sink.pid, connections, options.mails, body)
                print(row, flush=True)
            sink.terminate()


if __name__ == "__main__":
    main()
