"""A small real DNS server on loopback, over UDP and TCP, with whatever zone a test writes.

async with DnsServer() as dns:
    dns.add("harbour.example", "TXT", '"v=spf1 a:mail.harbour.example ~all"')
    dns.silent.add("slow.example")  # never answered
    ...  # MAILWRIGHT_DNS_SERVERS = dns.address
"""

from __future__ import annotations

import asyncio
import struct
from collections import defaultdict
from types import TracebackType
from typing import Self, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

_UDP_BYTES = 512  # longer answers are cut, and asked for again over TCP


class DnsServer:
    """The server: `add` records, `remove` them, make names `silent` or `broken`."""

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self.broken: set[str] = set()  # answered with SERVFAIL
        self.questions: list[tuple[str, str]] = []
        self.over_tcp = 0
        self._records: dict[str, dict[str, list[str]]] = defaultdict(dict)
        self._port = 0

    def add(self, name: str, kind: str, *values: str) -> None:
        """More records of a kind, as a zone file would have them; long TXT is split in strings."""
        kept = self._records[name.lower()].setdefault(kind, [])
        kept += [_quoted(value) if kind == "TXT" else value for value in values]

    def remove(self, name: str) -> None:
        """Nothing is there any more."""
        self._records.pop(name.lower(), None)

    @property
    def address(self) -> str:
        """For MAILWRIGHT_DNS_SERVERS."""
        return f"127.0.0.1:{self._port}"

    def answer(self, wire: bytes, *, is_udp: bool) -> bytes | None:
        """The answer to one question, or None: silence."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = str(question.name).rstrip(".").lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.questions.append((name, kind))
        if name in self.silent:
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        else:
            self._fill(response, name, kind)
        found = response.to_wire()
        if is_udp and len(found) > _UDP_BYTES:
            cut = dns.message.make_response(query)
            cut.flags |= dns.flags.TC
            found = cut.to_wire()
        return found

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> None:
        if name != "" and name not in self._records:
            response.set_rcode(dns.rcode.NXDOMAIN)
        while name in self._records:
            of_name = self._records[name]
            if kind in of_name:
                response.answer.append(
                    dns.rrset.from_text(f"{name}.", 60, "IN", kind, *of_name[kind])
                )
            if "CNAME" not in of_name or kind == "CNAME":
                break
            response.answer.append(
                dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", *of_name["CNAME"])
            )
            name = of_name["CNAME"][0].rstrip(".").lower()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._tcp = await asyncio.start_server(self._serve_tcp, "127.0.0.1", 0)
        self._port = self._tcp.sockets[0].getsockname()[1]
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Udp(self), local_addr=("127.0.0.1", self._port)
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._udp.close()
        self._tcp.close()
        await self._tcp.wait_closed()

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (length,) = struct.unpack(">H", await reader.readexactly(2))
                self.over_tcp += 1
                answer = self.answer(await reader.readexactly(length), is_udp=False)
                if answer is not None:
                    writer.write(struct.pack(">H", len(answer)) + answer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.answer(data, is_udp=True)
        if answer is not None:
            self._transport.sendto(answer, addr)


def _quoted(text: str) -> str:
    """Strings of at most 255 characters, as DNS keeps them."""
    parts = [text[at : at + 250] for at in range(0, len(text), 250)] or [""]
    return " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in parts)
