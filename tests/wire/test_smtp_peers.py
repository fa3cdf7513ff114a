"""The client against servers that are not ours, and against our own listener."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from mailwright.errors import TransportRefused
from mailwright.wire.smtp_client import SmtpConnection
from mailwright.wire.smtp_reply import Accepted, ConnectionDropped, Deferred, Phase, Refused
from mailwright.wire.smtp_url import Transport
from tests.smtp_sink import DROP, TAKE_AND_DROP, SmtpSink
from tests.wire.self_signed import server_and_client_contexts
from tests.wire.smtp_script import GREETING, scripted_server

SINK = Path(__file__).parents[1] / "smtp_sink.py"
# Lines that look like ends of data or commands to a careless server, in lawful newlines.
TRICKY_BODY = (
    b"Subject: tricky\r\n\r\n.\r\n..\r\n...\r\n. \r\n.x\r\n\r\n.\r\n.\r\n"
    b"MAIL FROM:<evil@z.example>\r\nRCPT TO:<a@y.example>\r\nDATA\r\n.\r\nQUIT\r\n"
)


class Kept:
    """What an aiosmtpd server took."""

    def __init__(self) -> None:
        self.mails: list[tuple[str | None, list[str], bytes]] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.was_encrypted = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's name)
        content = envelope.original_content or b""
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), content))
        self.was_encrypted = session.ssl is not None
        return "250 2.0.0 kept"

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    def authenticate(self, server: Any, session: Any, envelope: Any, how: str, data: Any) -> Any:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)


@asynccontextmanager
async def aiosmtpd_server(
    *, implicit: ssl.SSLContext | None = None, **options: Any
) -> AsyncGenerator[tuple[Kept, int]]:
    kept = Kept()
    if options.pop("with_auth", False):
        options |= {"authenticator": kept.authenticate, "auth_require_tls": False}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(kept, hostname="relay.example", **options), "127.0.0.1", 0, ssl=implicit
    )
    async with server:
        yield kept, server.sockets[0].getsockname()[1]


async def connect(url: str, trusted: ssl.SSLContext | None = None) -> SmtpConnection:
    return await SmtpConnection.open(
        Transport.parse(url), helo="client.example", ssl_context=trusted, timeout_seconds=5
    )


@pytest.mark.checklist("OUT-21")
async def test_aiosmtpd_gets_every_body_unchanged() -> None:
    bodies = [TRICKY_BODY, b"", b".\r\n", b"Subject: \xc3\xbc\r\n\r\n\xff\r\n", b"x\r\n" * 200_000]
    async with aiosmtpd_server() as (kept, port):
        connection = await connect(f"smtp://127.0.0.1:{port}")
        for body in bodies:
            outcome = await connection.deliver("b@x.example", "a@y.example", body)
            assert isinstance(outcome, Accepted)
        assert isinstance(
            refused := await connection.deliver("b@x.example", "nobody@y.example", b"x\r\n"),
            Refused,
        )
        assert refused.verdict().suppress
        assert isinstance(await connection.deliver("", "a@y.example", b"x\r\n"), Accepted)
        await connection.quit()
    assert [content for _, _, content in kept.mails] == [*bodies, b"x\r\n"]
    assert {sender for sender, _, _ in kept.mails} == {"b@x.example", "<>"}


@pytest.mark.checklist("OUT-21")
@pytest.mark.parametrize("hidden", [frozenset[str](), frozenset({"PIPELINING", "SIZE"})])
async def test_our_listener_gets_every_body_unchanged(hidden: frozenset[str]) -> None:
    bodies = [TRICKY_BODY, b"", b".\r\n", "\u00fc\r\n".encode(), b"x" * 990 + b"\r\n"]
    async with SmtpSink(hidden=hidden) as sink:
        connection = await SmtpConnection.open(sink.transport, helo="client.example")
        for body in bodies:
            outcome = await connection.deliver("b@x.example", "a@y.example", body)
            assert isinstance(outcome, Accepted)
        await connection.quit()
        assert [mail.raw for mail in sink.mails] == bodies


async def test_a_body_without_final_newline_gets_one() -> None:
    async with SmtpSink() as sink:
        connection = await SmtpConnection.open(sink.transport, helo="client.example")
        await connection.deliver("b@x.example", "a@y.example", b"Subject: x\r\n\r\nend")
        await connection.quit()
        assert sink.mails[0].raw == b"Subject: x\r\n\r\nend\r\n"


@pytest.mark.checklist("OUT-19")
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_starttls_encrypts_before_anything_is_said(
    tmp_path: Path, run: Callable[..., None]
) -> None:
    server, trusted = server_and_client_contexts(tmp_path)

    async def scenario() -> None:
        async with aiosmtpd_server(tls_context=server, require_starttls=True) as (kept, port):
            connection = await connect(f"smtp://127.0.0.1:{port}?tls=starttls", trusted)
            assert connection.tls_version == "TLSv1.3"
            await connection.deliver("b@x.example", "a@y.example", TRICKY_BODY)
            await connection.quit()
            assert kept.was_encrypted
            assert kept.mails[0][2] == TRICKY_BODY

    run(scenario())


@pytest.mark.checklist("OUT-19")
async def test_implicit_tls_encrypts_from_the_first_byte(tmp_path: Path) -> None:
    server, trusted = server_and_client_contexts(tmp_path)
    async with aiosmtpd_server(implicit=server) as (kept, port):
        connection = await connect(f"smtp://127.0.0.1:{port}?tls=implicit", trusted)
        assert connection.tls_version == "TLSv1.3"
        assert isinstance(
            await connection.deliver("b@x.example", "a@y.example", TRICKY_BODY), Accepted
        )
        await connection.quit()
    assert kept.mails[0][2] == TRICKY_BODY


@pytest.mark.checklist("OUT-19")
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_an_unknown_certificate_refuses_the_transport(tmp_path: Path, tls: str) -> None:
    server, _ = server_and_client_contexts(tmp_path)
    how = {"tls_context": server} if tls == "starttls" else {"implicit": server}
    async with aiosmtpd_server(**how) as (kept, port):
        with pytest.raises(TransportRefused, match="certificate") as caught:
            await connect(f"smtp://127.0.0.1:{port}?tls={tls}")
        assert caught.value.details["phase"] == "tls"
        await asyncio.sleep(0.01)
    assert kept.mails == []


@pytest.mark.checklist("OUT-19")
async def test_a_certificate_for_another_host_refuses_the_transport(tmp_path: Path) -> None:
    server, trusted = server_and_client_contexts(tmp_path, address="127.0.0.2")
    async with aiosmtpd_server(tls_context=server) as (_, port):
        with pytest.raises(TransportRefused, match=r"127\.0\.0\.1"):
            await connect(f"smtp://127.0.0.1:{port}?tls=starttls", trusted)
        await asyncio.sleep(0.01)


async def test_verify_off_encrypts_without_proof(tmp_path: Path) -> None:
    server, _ = server_and_client_contexts(tmp_path)
    async with aiosmtpd_server(tls_context=server) as (_, port):
        connection = await connect(f"smtp://127.0.0.1:{port}?tls=starttls&verify=off")
        assert connection.tls_version == "TLSv1.3"
        await connection.quit()


@pytest.mark.checklist("OUT-19")
@pytest.mark.parametrize(
    ("talk", "says"),
    [
        ("S: 250 PIPELINING\n", "does not offer STARTTLS"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS: 454 4.7.0 not now\n", "cannot encrypt now"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nS: 250 injected\n", "Somebody spoke"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nCLOSE\n", "mail server"),
    ],
)
async def test_mail_never_falls_back_to_plain_text(talk: str, says: str) -> None:
    async with scripted_server(f"{GREETING}S: 250-relay.example\n{talk}") as server:
        with pytest.raises(TransportRefused, match=says) as caught:
            await connect(f"smtp://127.0.0.1:{server.port}?tls=starttls")
        assert caught.value.details["phase"] == "tls"


async def test_credentials_open_aiosmtpd() -> None:
    async with aiosmtpd_server(with_auth=True) as (kept, port):
        connection = await connect(f"smtp://us%40er:right@127.0.0.1:{port}")
        await connection.deliver("b@x.example", "a@y.example", b"x\r\n")
        await connection.quit()
        with pytest.raises(TransportRefused) as caught:
            await connect(f"smtp://user:wrong@127.0.0.1:{port}")
        assert caught.value.details["smtp_code"] == 535
        assert len(kept.mails) == 1
        assert kept.logins == [(b"us@er", b"right"), (b"user", b"wrong")]


async def test_the_sink_answers_by_its_script() -> None:
    async with SmtpSink() as sink:
        sink.answer(Phase.RCPT, "451 4.7.1 later", recipient="slow@*", times=1)
        sink.answer(Phase.RCPT, "550 5.1.1 no", recipient="nobody@*")
        sink.answer(Phase.END_OF_DATA, "554 5.7.1 spam", recipient="spam@*")
        sink.answer(Phase.END_OF_DATA, "delay 0.01")
        connection = await SmtpConnection.open(sink.transport, helo="client.example")

        async def send(recipient: str) -> type:
            return type(await connection.deliver("b@x.example", recipient, b"x\r\n"))

        assert await send("slow@y.example") is Deferred
        assert await send("slow@y.example") is Accepted
        assert await send("slow@z.example") is Deferred
        assert await send("nobody@y.example") is Refused
        assert await send("spam@y.example") is Refused
        assert await send("a@y.example") is Accepted
        await connection.quit()
        assert sink.recipients == ["slow@y.example", "a@y.example"]


@pytest.mark.parametrize(
    ("phase", "action", "is_after_dot", "taken"),
    [
        (Phase.MAIL, DROP, False, 0),
        (Phase.RCPT, DROP, False, 0),
        (Phase.DATA, DROP, False, 0),
        (Phase.END_OF_DATA, DROP, True, 0),
        (Phase.END_OF_DATA, TAKE_AND_DROP, True, 1),
    ],
)
async def test_the_sink_can_hang_up(
    phase: Phase, action: str, is_after_dot: bool, taken: int
) -> None:
    async with SmtpSink() as sink:
        sink.answer(phase, action)
        connection = await SmtpConnection.open(sink.transport, helo="client.example")
        with pytest.raises(ConnectionDropped) as caught:
            await connection.deliver("b@x.example", "a@y.example", b"x\r\n")
        assert caught.value.after_final_dot is is_after_dot
        assert sink.accepted_count == taken


@pytest.mark.parametrize("phase", [Phase.GREETING, Phase.EHLO, Phase.AUTH])
async def test_the_sink_can_refuse_a_connection(phase: Phase) -> None:
    async with SmtpSink() as sink:
        sink.answer(phase, "554 5.7.0 no")
        port = sink.transport.port
        with pytest.raises(TransportRefused) as caught:
            await connect(f"smtp://u:p@127.0.0.1:{port}")
        assert caught.value.details["phase"] == phase


async def test_the_sink_as_a_process_writes_down_what_it_took(tmp_path: Path) -> None:
    record = tmp_path / "taken.tsv"
    sink = await asyncio.create_subprocess_exec(
        sys.executable, SINK, "--record", record, "--answer", "rcpt:full@*:1x 452 4.2.2 full",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert sink.stdout is not None
    port = json.loads(await sink.stdout.readline())["port"]
    connection = await connect(f"smtp://127.0.0.1:{port}")
    body = b"Subject: x\r\nMessage-Id:\r\n <7@x.example>\r\n\r\n"
    assert isinstance(await connection.deliver("", "full@y.example", body), Deferred)
    assert isinstance(await connection.deliver("", "full@y.example", body), Accepted)
    assert record.read_text() == "full@y.example\t<7@x.example>\n"
    sink.terminate()
    assert await sink.wait() == 0
    await sink.communicate()
