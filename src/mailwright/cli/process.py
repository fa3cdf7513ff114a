"""How a command runs: settings, logs, a loop that SIGTERM ends, and the runtime."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from mailwright.cli.output import note

if TYPE_CHECKING:
    from mailwright.services.runtime import Runtime
    from mailwright.services.set_up import FirstOwner
    from mailwright.settings import Settings

Answer = TypeVar("Answer")

TERMINATED = 128 + signal.SIGTERM
_OTHERS = 0o077  # in a mode: everybody but the owner


def keep_private() -> None:
    """Whatever this process writes is for its owner only: logs hold a password, exports people."""
    os.umask(_OTHERS)


def settings_of_process() -> Settings:
    """The settings, with logs set up as they say. Raises ConfigurationError."""
    from mailwright.logs import configure_logs
    from mailwright.settings import load_settings

    settings = load_settings()
    configure_logs(settings.log_format)
    return settings


def run_async(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Runs `work` to its end on the fast loop; SIGTERM cancels it and ends the process after."""
    terminated = False

    async def until_terminated() -> Answer:
        def terminate() -> None:
            nonlocal terminated
            terminated = True
            if task is not None:
                task.cancel()

        task = asyncio.current_task()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
        return await work

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(until_terminated())
    except asyncio.CancelledError:
        if terminated:
            sys.exit(TERMINATED)
        raise


def with_runtime(work: Callable[[Runtime], Awaitable[Answer]]) -> Answer:
    """What `work` returns, given this installation's runtime, which is set up if need be."""
    settings = settings_of_process()

    async def run() -> Answer:
        from mailwright.app import open_runtime

        async with open_runtime(settings, announce=announce_owner) as runtime:
            return await work(runtime)

    return run_async(run())


def announce_owner(owner: FirstOwner) -> None:
    """Tells who may sign in, with the password nobody can show again."""
    if owner.password is None:
        note(f"First owner: {owner.email}, with the password from MAILWRIGHT_OWNER_PASSWORD.")
    else:
        note(f"First owner: {owner.email}, password {owner.password} (shown this once).")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop
