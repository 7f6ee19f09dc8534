"""One worker seen from the service: a child process that takes one order at a time."""

import fcntl
import os
import subprocess
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

COMMAND = (sys.executable, "-P", "-m", "actors.work.child")
START_LIMIT_S = 60 * SECONDS
END_LIMIT_S = 1 * SECONDS
CHUNK_BYTES = 65_536
LAST_WORDS_BYTES = 65_536
TRACEBACK = "Traceback (most recent call last):"
OUT_OF_MEMORY = ("MemoryError", "Cannot allocate memory", "bad_alloc")

REPORTS: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)
Progress = Callable[[float], None]


class WorkerStartError(RookeryError):
    """A child process does not come up; no file is to blame, and trying again later may help."""


class WorkerLostError(RookeryError):
    """The worker went away before it took the order: another one may carry it out."""


@attrs.define(eq=False)
class Worker:
    """A running child process with its pipes. **Owns:** the process, both pipes and what it says on standard error."""

    process: subprocess.Popen[bytes]
    orders: trio.lowlevel.FdStream
    reports: trio.lowlevel.FdStream
    last_words_fd: int
    exit_fd: int
    _frames: Frames = attrs.field(factory=Frames)
    _words: str = ""
    _is_killed: bool = False
    served: int = 0
    """Orders that it has taken."""

    @property
    def is_usable(self) -> bool:
        """Whether it runs and can take an order."""
        return self.process.returncode is None and self.process.poll() is None

    async def carry_out(self, path: bytes, progress: Progress) -> msgspec.Raw:
        """Give one order and wait for its result. After anything but a result or an ordinary UnreadableError, end it.

        Raises:
            UnreadableError: the file's fault, its decoder's crash included.
            WorkerLostError: it was gone before it began.
        """
        self.served += 1
        # What it said about earlier files explains nothing about this one.
        os.ftruncate(self.last_words_fd, 0)
        begun = False
        try:
            await self.orders.send_all(frame(Order(path)))
            while True:
                match await self._report():
                    case Begun():
                        begun = True
                    case Progressed(done=done):
                        progress(done)
                    case Finished(result=result):
                        return result
                    case Failed(kind=kind, message=message):
                        raise _unreadable(kind, message)
                    case Ready():
                        # It restarted itself, which ours never do: nothing is lost by waiting on.
                        continue
        except (trio.BrokenResourceError, FrameError, msgspec.DecodeError) as error:
            await self.kill()
            if not begun:
                raise WorkerLostError(self._words) from error
            raise self._crash() from error

    async def _report(self) -> Report:
        while (body := self._frames.take()) is None:
            data = await self.reports.receive_some(CHUNK_BYTES)
            if not data:
                # The pipe closes before the process is gone; its own end says more than ours would.
                with trio.move_on_after(END_LIMIT_S):
                    await trio.lowlevel.wait_readable(self.exit_fd)
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
            raise WorkerStartError(f"a worker process does not start: {self._words}") from error

    async def end(self) -> None:
        """Let it end by itself, within a second; then kill it. Cancellation: killed at once."""
        self.orders.close()
        try:
            with trio.move_on_after(END_LIMIT_S):
                await trio.lowlevel.wait_readable(self.exit_fd)
        finally:
            await self.kill()

    async def kill(self) -> None:
        """End it now and wait for that; harmless when it has ended. Not interrupted by cancellation, at most a second."""
        if self.exit_fd < 0:
            return
        if self.is_usable:
            self.process.kill()
            self._is_killed = True
        with trio.move_on_after(END_LIMIT_S, shield=True):
            await trio.lowlevel.wait_readable(self.exit_fd)
        self.process.poll()
        self._words = self._last_words()
        os.close(self.exit_fd)
        os.close(self.last_words_fd)
        self.exit_fd = self.last_words_fd = -1
        self.orders.close()
        self.reports.close()

    def _crash(self) -> UnreadableError:
        if any(sign in self._words for sign in OUT_OF_MEMORY):
            return LimitExceededError("memory_limit", "its decoder ran out of the memory that a worker may have")
        return UnreadableError("decoder_crashed", f"its decoder crashed: {self._words}")

    def _last_words(self) -> str:
        """Why it ended: the exception that it raised, or its signal or status and the last line it wrote."""
        code = self.process.returncode
        size = os.fstat(self.last_words_fd).st_size
        said = os.pread(self.last_words_fd, LAST_WORDS_BYTES, max(0, size - LAST_WORDS_BYTES))
        lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
        last = lines[-1][:500] if lines else ""
        is_signaled = code is not None and code < 0
        if TRACEBACK in lines and (self._is_killed or not is_signaled):
            return last
        reason = f"signal {-code}" if code is not None and is_signaled else f"status {code}"
        return f"{reason}, {last}" if last else reason


async def start_worker(terms: Terms, *, command: Sequence[str] = COMMAND) -> Worker:
    """Start a child process and wait until it takes orders.

    Cancellation: the process is killed. **Owns:** the caller ends the worker. Raises WorkerStartError.
    """
    worker = _spawn(terms, command)
    try:
        await worker.ready()
    except BaseException:
        await worker.kill()
        raise
    return worker


def _spawn(terms: Terms, command: Sequence[str]) -> Worker:
    # In this very thread: the kernel ties the child's death to the thread that made it, and trio.open_process makes it in one
    # that ends when it has been idle.
    last_words_fd = os.memfd_create("worker-stderr", os.MFD_CLOEXEC)
    fcntl.fcntl(last_words_fd, fcntl.F_SETFL, os.O_APPEND)
    try:
        process = subprocess.Popen(
            [*command, msgspec.json.encode(terms).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=last_words_fd,
            env=_environment(),
            # Ctrl-C in the terminal is the service's business.
            start_new_session=True,
        )
    except OSError as error:
        os.close(last_words_fd)
        raise WorkerStartError(f"a worker process does not start: {error}") from error
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin as orders, process.stdout as reports:
        orders_fd, reports_fd = os.dup(orders.fileno()), os.dup(reports.fileno())
    return Worker(
        process=process,
        orders=trio.lowlevel.FdStream(orders_fd),
        reports=trio.lowlevel.FdStream(reports_fd),
        last_words_fd=last_words_fd,
        exit_fd=os.pidfd_open(process.pid),
    )


def _environment() -> dict[str, str]:
    """The service's own, with its import path, and with libraries told to use one thread: the pool is the parallelism."""
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = os.pathsep.join(folder for folder in sys.path if os.path.isabs(folder))
    return {**os.environ, **single, "PYTHONPATH": path, "MALLOC_ARENA_MAX": "2"}


def _unreadable(kind: str, message: str) -> UnreadableError:
    match kind:
        case "gone" | "changed":
            return FileGoneError(kind, message)
        case "time_limit" | "memory_limit":
            return LimitExceededError(kind, message)
        case _:
            return UnreadableError(kind, message)
