"""Certificates of web servers, looked at with real handshakes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from mailwright.wire.certificates import certificate_problem
from tests.wire.self_signed import server_and_client_contexts


@asynccontextmanager
async def https(context: ssl.SSLContext) -> AsyncGenerator[int]:
    """The port of a server that greets and hangs up."""

    async def bye(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(bye, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_certificate_of_another_host_or_of_nobody_is_a_problem(tmp_path: Path) -> None:
    server, trusting = server_and_client_contexts(tmp_path)
    async with https(server) as port:
        told = await certificate_problem("127.0.0.1", port, "links.harbour.example")
        assert told
        assert "self" in told
        told = await certificate_problem("127.0.0.1", port, "links.x.example", context=trusting)
        assert told
        assert "links.x.example" in told
        assert await certificate_problem("127.0.0.1", port, "127.0.0.1", context=trusting) is None


async def test_a_server_that_does_not_answer_or_speaks_no_tls_is_none() -> None:
    assert await certificate_problem("127.0.0.1", 9, "links.harbour.example") is None
