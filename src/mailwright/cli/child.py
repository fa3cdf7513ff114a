"""One process under the supervisor.

    python -m mailwright.cli.child KIND PARENT READY_FD [SOCKET_FD]

KIND is one of KINDS. It writes one byte to READY_FD when it is at work, ends its work on
SIGTERM, leaves Ctrl-C to its parent, and does not outlive it.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from mailwright.cli.errors import explain
from mailwright.cli.process import keep_private, run_async, settings_of_process

if TYPE_CHECKING:
    from mailwright.services.runtime import Runtime

PARENT_WATCH_SECONDS = 0.5
WEB_DRAIN_SECONDS = 5  # for answers under way when told to stop
_PR_SET_PDEATHSIG = 1

Ready = Callable[[], None]


async def _web(
    runtime: Runtime, where: socket.socket | None, ready: Ready, stop: asyncio.Event
) -> None:
    import uvicorn

    from mailwright.app import create_web_app

    class Server(uvicorn.Server):
        """Tells when it answers; our own handler takes the signals."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

        @contextmanager
        def capture_signals(self) -> Generator[None]:
            yield

    assert where is not None
    proxies = runtime.settings.trusted_proxies
    server = Server(
        uvicorn.Config(
            create_web_app(runtime),
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            timeout_graceful_shutdown=WEB_DRAIN_SECONDS,
        )
    )
    _spare_the_collector()
    serving = asyncio.create_task(server.serve(sockets=[where]))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    stopped.cancel()
    await serving


def _spare_the_collector() -> None:
    """What was made at the start stays: the collector need not walk it while requests wait.

    Requests make few cycles; at its default threshold of 700 the collector ran every few calls.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _inbox(
    runtime: Runtime, where: socket.socket | None, ready: Ready, stop: asyncio.Event
) -> None:
    from mailwright.app import run_inbox

    assert where is not None
    await run_inbox(runtime, where, ready=ready, stop=stop)


async def _returned_mail(
    runtime: Runtime, where: socket.socket | None, ready: Ready, stop: asyncio.Event
) -> None:
    from mailwright.app import run_returned_mail

    assert where is not None
    await run_returned_mail(runtime, where, ready=ready, stop=stop)


async def _worker(
    runtime: Runtime, _where: socket.socket | None, ready: Ready, stop: asyncio.Event
) -> None:
    from mailwright.app import run_worker

    _spare_the_collector()
    ready()
    await run_worker(runtime, stop=stop)


KINDS = {"web": _web, "inbox": _inbox, "returned-mail": _returned_mail, "worker": _worker}


async def run_child(kind: str, parent: int, ready_fd: int, where: socket.socket | None) -> None:
    """Runs one kind of process until SIGTERM, or until its parent is gone."""
    from mailwright.app import open_runtime

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    watch = asyncio.create_task(_watch(parent, stop))
    try:
        async with open_runtime(settings_of_process(), prepare=False) as runtime:
            await KINDS[kind](runtime, where, partial(_tell, ready_fd), stop)
    finally:
        watch.cancel()
    if not stop.is_set():
        raise RuntimeError(f"the {kind} process ended by itself")


async def _watch(parent: int, stop: asyncio.Event) -> None:
    """Where the system cannot tell us that our parent died, we look."""
    while os.getppid() == parent:  # noqa: ASYNC110  # nobody would set an event
        await asyncio.sleep(PARENT_WATCH_SECONDS)  # nobody sets an event for it
    stop.set()


def _die_with_parent(parent: int, order: signal.Signals) -> None:
    """Linux sends us `order` when our parent is gone, however it went (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(order), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)  # it died before we could ask


def _tell(ready_fd: int) -> None:
    os.write(ready_fd, b"!")
    os.close(ready_fd)


def main(arguments: Sequence[str]) -> None:
    """The process's whole life."""
    keep_private()
    kind, parent, ready_fd, *socket_fd = arguments
    # A worker finishes the mail in hand; web and inbox would keep their ports from a successor.
    order = signal.SIGTERM if kind == "worker" else signal.SIGKILL
    _die_with_parent(int(parent), order)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    where = socket.socket(fileno=int(socket_fd[0])) if socket_fd else None
    try:
        run_async(run_child(kind, int(parent), int(ready_fd), where))
    except Exception as error:  # the last place that can turn one into a sentence
        sys.exit(explain(error))


if __name__ == "__main__":
    main(sys.argv[1:])
