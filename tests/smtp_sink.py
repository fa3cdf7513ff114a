"""A mail server for tests and benchmarks that takes everything, or what its script says.

In a test:

    async with SmtpSink() as sink:
        sink.answer(Phase.RCPT, "451 4.7.1 later", recipient="slow@*", times=1)
        ...  # send to sink.transport
        assert sink.recipients == ["a@x.example"]

In a process of its own, for tests that kill the sender; it prints {"port": N} and stops at SIGTERM:

    python tests/smtp_sink.py --port 0 --record FILE --answer rcpt:*@full.example:550 5.2.2 full

Each accepted mail appends `recipient <TAB> message-id` to FILE before the sender hears of it, so
that the ledger can be compared with what really arrived, repeats included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Self

import uvloop

from mailwright.wire.smtp_listener import (
    CapturedMail,
    Dialogue,
    Handler,
    HangUp,
    ListenerLimits,
    SessionFacts,
    SmtpListener,
)
from mailwright.wire.smtp_reply import Phase, Reply
from mailwright.wire.smtp_url import Transport

DROP = "drop"  # hang up without a word; at the final dot the mail is not taken
TAKE_AND_DROP = "take-and-drop"  # at the final dot: take the mail, then hang up without a word
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass
class Answer:
    """One scripted answer: a reply such as `451 4.7.1 later`, DROP, TAKE_AND_DROP, `delay 0.5`."""

    phase: Phase
    action: str
    recipient: str = "*"  # a pattern; phases before RCPT have no recipient and match `*` only
    times: int | None = None  # per recipient; then the sink is friendly again. None: always
    _given: Counter[str] = field(default_factory=Counter[str])

    def applies(self, phase: Phase, recipient: str) -> bool:
        """True when it is this answer's turn; counts it as given."""
        if phase is not self.phase or not fnmatchcase(recipient, self.recipient):
            return False
        self._given[recipient] += 1
        return self.times is None or self._given[recipient] <= self.times


class SinkDialogue(Dialogue):
    """Looks the answer up in the script, else says yes."""

    def __init__(self, sink: SmtpSink, handler: Handler) -> None:
        super().__init__(handler)
        self._sink = sink

    def extensions(self, limits: ListenerLimits) -> tuple[str, ...]:
        offered = super().extensions(limits)
        return tuple(line for line in offered if line.split()[0] not in self._sink.hidden)

    async def greeting(self, session: SessionFacts) -> Reply:
        return await self._scripted(Phase.GREETING) or await super().greeting(session)

    async def hello(self, session: SessionFacts) -> Reply:
        return await self._scripted(Phase.EHLO) or await super().hello(session)

    async def authenticate(self, session: SessionFacts, username: str, password: str) -> Reply:
        scripted = await self._scripted(Phase.AUTH)
        return scripted or await super().authenticate(session, username, password)

    async def mail(self, session: SessionFacts, sender: str) -> Reply:
        return await self._scripted(Phase.MAIL) or await super().mail(session, sender)

    async def rcpt(self, session: SessionFacts, recipient: str) -> Reply:
        scripted = await self._scripted(Phase.RCPT, recipient)
        return scripted or await super().rcpt(session, recipient)

    async def data(self, session: SessionFacts) -> Reply:
        scripted = await self._scripted(Phase.DATA, session.recipients[0])
        return scripted or await super().data(session)

    async def end_of_data(self, session: SessionFacts, mail: CapturedMail) -> Reply:
        scripted = await self._scripted(Phase.END_OF_DATA, mail.recipients[0], mail)
        return scripted or await super().end_of_data(session, mail)

    async def _scripted(
        self, phase: Phase, recipient: str = "", mail: CapturedMail | None = None
    ) -> Reply | None:
        for answer in self._sink.answers:
            if not answer.applies(phase, recipient):
                continue
            if answer.action.startswith("delay "):
                await asyncio.sleep(float(answer.action.removeprefix("delay ")))
                continue
            if answer.action == TAKE_AND_DROP and mail is not None:
                await self.handler(mail)
            if answer.action in (DROP, TAKE_AND_DROP):
                raise HangUp
            code, _, text = answer.action.partition(" ")
            return Reply.of(int(code), text)
        return None


class SmtpSink:
    """The sink: `transport` to send to, `mails` and `recipients` it took, `answer` to script it."""

    def __init__(
        self,
        *,
        port: int = 0,
        record: Path | None = None,
        keep: bool = True,
        hidden: frozenset[str] = frozenset(),
        limits: ListenerLimits | None = None,
    ) -> None:
        self.mails: list[CapturedMail] = []
        self.answers: list[Answer] = []
        self.accepted_count = 0
        self.hidden = hidden  # extensions it does not offer, such as PIPELINING
        self._port = port
        self._keep = keep  # False: count only, for long runs
        self._record = record
        self._file: int | None = None
        self._listener = SmtpListener(self.take, limits=limits, dialogue=self._dialogue)

    def _dialogue(self, handler: Handler) -> Dialogue:
        return SinkDialogue(self, handler)

    def answer(
        self, phase: Phase, action: str, *, recipient: str = "*", times: int | None = None
    ) -> None:
        """Script an answer; earlier ones go first."""
        self.answers.append(Answer(phase, action, recipient, times))

    @property
    def transport(self) -> Transport:
        """Where to send."""
        host, port = self._listener.address
        return Transport.parse(f"smtp://{host}:{port}")

    @property
    def recipients(self) -> list[str]:
        """Who got mail, in order, repeats included."""
        return [recipient for mail in self.mails for recipient in mail.recipients]

    async def take(self, mail: CapturedMail) -> None:
        """Accept a mail: count it, keep it, write it down."""
        self.accepted_count += 1
        if self._keep:
            self.mails.append(mail)
        if self._file is not None:
            found = _MESSAGE_ID.search(mail.raw)
            message_id = found[1].decode("ascii", "replace") if found else "-"
            lines = "".join(f"{recipient}\t{message_id}\n" for recipient in mail.recipients)
            os.write(self._file, lines.encode())

    async def start(self) -> None:
        if self._record is not None:
            self._file = os.open(self._record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        await self._listener.start(("127.0.0.1", self._port))

    async def stop(self) -> None:
        await self._listener.stop(drain_seconds=1)
        if self._file is not None:
            os.close(self._file)
            self._file = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()


def parse_answer(text: str) -> Answer:
    """An answer from the command line, `phase:recipient pattern:[times x ]action`."""
    phase, recipient, action = text.split(":", 2)
    counted = re.match(r"(\d+) ?x (.+)", action)
    times = int(counted[1]) if counted else None
    return Answer(Phase(phase), counted[2] if counted else action, recipient, times)


async def _serve(port: int, record: Path | None, answers: list[Answer]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with SmtpSink(port=port, record=record, keep=False) as sink:
        sink.answers.extend(answers)
        print(json.dumps({"port": sink.transport.port}), flush=True)
        await stopped.wait()


def main() -> None:
    """Run a mail server for tests; prints its port as JSON, stops at SIGTERM."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--answer", type=parse_answer, action="append", default=[])
    options = parser.parse_args()
    uvloop.run(_serve(options.port, options.record, options.answer))


if __name__ == "__main__":
    main()
