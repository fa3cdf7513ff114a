"""The client word by word, against servers that follow a script."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwright.errors import ConfigurationError, InvalidInput, TransportRefused
from mailwright.wire.smtp_client import SmtpConnection
from mailwright.wire.smtp_reply import (
    Accepted,
    ConnectionDropped,
    Deferred,
    Outcome,
    Phase,
    Refused,
)
from mailwright.wire.smtp_text import check_body, dot_stuffed, dot_unstuffed
from mailwright.wire.smtp_url import Transport
from tests.wire.smtp_script import (
    GREETING,
    PIPELINING_SERVER,
    PLAIN_SERVER,
    ScriptedServer,
    scripted_server,
)

ENVELOPE = "C: MAIL FROM:<b@x.example>\nC: RCPT TO:<a@y.example>\nC: DATA\n"
TAKEN = "S: 250 2.1.0 ok\nS: 250 2.1.5 ok\nS: 354 go\nBODY\nS: 250 2.0.0 queued\n"
BODY = b"Subject: hi\r\n\r\nhello\r\n"


async def connect(server: ScriptedServer, timeout_seconds: float = 5) -> SmtpConnection:
    return await SmtpConnection.open(
        server.transport, helo="client.example", timeout_seconds=timeout_seconds
    )


async def send(connection: SmtpConnection, body: bytes = BODY) -> Outcome:
    return await connection.deliver("b@x.example", "a@y.example", body)


async def test_the_envelope_leaves_in_one_write_when_pipelining_is_offered() -> None:
    async with scripted_server(PIPELINING_SERVER + ENVELOPE + TAKEN) as server:
        connection = await connect(server)
        outcome = await send(connection)
        assert isinstance(outcome, Accepted)
        assert outcome.reply.text == "2.0.0 queued"
        assert connection.delivered_count == 1
        assert connection.tls_version is None
        assert server.bodies == [BODY]


async def test_a_server_without_pipelining_gets_one_command_at_a_time() -> None:
    script = (
        "C: MAIL FROM:<b@x.example>\nQUIET\nS: 250 ok\nC: RCPT TO:<a@y.example>\nQUIET\nS: 250 ok\n"
        "C: DATA\nQUIET\nS: 354 go\nBODY\nS: 250 queued\n"
    )
    async with scripted_server(PLAIN_SERVER + script) as server:
        assert isinstance(await send(await connect(server)), Accepted)


async def test_helo_is_tried_when_ehlo_is_unknown() -> None:
    script = (
        GREETING + "S: 502 5.5.1 what?\nC: HELO client.example\nS: 250 relay.example\n"
        "C: MAIL FROM:<b@x.example>\nS: 250 ok\nC: RCPT TO:<a@y.example>\nS: 251 will forward\n"
        "C: DATA\nS: 354 go\nBODY\nS: 250 queued\n"
    )
    async with scripted_server(script) as server:
        connection = await connect(server)
        assert dict(connection.extensions) == {}
        assert isinstance(await send(connection), Accepted)


@pytest.mark.checklist("OUT-22")
async def test_size_and_8bitmime_are_declared_when_they_are_offered() -> None:
    script = (
        GREETING + "S: 250-relay.example\nS: 250-SIZE 1000\nS: 250-8bitmime\nS: 250 PIPELINING\n"
        "C: MAIL FROM:<b@x.example> SIZE=18 BODY=8BITMIME\nC: RCPT TO:<a@y.example>\nC: DATA\n"
        "S: 250 ok\nS: 250 ok\nS: 354 go\nBODY\nS: 250 queued\n"
        "C: MAIL FROM:<b@x.example> SIZE=22\nC: RCPT TO:<a@y.example>\nC: DATA\n" + TAKEN
    )
    async with scripted_server(script) as server:
        connection = await connect(server)
        assert isinstance(await send(connection, "Subject: x\r\n\r\n\u00fc\r\n".encode()), Accepted)
        assert isinstance(await send(connection), Accepted)


@pytest.mark.checklist("OUT-22")
async def test_an_8bit_body_is_not_sent_to_a_7bit_server() -> None:
    async with scripted_server(PIPELINING_SERVER + ENVELOPE + TAKEN) as server:
        connection = await connect(server)
        with pytest.raises(InvalidInput) as caught:
            await send(connection, "Gr\u00fc\u00dfe\r\n".encode())
        assert caught.value.code == "NEEDS_7BIT"
        assert connection.is_usable
        assert isinstance(await send(connection), Accepted)


@pytest.mark.checklist("OUT-22")
async def test_a_mail_above_the_announced_size_is_not_offered() -> None:
    script = GREETING + "S: 250-relay.example\nS: 250 SIZE 20\nQUIET\n"
    async with scripted_server(script) as server:
        connection = await connect(server)
        outcome = await send(connection)
        assert isinstance(outcome, Refused)
        assert outcome.verdict().about == "content"
        assert not outcome.verdict().stops_route
        await server.finished.wait()


@pytest.mark.parametrize(
    ("replies", "kind", "phase"),
    [
        ("S: 250 ok\nS: 550 5.1.1 no\nS: 503 5.5.1 no recipients\n", Refused, Phase.RCPT),
        ("S: 250 ok\nS: 451 4.7.1 later\nS: 554 5.5.1 no recipients\n", Deferred, Phase.RCPT),
        ("S: 250 ok\nS: 250 ok\nS: 554 5.7.1 no\n", Refused, Phase.DATA),
        ("S: 250 ok\nS: 250 ok\nS: 451 4.3.0 disk\n", Deferred, Phase.DATA),
        ("S: 552 5.3.4 big\nS: 503 MAIL?\nS: 503 RCPT?\n", Refused, Phase.MAIL),
        ("S: 452 4.3.1 disk\nS: 503 MAIL?\nS: 503 RCPT?\n", Deferred, Phase.MAIL),
    ],
)
async def test_a_refused_envelope_is_reset_and_the_next_mail_goes(
    replies: str, kind: type, phase: Phase
) -> None:
    again = "C: RSET\n" + ENVELOPE + "S: 250 reset\n" + TAKEN
    async with scripted_server(PIPELINING_SERVER + ENVELOPE + replies + again) as server:
        connection = await connect(server)
        outcome = await send(connection)
        assert type(outcome) is kind
        assert not isinstance(outcome, Accepted)
        assert outcome.phase is phase
        assert connection.is_usable
        assert isinstance(await send(connection), Accepted)
        assert server.bodies == [BODY]


async def test_an_unwanted_354_is_answered_with_a_lone_dot() -> None:
    script = (
        ENVELOPE + "S: 250 ok\nS: 550 5.1.1 no\nS: 354 go\nC: .\nS: 554 no recipients\n"
        "C: RSET\n" + ENVELOPE + "S: 250 reset\n" + TAKEN
    )
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server)
        outcome = await send(connection)
        assert isinstance(outcome, Refused)
        assert outcome.verdict().suppress
        assert isinstance(await send(connection), Accepted)


async def test_without_pipelining_a_refused_recipient_ends_the_envelope() -> None:
    script = (
        "C: MAIL FROM:<b@x.example>\nS: 250 ok\nC: RCPT TO:<a@y.example>\nS: 550 5.1.1 no\n"
        "C: RSET\nS: 250 ok\nC: MAIL FROM:<b@x.example>\nS: 250 ok\n"
        "C: RCPT TO:<a@y.example>\nS: 250 ok\nC: DATA\nS: 354 go\nBODY\nS: 250 queued\n"
    )
    async with scripted_server(PLAIN_SERVER + script) as server:
        connection = await connect(server)
        assert isinstance(await send(connection), Refused)
        assert isinstance(await send(connection), Accepted)


@pytest.mark.parametrize(
    ("reply", "kind"), [("552 5.3.4 too big", Refused), ("451-4.3.0 x\nS: 451 4.3.0 y", Deferred)]
)
async def test_a_refusal_of_the_body_leaves_a_clean_connection(reply: str, kind: type) -> None:
    script = (
        ENVELOPE + "S: 250 ok\nS: 250 ok\nS: 354 go\nBODY\nS: " + reply + "\n" + ENVELOPE + TAKEN
    )
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server)
        outcome = await send(connection)
        assert type(outcome) is kind
        assert connection.delivered_count == 0
        assert isinstance(await send(connection), Accepted)


@pytest.mark.parametrize(
    ("script", "phase"),
    [
        ("S: 554 5.7.1 go away\n", "greeting"),
        ("S: 421 4.3.2 busy\nCLOSE\n", "greeting"),
        ("CLOSE\n", "greeting"),
        ("S: HTTP/1.1 400 Bad Request\n", "greeting"),
        ("SILENCE\n", "greeting"),
        ("S: 220 hi\nC: EHLO *\nCLOSE\n", "ehlo"),
        ("S: 220 hi\nC: EHLO *\nS: 421 no\n", "ehlo"),
        ("S: 220 hi\nC: EHLO *\nS: 550 no\nC: HELO *\nS: 550 no\n", "ehlo"),
        ("S: 220 hi\nC: EHLO *\nSILENCE\n", "ehlo"),
    ],
)
async def test_a_server_that_will_not_talk_refuses_the_transport(script: str, phase: str) -> None:
    async with scripted_server(script) as server:
        with pytest.raises(TransportRefused) as caught:
            await connect(server, timeout_seconds=0.2)
        assert caught.value.details["phase"] == phase


async def test_a_closed_port_refuses_the_transport() -> None:
    async with scripted_server("CLOSE") as server:
        transport = server.transport
        server.finished.set()
    with pytest.raises(TransportRefused) as caught:
        await SmtpConnection.open(transport, helo="client.example")
    assert caught.value.details["phase"] == "connect"


async def test_an_inbox_that_is_not_listening_yet_is_said_so() -> None:
    with pytest.raises(ConfigurationError, match="not listening"):
        await SmtpConnection.open(Transport.parse("capture:"), helo="client.example")


async def test_leaving_between_begin_and_finish_sends_nothing() -> None:
    script = ENVELOPE + "S: 250 ok\nS: 250 ok\nS: 354 go\nQUIET\n"
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server)
        await connection.begin("b@x.example", "a@y.example", len(BODY))
        await connection.quit()
        assert not connection.is_usable


@pytest.mark.parametrize("reply", ["530 5.7.0 log in first", "550 5.7.1 not from you", "421 no"])
async def test_a_refused_sender_is_trouble_with_the_route(reply: str) -> None:
    script = ENVELOPE + f"S: {reply}\nS: 503 MAIL?\nS: 503 RCPT?\n"
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server)
        with pytest.raises(TransportRefused) as caught:
            await send(connection)
        assert caught.value.details["phase"] == "mail"
        assert caught.value.details["reply"] == reply


async def test_a_goodbye_between_two_mails_is_a_dropped_connection() -> None:
    script = ENVELOPE + TAKEN + ENVELOPE + "S: 421 4.7.0 enough on this connection\nCLOSE\n"
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server)
        await send(connection)
        with pytest.raises(ConnectionDropped) as caught:
            await send(connection)
        assert not caught.value.after_final_dot
        assert not connection.is_usable


@pytest.mark.parametrize(
    ("script", "phase"),
    [
        (ENVELOPE + "CLOSE\n", "mail"),
        (ENVELOPE + "S: 250 ok\nCLOSE\n", "rcpt"),
        (ENVELOPE + "S: 250 ok\nS: 250 ok\nCLOSE\n", "data"),
        (ENVELOPE + "S: 250 ok\nS: 250 ok\nSILENCE\n", "data"),
        (ENVELOPE + "S: 250 ok\nS: 250 ok\nS: 250 out of step\n", "data"),
        (ENVELOPE + "S: 250 ok\nS: what?\n", "rcpt"),
    ],
)
async def test_a_drop_before_the_final_dot_is_certain(script: str, phase: str) -> None:
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server, timeout_seconds=0.2)
        with pytest.raises(ConnectionDropped) as caught:
            await send(connection)
        assert caught.value.after_final_dot is False
        assert caught.value.phase == phase
        assert not connection.is_usable


@pytest.mark.parametrize("ending", ["CLOSE\n", "SILENCE\n", "S: gibberish\n", "S: 250-half\nCLOSE"])
async def test_a_drop_after_the_final_dot_is_unknown(ending: str) -> None:
    script = ENVELOPE + "S: 250 ok\nS: 250 ok\nS: 354 go\nBODY\n" + ending
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server, timeout_seconds=0.2)
        with pytest.raises(ConnectionDropped) as caught:
            await send(connection)
        assert caught.value.after_final_dot is True
        assert server.bodies == [BODY]


async def test_a_refusal_counts_even_when_the_server_hangs_up_behind_it() -> None:
    script = ENVELOPE + "S: 250 ok\nS: 550 5.1.1 no\nCLOSE\n"
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server)
        assert isinstance(await send(connection), Refused)
        assert not connection.is_usable


async def test_a_421_to_one_recipient_defers_it_and_closes() -> None:
    script = ENVELOPE + "S: 250 ok\nS: 421 4.7.28 too many\nS: 503 no\nSILENCE\n"
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server)
        outcome = await send(connection)
        assert isinstance(outcome, Deferred)
        assert outcome.verdict().about == "rate"
        assert not connection.is_usable


async def test_a_drop_between_begin_and_finish_is_certain() -> None:
    script = ENVELOPE + "S: 250 ok\nS: 250 ok\nS: 354 go\nCLOSE\n"
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server)
        assert isinstance(await connection.begin("b@x.example", "a@y.example", len(BODY)), Accepted)
        await server.finished.wait()
        await asyncio.sleep(0.01)
        with pytest.raises(ConnectionDropped) as caught:
            await connection.finish(BODY)
        assert caught.value.after_final_dot is False


async def test_a_server_that_leaves_in_the_middle_of_a_large_body_does_not_have_it() -> None:
    script = ENVELOPE + "S: 250 ok\nS: 250 ok\nS: 354 go\nS: 552 5.3.4 too much\nCLOSE\n"
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server)
        await connection.begin("b@x.example", "a@y.example", 50_000_000)
        await server.finished.wait()
        await asyncio.sleep(0.01)
        outcome = await connection.finish(b"x" * 70 + b"\r\n" + b"y" * 50_000_000)
        assert isinstance(outcome, Refused)
        assert not connection.is_usable


async def test_a_server_that_stops_reading_is_left() -> None:
    script = ENVELOPE + "S: 250 ok\nS: 250 ok\nS: 354 go\nSILENCE\n"
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server, timeout_seconds=0.2)
        await connection.begin("b@x.example", "a@y.example", 50_000_000)
        with pytest.raises(ConnectionDropped) as caught:
            await connection.finish(b"x" * 50_000_000)
        assert caught.value.after_final_dot is False


async def test_an_idle_connection_that_was_closed_shows_as_unusable() -> None:
    async with scripted_server(PIPELINING_SERVER + "S: 421 4.4.2 idle\nCLOSE\n") as server:
        connection = await connect(server)
        await server.finished.wait()
        await asyncio.sleep(0.01)
        assert not connection.is_usable
        await connection.quit()


async def test_a_canceled_attempt_closes_the_connection() -> None:
    async with scripted_server(PIPELINING_SERVER + ENVELOPE + "SILENCE\n") as server:
        connection = await connect(server)
        attempt = asyncio.ensure_future(send(connection))
        await asyncio.sleep(0.02)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        assert not connection.is_usable


async def test_a_connection_retires_after_its_share_of_mails() -> None:
    script = PIPELINING_SERVER + ENVELOPE + TAKEN + "C: QUIT\nS: 221 bye\n"
    async with scripted_server(script) as server:
        connection = await SmtpConnection.open(
            server.transport, helo="client.example", most_messages=1
        )
        await send(connection)
        assert not connection.is_usable
        await connection.quit()
        await server.finished.wait()


async def test_credentials_go_by_plain_when_offered() -> None:
    script = (
        GREETING + "S: 250-relay.example\nS: 250 AUTH LOGIN PLAIN\n"
        "C: AUTH PLAIN AHXDvABwOnc=\nS: 235 2.7.0 hello\n"
    )
    async with scripted_server(script) as server:
        transport = server.transport.parse(f"smtp://u%C3%BC:p%3Aw@127.0.0.1:{server.port}")
        await SmtpConnection.open(transport, helo="client.example")


async def test_credentials_go_by_login_otherwise() -> None:
    script = (
        GREETING + "S: 250-relay.example\nS: 250 AUTH=login\n"
        "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: dXNlcg==\nS: 334 UGFzc3dvcmQ6\nC: cHc=\nS: 235 ok\n"
    )
    async with scripted_server(script) as server:
        transport = server.transport.parse(f"smtp://user:pw@127.0.0.1:{server.port}")
        await SmtpConnection.open(transport, helo="client.example")


@pytest.mark.parametrize(
    ("offer", "talk", "code"),
    [
        ("AUTH PLAIN", "C: AUTH PLAIN *\nS: 535 5.7.8 wrong\n", 535),
        ("AUTH PLAIN", "C: AUTH PLAIN *\nS: 454 4.7.0 later\n", 454),
        ("AUTH PLAIN", "C: AUTH PLAIN *\nS: 334 more?\n", 334),
        ("AUTH LOGIN", "C: AUTH LOGIN\nS: 535 5.7.8 wrong\n", 535),
        ("AUTH CRAM-MD5", "", None),
        ("PIPELINING", "", None),
    ],
)
async def test_failed_authentication_refuses_the_transport(
    offer: str, talk: str, code: int | None
) -> None:
    script = GREETING + f"S: 250-relay.example\nS: 250 {offer}\n" + talk
    async with scripted_server(script) as server:
        transport = server.transport.parse(f"smtp://user:hush@127.0.0.1:{server.port}")
        with pytest.raises(TransportRefused) as caught:
            await SmtpConnection.open(transport, helo="client.example")
        assert caught.value.details["phase"] == "auth"
        assert caught.value.details.get("smtp_code") == code
        assert "hush" not in str(caught.value)


BAD_ADDRESSES = [
    "a@y.example\r\nRCPT TO:<evil@z.example>", "a@y.example\n", "\ra@y.example", "a\0@y.example",
    "a b@y.example", "<a@y.example>", "a@y.example> SIZE=0", "a\t@y.example",
    "gr\u00fc\u00dfe@y.example",
    "a@y.example\u2028", "a@y.example\x85", "\x7f@y.example", "x" * 255,
]  # fmt: skip


@pytest.mark.checklist("SEC-04")
@pytest.mark.parametrize("address", BAD_ADDRESSES)
async def test_no_address_can_break_the_dialogue(address: str) -> None:
    async with scripted_server(PIPELINING_SERVER + "QUIET\n") as server:
        connection = await connect(server)
        with pytest.raises(InvalidInput) as caught:
            await connection.deliver("b@x.example", address, BODY)
        assert "recipient" in caught.value.details
        with pytest.raises(InvalidInput) as caught:
            await connection.deliver(address, "a@y.example", BODY)
        assert "envelope_sender" in caught.value.details
        await server.finished.wait()
        assert connection.is_usable


@pytest.mark.checklist("SEC-04")
@pytest.mark.parametrize("helo", ["", "a b", "x\r\nRSET", "x\n", "\u00fc.example"])
async def test_no_helo_name_can_break_the_dialogue(helo: str) -> None:
    async with scripted_server("QUIET\n") as server:
        with pytest.raises(ConfigurationError, match="HELO"):
            await SmtpConnection.open(server.transport, helo=helo)
        server.finished.set()


# The ten endings of smtpsmug (github.com/hannob/smtpsmug) that some servers took for the end.
SMUGGLED_ENDINGS = [
    b"\n.\n", b"\r.\r", b"\r.\n", b"\n.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r",
    b"\r\n\0.\r\n", b"\r\n.\0\r\n",
]  # fmt: skip


@pytest.mark.checklist("SEC-05", "OUT-03")
@pytest.mark.parametrize("ending", SMUGGLED_ENDINGS)
async def test_a_body_that_could_smuggle_is_refused_before_a_byte_is_written(ending: bytes) -> None:
    body = BODY + ending + b"MAIL FROM:<evil@z.example>\r\n"
    async with scripted_server(PIPELINING_SERVER + ENVELOPE + TAKEN) as server:
        connection = await connect(server)
        with pytest.raises(InvalidInput):
            await send(connection, body)
        assert connection.is_usable
        assert isinstance(await send(connection), Accepted)
        assert server.bodies == [BODY]


@pytest.mark.checklist("SEC-05")
async def test_a_bad_body_after_begin_closes_the_connection_unsent() -> None:
    script = ENVELOPE + "S: 250 ok\nS: 250 ok\nS: 354 go\nQUIET\n"
    async with scripted_server(PIPELINING_SERVER + script) as server:
        connection = await connect(server)
        await connection.begin("b@x.example", "a@y.example", 4)
        with pytest.raises(InvalidInput):
            await connection.finish(b"a\nb\r\n")
        assert not connection.is_usable


canonical_bodies = st.lists(
    st.sampled_from([b".", b"..", b"", b"x", b".x", b"\xc3\xbc", b" ."]), max_size=12
).map(lambda lines: b"".join(line + b"\r\n" for line in lines))


@pytest.mark.checklist("OUT-21")
@given(canonical_bodies)
def test_dot_stuffing_is_undone_by_the_other_side(body: bytes) -> None:
    stuffed = dot_stuffed(body)
    assert b"\r\n.\r\n" not in b"\r\n" + stuffed
    assert dot_unstuffed(stuffed) == body


@given(st.binary(max_size=200) | st.text(alphabet="\r\n.x", max_size=30).map(str.encode))
def test_every_stray_newline_is_found(body: bytes) -> None:
    without_pairs = body.replace(b"\r\n", b" ")
    if any(octet in without_pairs for octet in b"\r\n\0"):
        with pytest.raises(InvalidInput):
            check_body(body)
    else:
        check_body(body)
