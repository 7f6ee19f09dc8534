"""Bytes that a child process makes of a file while somebody takes them: begun, back-pressured, ended for certain."""

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

import attrs
import msgspec
import trio

from actors.config import SECONDS
from actors.errors import LimitExceededError, RookeryError, UnreadableError
from actors.work.frames import Chunk, Errand, Failed, Finished, FrameError, Frames, Report, Terms
from actors.work.process import Process, start_process
from actors.work.worker import WorkerStartError, unreadable

COMMAND = (sys.executable, "-P", "-m", "actors.work.source")
NICENESS = 10
"""Somebody listens, so it comes before analysis; the web and the looks at new files come first."""
WAIT_LIMIT_S = 2 * SECONDS
"""So long a request waits for a place, if not said."""
SILENCE_LIMIT_S = 20 * SECONDS
"""A source that gives nothing for so long, while somebody waits for it, has lost its way in the file."""
CHUNK_BYTES = 65_536

_REPORTS: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)


class PlacesTakenError(RookeryError):
    """As many sources run as may; ask again later."""


class StreamBrokenError(RookeryError):
    """A source broke down after it had begun: what came is not whole."""


@attrs.frozen(kw_only=True)
class StreamStatistics:
    """The sources at one moment; the counts since the start."""

    running: int
    waiting: int
    started: int
    refused: int


@attrs.define(eq=False)
class Stream:
    """What one source gives, in order; made by `Streams.open`, which also ends the process."""

    _process: Process
    _frames: Frames = attrs.field(factory=Frames)
    _first: bytes | None = None
    _is_over: bool = False

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def begin(self, errand: Errand) -> None:
        """Say what to do, and wait for the first bytes.

        Raises:
            UnreadableError: nothing can be made of the file; a crash or limit before the first byte included.
        """
        try:
            # One that ends before it has read this says more by its last words.
            with contextlib.suppress(trio.BrokenResourceError):
                await self._process.input.send_all(msgspec.json.encode(errand))
            self._process.input.close()
            self._first = await self._next()
        except StreamBrokenError as error:
            raise self._process.crash() from error

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """The next bytes. Not reading stops the source, which holds a pipe's fill and no more.

        Raises:
            StreamBrokenError: it crashed, fell silent, or says that what it gave is not to be trusted.

        Cancellation: nothing of what was given is lost.
        """
        data, self._first = self._first, None
        if data is None and not self._is_over:
            try:
                data = await self._next()
            except UnreadableError as error:
                raise StreamBrokenError(error.message) from error
        if data is None:
            raise StopAsyncIteration
        return data

    async def _next(self) -> bytes | None:
        match await self._report():
            case Chunk(data=data):
                return data
            case Failed(kind=kind, message=message):
                raise unreadable(kind, message)
            case Finished():
                self._is_over = True
                return None
            case other:
                raise await self._broken(f"it reports {type(other).__name__}")

    async def _report(self) -> Report:
        try:
            while (body := self._frames.take()) is None:
                with trio.fail_after(SILENCE_LIMIT_S):
                    data = await self._process.output.receive_some(CHUNK_BYTES)
                if not data:
                    await self._process.end()
                    raise await self._broken()
                self._frames.add(data)
            return _REPORTS.decode(body)
        except trio.TooSlowError as error:
            raise LimitExceededError("time_limit", f"nothing came of it within {SILENCE_LIMIT_S:g} s") from error
        except (FrameError, msgspec.DecodeError) as error:
            raise await self._broken(str(error)) from error

    async def _broken(self, why: str | None = None) -> StreamBrokenError:
        await self.end()
        return StreamBrokenError(f"a source broke down: {why or self._process.words}")

    async def end(self) -> None:
        """As `Process.kill`."""
        await self._process.kill()


class Streams:
    """A bounded number of sources at once. Each belongs to whoever opened it, and ends with the block."""

    def __init__(
        self, *, most: int, memory_bytes: int, wait_s: float = WAIT_LIMIT_S, command: Sequence[str] = COMMAND
    ) -> None:
        self._most = most
        self._wait_s = wait_s
        self._memory_bytes = memory_bytes
        self._command = command
        # No capacity limiter: a place may be given back by another task than the one that took it.
        self._places = trio.Semaphore(most)
        self._started = 0
        self._refused = 0

    def statistics(self) -> StreamStatistics:
        """What runs now, and what ran."""
        return StreamStatistics(
            running=self._most - self._places.value,
            waiting=self._places.statistics().tasks_waiting,
            started=self._started,
            refused=self._refused,
        )

    @asynccontextmanager
    async def open(self, task: str, *, path: bytes, descriptor: int, order: Any) -> AsyncIterator[Stream]:
        """A source that has begun; at the end of the block its process is gone, whatever it was doing.

        Args:
            task: a name in `actors.work.source.SOURCES`, or what the command makes of it.
            path: of the file, for messages.
            descriptor: the file, open for reading; the process has it for itself, so it may be closed at once.
            order: what the task takes; JSON can carry it.

        Raises:
            PlacesTakenError: no place came free in time.
            UnreadableError: as `Stream.begin`.
            WorkerStartError: the machine's fault.

        Cancellation: the process is killed.
        """
        await self._take_place()
        try:
            stream = Stream(self._process(task, descriptor))
            try:
                await stream.begin(
                    Errand(path=path, descriptor=descriptor, order=msgspec.Raw(msgspec.json.encode(order)))
                )
                yield stream
            finally:
                await stream.end()
        finally:
            self._places.release()

    async def _take_place(self) -> None:
        try:
            with trio.fail_after(self._wait_s):
                await self._places.acquire()
        except trio.TooSlowError:
            self._refused += 1
            raise PlacesTakenError(f"{self._most} files are being read for others already, as many as may") from None

    def _process(self, task: str, descriptor: int) -> Process:
        terms = Terms(task=task, parent=os.getpid(), memory_bytes=self._memory_bytes, niceness=NICENESS)
        self._started += 1
        try:
            return start_process([*self._command, msgspec.json.encode(terms).decode()], inherited=(descriptor,))
        except OSError as error:
            raise WorkerStartError(f"a process does not start: {error}") from error
