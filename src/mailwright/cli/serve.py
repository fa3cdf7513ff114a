"""`mailwright serve` and `mailwright worker`: the server, and workers for further machines."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from mailwright.cli.output import JsonOption, emit, note
from mailwright.cli.process import announce_owner, run_async, settings_of_process

if TYPE_CHECKING:
    import socket

    from mailwright.cli.supervisor import Role, Supervisor
    from mailwright.settings import Settings

Workers = Annotated[
    int | None,
    typer.Option(min=0, max=256, help="Delivery workers; one per core when absent, 0 for none."),
]


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 means any.")
    ] = None,
    workers: Workers = None,
    as_json: JsonOption = False,
) -> None:
    """Run API, dashboard, tracking, inbox, scheduler and delivery until SIGTERM or Ctrl-C.

    Migrates the database first, starts a process again that dies, and stops within 10 seconds.
    """
    settings = settings_of_process()
    given = {"host": host, "port": port}
    settings = settings.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    count = _cores() if workers is None else workers
    run_async(_serve(settings, count, as_json=as_json))


def worker(
    workers: Workers = None,
    as_json: JsonOption = False,
) -> None:
    """Run delivery and job workers only, for further machines on the same PostgreSQL."""
    settings = settings_of_process()
    count = max(1, _cores() if workers is None else workers)
    run_async(_work(settings, count, as_json=as_json))


async def _serve(settings: Settings, workers: int, *, as_json: bool) -> None:
    from mailwright.app import open_runtime
    from mailwright.cli.sockets import listen_capture, listen_http, listen_returned_mail
    from mailwright.cli.supervisor import Role, Supervisor
    from mailwright.services import installation

    with (
        listen_http(settings.host, settings.port) as http,
        listen_capture() as capture,
        listen_returned_mail(settings.returned_mail_address) as returned,
    ):
        settings = settings.model_copy(update={"port": http.getsockname()[1]})
        inbox: tuple[str, int] = capture.getsockname()
        roles = [
            Role("web", "web", http.fileno()),
            Role("inbox", "inbox", capture.fileno(), stage=1),
            *([Role("returned mail", "returned-mail", returned.fileno())] if returned else []),
            *_workers(workers),
        ]
        row = {
            "url": settings.base_url,
            "capture_address": _address(capture),
            "returned_mail_address": _address(returned) if returned else None,
            "workers": workers,
        }

        def tell() -> None:
            emit(row, as_json, lambda: [f"Mailwright is ready at {settings.base_url}"])

        async with open_runtime(
            settings, announce=announce_owner, revive=True, pool_size=2
        ) as runtime:
            _tell_of_capture(settings)
            await installation.publish_capture_address(runtime, *inbox)
            try:
                await _supervise(Supervisor(roles, _environment(settings)), tell)
            finally:
                await installation.withdraw_capture_address(runtime, *inbox)


async def _work(settings: Settings, workers: int, *, as_json: bool) -> None:
    from mailwright.app import open_runtime
    from mailwright.cli.supervisor import Supervisor

    def tell() -> None:
        emit({"workers": workers}, as_json, lambda: [f"{workers} workers are ready."])

    async with open_runtime(settings, prepare=False, revive=True, pool_size=2):
        supervisor = Supervisor(_workers(workers), _environment(settings))
        await _supervise(supervisor, tell)


async def _supervise(supervisor: Supervisor, tell: Callable[[], None]) -> None:
    """Until the first signal; a second one does not wait for anybody."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def told() -> None:
        if stop.is_set():
            supervisor.kill()
        stop.set()

    for order in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(order, told)
    await supervisor.run(stop, on_ready=tell)


def _address(listening: socket.socket) -> str:
    host, port, *_ = listening.getsockname()
    return f"{host}:{port}"


def _workers(count: int) -> list[Role]:
    from mailwright.cli.supervisor import Role

    return [Role(f"worker {number}", "worker") for number in range(1, count + 1)]


def _environment(settings: Settings) -> dict[str, str]:
    """What children read their settings from: ours, with what the command line said."""
    said = {"MAILWRIGHT_HOST": settings.host, "MAILWRIGHT_PORT": str(settings.port)}
    return {**os.environ, **said}


def _tell_of_capture(settings: Settings) -> None:
    if settings.smtp_url.get_secret_value().strip() == "capture:":
        note(
            "MAILWRIGHT_SMTP_URL is capture: no mail leaves this machine, all of it arrives in the "
            "built-in inbox."
        )


def _cores() -> int:
    """Cores this process may use."""
    return max(
        1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
