"""Commands that run until somebody stops them: Ctrl-C and SIGTERM end them cleanly, as does a closed pipe."""

import os
import signal
import sys
from collections.abc import Awaitable, Callable

import rich.console
import trio


class ReaderLeftError(Exception):
    """Nobody reads the standard output any more: a good end."""


class Console(rich.console.Console):
    """Rich's, which would end the process by itself when the reader leaves."""

    def on_broken_pipe(self) -> None:
        """Leave the end to `run_until_interrupted`."""
        raise ReaderLeftError


def written(line: str) -> None:
    """Write one line to the standard output at once. Raises: ReaderLeftError."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise ReaderLeftError from error


def run_until_interrupted(command: Callable[[], Awaitable[None]]) -> None:
    """Run a command to its end or to the first signal; both are a good end. What it raises is let out, ungrouped."""
    errors: list[Exception] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(_cancel_at_signal, nursery.cancel_scope)
            try:
                await command()
            except Exception as error:  # noqa: BLE001 — raised again below, outside of the nursery's group
                errors.append(error)
            nursery.cancel_scope.cancel()

    trio.run(main)
    match errors:
        case []:
            return
        case [ReaderLeftError()]:
            # The reader has gone; Python would complain once more when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        case [error, *_]:
            raise error


async def _cancel_at_signal(
    scope: trio.CancelScope, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            scope.cancel()
            return
