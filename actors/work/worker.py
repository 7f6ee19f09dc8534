"""One worker seen from the service: a child process that takes one order at a time."""

import sys
from collections.abc import Callable, Sequence

import attrs
import msgspec
import trio

from actors.config import SECONDS
from actors.errors import FileGoneError, LimitExceededError, RookeryError, UnreadableError
from actors.work.frames import (
    Begun,
    Failed,
    Finished,
    FrameError,
    Frames,
    Order,
    Progressed,
    Ready,
    Report,
    Terms,
    frame,
)
from actors.work.process import Process, start_process

COMMAND = (sys.executable, "-P", "-m", "actors.work.child")
START_LIMIT_S = 60 * SECONDS
CHUNK_BYTES = 65_536

REPORTS: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)
Progress = Callable[[float], None]


class WorkerStartError(RookeryError):
    """A child process does not come up; no file is to blame, and trying again later may help."""


class WorkerLostError(RookeryError):
    """The worker went away before it took the order: another one may carry it out."""


@attrs.define(eq=False)
class Worker:
    """A running child process that takes orders and gives reports. **Owns:** the process."""

    process: Process
    _frames: Frames = attrs.field(factory=Frames)
    served: int = 0
    """Orders that it has taken."""

    @property
    def is_usable(self) -> bool:
        """Whether it runs and can take an order."""
        return self.process.is_running

    async def carry_out(self, path: bytes, progress: Progress) -> msgspec.Raw:
        """Give one order and wait for its result. After anything but a result or an ordinary UnreadableError, end it.

        Raises:
            UnreadableError: the file's fault, its decoder's crash included.
            WorkerLostError: it was gone before it began.
        """
        self.served += 1
        self.process.forget_words()
        begun = False
        try:
            await self.process.input.send_all(frame(Order(path)))
            while True:
                match await self._report():
                    case Begun():
                        begun = True
                    case Progressed(done=done):
                        progress(done)
                    case Finished(result=result):
                        return result
                    case Failed(kind=kind, message=message):
                        raise unreadable(kind, message)
                    case Ready():
                        # It restarted itself, which ours never do: nothing is lost by waiting on.
                        continue
        except (trio.BrokenResourceError, FrameError, msgspec.DecodeError) as error:
            await self.kill()
            if not begun:
                raise WorkerLostError(self.process.words) from error
            raise self.process.crash() from error

    async def _report(self) -> Report:
        while (body := self._frames.take()) is None:
            data = await self.process.output.receive_some(CHUNK_BYTES)
            if not data:
                # The pipe closes before the process is gone; its own end says more than ours would.
                await self.process.end()
                raise trio.BrokenResourceError("the child process has ended")
            self._frames.add(data)
        return REPORTS.decode(body)

    async def ready(self) -> None:
        """Wait until it takes orders. Raises WorkerStartError, and the process is gone, when it does not in time."""
        try:
            with trio.fail_after(START_LIMIT_S):
                while not isinstance(await self._report(), Ready):
                    pass
        except (trio.BrokenResourceError, trio.TooSlowError, FrameError, msgspec.DecodeError) as error:
            await self.kill()
            raise WorkerStartError(f"a worker process does not start: {self.process.words}") from error

    async def end(self) -> None:
        """Let it end by itself, within a second; then kill it. Cancellation: killed at once."""
        self.process.input.close()
        try:
            await self.process.end()
        finally:
            await self.kill()

    async def kill(self) -> None:
        """As `Process.kill`."""
        await self.process.kill()


async def start_worker(terms: Terms, *, command: Sequence[str] = COMMAND) -> Worker:
    """Start a child process and wait until it takes orders.

    Cancellation: the process is killed. **Owns:** the caller ends the worker. Raises WorkerStartError.
    """
    try:
        worker = Worker(start_process([*command, msgspec.json.encode(terms).decode()]))
    except OSError as error:
        raise WorkerStartError(f"a worker process does not start: {error}") from error
    try:
        await worker.ready()
    except BaseException:
        await worker.kill()
        raise
    return worker


def unreadable(kind: str, message: str) -> UnreadableError:
    """The error that a child reported, as the class of its kind."""
    match kind:
        case "gone" | "changed":
            return FileGoneError(kind, message)
        case "time_limit" | "memory_limit":
            return LimitExceededError(kind, message)
        case _:
            return UnreadableError(kind, message)
