"""A mail server that follows a script, for talking to the client word by word.

A script is a transcript: `S:` lines are said, `C:` lines are expected (`*` matches anything),
`BODY` reads to the final dot, `QUIET` checks that the client waits for an answer, `SILENCE` waits
for ever, `CLOSE` hangs up. Lines that follow each other with the same letter travel in one packet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import groupby

from mailwright.wire.smtp_url import Transport

GREETING = "S: 220 relay.example ESMTP\nC: EHLO client.example\n"
PLAIN_SERVER = GREETING + "S: 250 relay.example\n"
PIPELINING_SERVER = GREETING + "S: 250-relay.example\nS: 250 PIPELINING\n"


@dataclass
class ScriptedServer:
    """Where it listens, what it was told, and where the talk left the script."""

    port: int = 0
    bodies: list[bytes] = field(default_factory=list[bytes])
    deviation: str | None = None
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def transport(self) -> Transport:
        return Transport.parse(f"smtp://127.0.0.1:{self.port}")


@asynccontextmanager
async def scripted_server(script: str) -> AsyncGenerator[ScriptedServer]:
    """A server for one connection; leaving the block fails when the talk left the script."""
    told = ScriptedServer()
    lines = [line.strip() for line in script.strip().splitlines()]

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for kind, group in groupby(lines, key=lambda line: line.split(":")[0]):
                await _play(kind, [line[3:] for line in group], reader, writer, told)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            told.deviation = f"the client left early: {error!r}"
        finally:
            told.finished.set()
            writer.close()

    server = await asyncio.start_server(play, "127.0.0.1", 0)
    told.port = server.sockets[0].getsockname()[1]
    async with server:
        yield told
        if "SILENCE" not in lines:
            await asyncio.wait_for(told.finished.wait(), 1)
    assert told.deviation is None, told.deviation


async def _play(
    kind: str,
    lines: list[str],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    told: ScriptedServer,
) -> None:
    match kind:
        case "S":
            writer.write("".join(f"{line}\r\n" for line in lines).encode())
            await writer.drain()
        case "C":
            for expected in lines:
                said = (await reader.readuntil(b"\r\n"))[:-2].decode()
                if not fnmatchcase(said, expected.replace("[", "[[]")):
                    told.deviation = f"expected {expected!r}, got {said!r}"
        case "BODY":
            told.bodies.append((await reader.readuntil(b"\r\n.\r\n"))[:-3])
        case "QUIET":
            with suppress(TimeoutError):
                early = await asyncio.wait_for(reader.read(100), 0.05)
                if early:  # nothing at all: it hung up, which is quiet too
                    told.deviation = f"the client did not wait: {early!r}"
        case "SILENCE":
            await asyncio.sleep(3_600)
        case "CLOSE":
            writer.close()
            await writer.wait_closed()
        case _:
            raise AssertionError(f"no such line: {kind}")
