"""The listener, spoken to by an independent client (smtplib) and by hand."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
import uvloop

from mailwright.wire.smtp_listener import CapturedMail, Handler, ListenerLimits, SmtpListener

ENVELOPE = "EHLO me\r\nMAIL FROM:<b@x.example>\r\nRCPT TO:<a@y.example>\r\n"


@asynccontextmanager
async def listening(
    limits: ListenerLimits | None = None, handler: Handler | None = None
) -> AsyncGenerator[tuple[SmtpListener, list[CapturedMail]]]:
    """A listener, and what it took."""
    mails: list[CapturedMail] = []

    async def keep(mail: CapturedMail) -> None:
        mails.append(mail)

    listener = SmtpListener(handler or keep, limits=limits)
    await listener.start(("127.0.0.1", 0))
    try:
        yield listener, mails
    finally:
        await listener.stop(drain_seconds=0.2)
        while Talk.open:
            Talk.open.pop().close()


class Talk:
    """A conversation by hand."""

    open: ClassVar[list[asyncio.StreamWriter]] = []

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.open.append(writer)

    @classmethod
    async def begin(cls, listener: SmtpListener) -> Talk:
        talk = cls(*await asyncio.open_connection(*listener.address))
        assert await talk.hear() == "220 Mailwright ESMTP"
        return talk

    def say(self, text: str | bytes) -> None:
        self.writer.write(text.encode() if isinstance(text, str) else text)

    async def hear(self) -> str:
        """The last line of the next reply; empty when the connection was closed."""
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 5)).decode().rstrip()
            if line[3:4] != "-":
                return line

    async def ask(self, text: str) -> str:
        self.say(f"{text}\r\n")
        return await self.hear()

    async def open_envelope(self) -> None:
        assert await self.ask("EHLO me") == "250 AUTH PLAIN LOGIN"
        assert (await self.ask("MAIL FROM:<b@x.example>")).startswith("250 2.1.0")
        assert (await self.ask("RCPT TO:<a@y.example>")).startswith("250 2.1.5")

    async def open_data(self) -> None:
        await self.open_envelope()
        assert (await self.ask("DATA")).startswith("354")


def by_smtplib(listener: SmtpListener, body: bytes, **more: Any) -> dict[str, Any]:
    host, port = listener.address
    with smtplib.SMTP(host, port, local_hostname="client.example", timeout=5) as client:
        if more:
            client.login(more["user"], more["password"])
        return client.sendmail("b@x.example", ["a@y.example", "c@y.example"], body)


async def test_smtplib_delivers_and_everything_is_known_of_it() -> None:
    body = "Subject: Gr\u00fc\u00dfe\r\n\r\n.hidden\r\n..\r\n.\r\nend\r\n".encode()
    async with listening() as (listener, mails):
        refused = await asyncio.to_thread(by_smtplib, listener, body, user="u", password="p")
    assert refused == {}
    assert mails == [
        CapturedMail(
            envelope_sender="b@x.example",
            recipients=("a@y.example", "c@y.example"),
            raw=body,
            peer="127.0.0.1",
            helo="client.example",
            username="u",
        )
    ]


async def test_a_bound_socket_is_taken_over() -> None:
    bound = socket.create_server(("127.0.0.1", 0))
    mails: list[CapturedMail] = []

    async def keep(mail: CapturedMail) -> None:
        mails.append(mail)

    listener = SmtpListener(keep)
    await listener.start(bound)
    assert listener.address == bound.getsockname()
    await asyncio.to_thread(by_smtplib, listener, b"Subject: x\r\n\r\n")
    await listener.stop()
    assert len(mails) == 1
    assert bound.fileno() == -1


async def test_ehlo_offers_what_is_kept() -> None:
    async with listening() as (listener, _):
        talk = await Talk.begin(listener)
        talk.say("EHLO me\r\n")
        lines = [(await talk.reader.readline()).decode().strip() for _ in range(6)]
    assert lines == [
        "250-Mailwright", "250-SIZE 26214400", "250-8BITMIME", "250-PIPELINING",
        "250-ENHANCEDSTATUSCODES", "250 AUTH PLAIN LOGIN",
    ]  # fmt: skip


async def test_a_pipelined_group_is_answered_in_one_packet() -> None:
    async with listening() as (listener, mails):
        talk = await Talk.begin(listener)
        await talk.ask("EHLO me")
        talk.say(ENVELOPE.removeprefix("EHLO me\r\n") + "DATA\r\n")
        answer = (await talk.reader.read(1000)).decode()
        assert [line[:3] for line in answer.splitlines()] == ["250", "250", "354"]
        # RFC 2920: the next envelope may ride with the end of the last body.
        talk.say("Subject: 1\r\n\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<a@y.example>\r\nDATA\r\n")
        assert [(await talk.hear())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        assert await talk.ask(".") == "250 2.0.0 Stored"
    assert [(mail.envelope_sender, mail.raw) for mail in mails] == [
        ("b@x.example", b"Subject: 1\r\n\r\n"),
        ("", b""),
    ]


async def test_yes_is_said_after_the_mail_is_stored() -> None:
    stored = asyncio.Event()

    async def slowly(_: CapturedMail) -> None:
        await stored.wait()

    async with listening(handler=slowly) as (listener, _):
        talk = await Talk.begin(listener)
        await talk.open_data()
        talk.say("hello\r\n.\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(talk.reader.readline(), 0.05)
        stored.set()
        assert await talk.hear() == "250 2.0.0 Stored"


async def test_a_mail_that_cannot_be_stored_is_deferred() -> None:
    async def fail(_: CapturedMail) -> None:
        raise OSError("disk full")

    async with listening(handler=fail) as (listener, _):
        talk = await Talk.begin(listener)
        await talk.open_data()
        assert (await talk.ask("hello\r\n.")).startswith("451 4.3.0")
        assert (await talk.ask("MAIL FROM:<b@x.example>")).startswith("250")


# The ten endings of smtpsmug (github.com/hannob/smtpsmug) that some servers took for the end.
SMUGGLED_ENDINGS = [
    b"\n.\n", b"\r.\r", b"\r.\n", b"\n.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r",
    b"\r\n\0.\r\n", b"\r\n.\0\r\n",
]  # fmt: skip


@pytest.mark.checklist("SEC-05")
@pytest.mark.parametrize("ending", SMUGGLED_ENDINGS)
async def test_only_crlf_dot_crlf_ends_a_message(ending: bytes) -> None:
    smuggled = ENVELOPE.encode().removeprefix(b"EHLO me\r\n") + b"DATA\r\nevil\r\n"
    async with listening() as (listener, mails):
        talk = await Talk.begin(listener)
        await talk.open_data()
        talk.say(b"Subject: x\r\n\r\nhello" + ending + smuggled)
        with pytest.raises(TimeoutError):  # it does not take this for the end
            await asyncio.wait_for(talk.reader.readline(), 0.05)
        talk.say(b".\r\n")
        answer = await talk.hear()
        assert answer[:3] == "554", answer
    assert mails == []


@pytest.mark.checklist("SEC-05")
@pytest.mark.parametrize("line", ["a\nb", "a\rb", "\n", "\r"])
async def test_a_stray_newline_ends_the_conversation(line: str) -> None:
    async with listening() as (listener, mails):
        talk = await Talk.begin(listener)
        await talk.open_data()
        assert (await talk.ask(f"{line}\r\n.")).startswith("554 5.5.2")
        assert await talk.hear() == ""
    assert mails == []


@pytest.mark.checklist("SEC-05")
async def test_a_stray_newline_in_a_command_is_no_second_command() -> None:
    async with listening() as (listener, _):
        talk = await Talk.begin(listener)
        await talk.ask("EHLO me")
        assert (await talk.ask("MAIL FROM:<b@x.example>\nRCPT TO:<a@y.example>"))[:3] == "500"
        assert (await talk.ask("RCPT TO:<a@y.example>"))[:3] == "503"


def early_talk(say: bytes) -> Callable[[], Coroutine[Any, Any, bytes]]:
    async def scenario() -> bytes:
        async with listening() as (listener, _):
            with socket.create_connection(listener.address) as client:
                client.sendall(say)
                client.setblocking(False)
                return await asyncio.get_running_loop().sock_recv(client, 100)

    return scenario


@pytest.mark.checklist("SEC-05")
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_command_before_the_greeting_is_refused(
    run: Callable[[Coroutine[Any, Any, bytes]], bytes],
) -> None:
    assert run(early_talk(b"EHLO me\r\n")()).startswith(b"554 5.5.0")
    assert run(early_talk(b"")()).startswith(b"220 ")


@pytest.mark.checklist("SEC-05")
@pytest.mark.parametrize(
    "talked",
    [
        "EHLO me\r\nMAIL FROM:<b@x.example>\r\n",
        "EHLO me\r\n\0AUTH PLAIN AHUAcA==\r\nMAIL FROM:<b@x.example>\r\n",
        ENVELOPE.replace("EHLO me\r\n", "EHLO me\r\n\0") + "DATA\r\nSubject: x\r\n\r\n.\r\n",
    ],
)
async def test_a_client_that_does_not_wait_where_it_must_is_refused(talked: str) -> None:
    async with listening() as (listener, mails):
        talk = await Talk.begin(listener)
        first, _, second = talked.partition("\0")
        talk.say(first)
        if second:
            await talk.hear()
            talk.say(second)
        answers = [await talk.hear()]
        while answers[-1][:3] == "250":
            answers.append(await talk.hear())
        assert answers[-1].startswith("554 5.5.0")
        assert await talk.hear() == ""
    assert mails == []


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MAIL FROM:b@x.example", "501 5.5.4"),
        ("MAIL FROM:<b @x.example>", "501 5.5.4"),
        ("MAIL FROM:<b@x.example", "501 5.5.4"),
        ("MAIL TO:<b@x.example>", "501 5.5.4"),
        ("MAIL FROM:<b@x.example> SIZE=x", "501 5.5.4"),
        ("MAIL FROM:<b@x.example> SIZE=26214401", "552 5.3.4"),
        ("MAIL FROM:<b@x.example> BODY=BINARYMIME", "501 5.5.4"),
        ("MAIL FROM:<b@x.example> SMTPUTF8", "555 5.5.4"),
        (f"MAIL FROM:<{'x' * 300}>", "501 5.1.3"),
        ("MAIL FROM:<b\u00e9@x.example>", "500 5.5.2"),
        ("MAIL FROM:<b\0@x.example>", "500 5.5.2"),
        ("mail from: <b@x.example> size=10 body=8bitmime auth=<>", "250 2.1.0"),
        ("MAIL FROM:<>", "250 2.1.0"),
        ("RCPT TO:<a@y.example>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("BDAT 10", "500 5.5.1"),
        ("STARTTLS", "500 5.5.1"),
        ("", "500 5.5.1"),
        ("VRFY a", "252 2.1.5"),
        ("NOOP", "250 2.0.0"),
        ("RSET", "250 2.0.0"),
        ("QUIT", "221 2.0.0"),
        ("AUTH CRAM-MD5", "504 5.5.4"),
        ("AUTH PLAIN !!!!", "501 5.5.2"),
        ("AUTH PLAIN YQ==", "501 5.5.2"),
        ("AUTH PLAIN AHUAcA==", "235 2.7.0"),
    ],
)
async def test_every_command_has_its_answer(command: str, answer: str) -> None:
    async with listening() as (listener, _):
        talk = await Talk.begin(listener)
        await talk.ask("EHLO me")
        assert (await talk.ask(command)).startswith(answer)


async def test_commands_have_an_order() -> None:
    async with listening() as (listener, _):
        talk = await Talk.begin(listener)
        assert (await talk.ask("MAIL FROM:<b@x.example>")).startswith("503 5.5.1")
        assert (await talk.ask("EHLO")).startswith("501 5.5.4")
        assert (await talk.ask("HELO me")) == "250 Mailwright"
        assert (await talk.ask("MAIL FROM:<b@x.example>")).startswith("250")
        assert (await talk.ask("MAIL FROM:<b@x.example>")).startswith("503 5.5.1")
        assert (await talk.ask("AUTH PLAIN AHUAcA==")).startswith("503 5.5.1")
        assert (await talk.ask("DATA")).startswith("554 5.5.1")
        assert (await talk.ask("RCPT TO:<>")).startswith("501 5.1.3")
        assert (await talk.ask("RCPT TO:<a@y.example> NOTIFY=NEVER")).startswith("555 5.5.4")
        assert (await talk.ask("RCPT TO:<a@y.example>")).startswith("250")
        assert (await talk.ask("DATA now")).startswith("501 5.5.4")
        assert (await talk.ask("RSET")).startswith("250")
        assert (await talk.ask("RCPT TO:<a@y.example>")).startswith("503 5.5.1")


async def test_login_asks_for_user_and_password() -> None:
    async with listening() as (listener, mails):
        talk = await Talk.begin(listener)
        await talk.ask("EHLO me")
        assert await talk.ask("AUTH LOGIN") == "334 VXNlcm5hbWU6"
        assert await talk.ask("*") == "501 5.7.0 Canceled"
        assert await talk.ask("AUTH LOGIN") == "334 VXNlcm5hbWU6"
        assert await talk.ask("dXNlcg==") == "334 UGFzc3dvcmQ6"
        assert (await talk.ask("cHc=")).startswith("235")
        assert (await talk.ask("AUTH LOGIN")).startswith("503")
        assert await talk.ask("MAIL FROM:<>\r\nRCPT TO:<a@y.example>") == "250 2.1.0 Sender ok"
        await talk.hear()
        await talk.ask("DATA")
        await talk.ask("x\r\n.")
    assert mails[0].username == "user"


async def test_a_mail_above_the_size_limit_is_refused_and_the_next_one_taken() -> None:
    async with listening(ListenerLimits(message_octets=1_000)) as (listener, mails):
        talk = await Talk.begin(listener)
        await talk.open_data()
        talk.say((b"x" * 70 + b"\r\n") * 100_000)
        assert (await talk.ask("\r\n.")).startswith("552 5.3.4")
        talk.say(ENVELOPE.removeprefix("EHLO me\r\n"))
        assert [(await talk.hear())[:3] for _ in range(2)] == ["250", "250"]
        await talk.ask("DATA")
        assert (await talk.ask("x" * 990 + "\r\n.")).startswith("250")
    assert [len(mail.raw) for mail in mails] == [992]


async def test_overlong_lines_are_refused() -> None:
    async with listening() as (listener, mails):
        talk = await Talk.begin(listener)
        await talk.open_data()
        assert (await talk.ask("x" * 999 + "\r\n.")).startswith("554 5.6.0")
        await talk.ask("MAIL FROM:<>")
        await talk.ask("RCPT TO:<a@y.example>")
        await talk.ask("DATA")
        assert (await talk.ask(f"{'y' * 998}\r\nz\r\n{'.' * 999}\r\n.")).startswith("250")
        assert (await talk.ask("NOOP " + "x" * 1_000)).startswith("500 5.5.2")
        assert await talk.hear() == ""
    assert len(mails) == 1


async def test_the_number_of_recipients_has_a_limit() -> None:
    async with listening(ListenerLimits(recipients=2)) as (listener, _):
        talk = await Talk.begin(listener)
        await talk.open_envelope()
        assert (await talk.ask("RCPT TO:<b@y.example>"))[:3] == "250"
        assert (await talk.ask("RCPT TO:<c@y.example>")).startswith("452 4.5.3")


async def test_too_many_errors_end_the_conversation() -> None:
    async with listening(ListenerLimits(bad_commands=3)) as (listener, _):
        talk = await Talk.begin(listener)
        answers = [await talk.ask("WHAT") for _ in range(4)]
        assert {answer[:3] for answer in answers} == {"500"}
        assert (await talk.hear()).startswith("421 4.7.0")
        assert await talk.hear() == ""


async def test_a_silent_client_is_left() -> None:
    async with listening(ListenerLimits(idle_seconds=0.1)) as (listener, _):
        talk = await Talk.begin(listener)
        await talk.open_data()
        assert (await talk.hear()).startswith("421 4.4.2")
        assert await talk.hear() == ""


async def test_too_many_connections_are_turned_away() -> None:
    async with listening(ListenerLimits(connections=1)) as (listener, _):
        first = await Talk.begin(listener)
        reader, writer = await asyncio.open_connection(*listener.address)
        assert (await reader.readline()).startswith(b"421 4.7.0")
        writer.close()
        assert (await first.ask("QUIT")).startswith("221")
        assert await first.hear() == ""
        await asyncio.sleep(0.01)
        await Talk.begin(listener)


async def test_stopping_lets_a_mail_in_progress_end() -> None:
    async with listening() as (listener, mails):
        busy, idle = await Talk.begin(listener), await Talk.begin(listener)
        await idle.ask("EHLO me")
        await busy.open_data()
        address = listener.address
        stop = asyncio.ensure_future(listener.stop(drain_seconds=5))
        assert (await idle.hear()).startswith("421 4.3.2")
        assert await busy.ask("late\r\n.") == "250 2.0.0 Stored"
        assert (await busy.hear()).startswith("421 4.3.2")
        await asyncio.wait_for(stop, 1)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*address)
    assert [mail.raw for mail in mails] == [b"late\r\n"]


async def test_stopping_does_not_wait_for_ever() -> None:
    async with listening() as (listener, mails):
        talk = await Talk.begin(listener)
        await talk.open_data()
        await asyncio.wait_for(listener.stop(drain_seconds=0.05), 1)
        assert await talk.hear() == ""
    assert mails == []


async def test_a_client_that_leaves_in_mid_body_leaves_nothing() -> None:
    async with listening() as (listener, mails):
        talk = await Talk.begin(listener)
        await talk.open_data()
        talk.say("half a mail\r\n")
        talk.writer.close()
        await asyncio.sleep(0.02)
    assert mails == []


async def test_a_message_is_whole_wherever_its_end_is_cut() -> None:
    async with listening() as (listener, mails):
        talk = await Talk.begin(listener)
        await talk.ask("EHLO me")
        for octet_count in range(1, 6):
            await talk.ask("MAIL FROM:<>")
            await talk.ask("RCPT TO:<a@y.example>")
            await talk.ask("DATA")
            text = b"hi\r\n.\r\n"
            talk.say(text[:-octet_count])
            await asyncio.sleep(0.01)
            talk.say(text[-octet_count:])
            assert await talk.hear() == "250 2.0.0 Stored"
    assert [mail.raw for mail in mails] == [b"hi\r\n"] * 5
