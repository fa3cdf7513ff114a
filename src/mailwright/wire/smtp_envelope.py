"""MAIL, RCPT and DATA: asking a server whether it wants a mail.

With PIPELINING (RFC 2920) the three leave in one write and cost one round trip; without it they go
one by one, because such a server may throw away what comes too early. An envelope that was refused
stays open at the server, so the next one begins with RSET.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailwright.errors import InvalidInput
from mailwright.wire.smtp_channel import SmtpChannel
from mailwright.wire.smtp_reply import ConnectionDropped, Phase, Reply
from mailwright.wire.smtp_text import checked_address

FINAL_DOT = b".\r\n"
_PHASES = (Phase.MAIL, Phase.RCPT, Phase.DATA)

Answer = tuple[Phase, Reply]  # the first no, or the 354 of DATA


@dataclass(frozen=True, slots=True)
class Envelope:
    """The commands of one mail to one address, safe to write."""

    mail: bytes
    rcpt: bytes
    data: bytes = b"DATA\r\n"

    @classmethod
    def of(
        cls,
        sender: str,
        recipient: str,
        size: int,
        extensions: Mapping[str, str],
        *,
        eight_bit: bool,
    ) -> Envelope:
        """An envelope in the words this server knows; InvalidInput for an unsafe address.

        An empty sender is the null path. An 8-bit body needs 8BITMIME (RFC 6152 section 3).
        """
        if sender:
            checked_address(sender, "envelope_sender")
        checked_address(recipient, "recipient")
        if eight_bit and "8BITMIME" not in extensions:
            raise InvalidInput(
                "The mail server takes only 7-bit mail.",
                code="NEEDS_7BIT",
                details={"body": ["Encode it as quoted-printable or base64 before signing."]},
            )
        announced = f" SIZE={size}" if "SIZE" in extensions else ""
        declared = " BODY=8BITMIME" if eight_bit else ""
        return cls(
            f"MAIL FROM:<{sender}>{announced}{declared}\r\n".encode(),
            f"RCPT TO:<{recipient}>\r\n".encode(),
        )


def says_yes(answer: Answer) -> bool:
    """True when the server agrees: 354 to DATA, any 2xx to the others."""
    phase, reply = answer
    return reply.code == 354 if phase is Phase.DATA else reply.is_positive


async def offer_in_turn(channel: SmtpChannel, envelope: Envelope, *, reset: bool) -> Answer:
    """Say one command, wait, say the next; stops at the first no."""
    if reset:
        channel.send(b"RSET\r\n")
        await channel.reply(Phase.MAIL)
    answer: Answer | None = None
    for phase, command in zip(_PHASES, (envelope.mail, envelope.rcpt, envelope.data), strict=True):
        channel.send(command)
        answer = phase, await channel.reply(phase)
        if not says_yes(answer):
            break
    assert answer is not None
    return answer


async def offer_at_once(channel: SmtpChannel, envelope: Envelope, *, reset: bool) -> Answer:
    """Say everything in one write and read the replies after."""
    channel.send(
        b"%b%b%b%b" % (b"RSET\r\n" if reset else b"", envelope.mail, envelope.rcpt, envelope.data)
    )
    if reset:
        await channel.reply(Phase.MAIL)
    mail = Phase.MAIL, await channel.reply(Phase.MAIL)
    if not says_yes(mail):
        await _read_the_rest(channel, Phase.RCPT, Phase.DATA)
        return mail
    rcpt = Phase.RCPT, await channel.reply(Phase.RCPT)
    if not says_yes(rcpt):
        await _read_the_rest(channel, Phase.DATA)
        return rcpt
    return Phase.DATA, await channel.reply(Phase.DATA)


async def _read_the_rest(channel: SmtpChannel, *phases: Phase) -> None:
    """Read what the refused envelope still has coming; leaving meanwhile is the server's right.

    A 354 that nobody wants any more is answered with a lone dot (RFC 2920 section 3.1).
    """
    try:
        for phase in phases:
            reply = await channel.reply(phase)
            if phase is Phase.DATA and reply.code == 354:
                channel.send(FINAL_DOT)
                await channel.reply(Phase.END_OF_DATA)
    except ConnectionDropped:
        return
