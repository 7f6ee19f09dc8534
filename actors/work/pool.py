"""A bounded number of workers for one task: started when needed, used again, replaced after a crash, a limit or long use."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

import attrs
import msgspec
import structlog
import trio

from actors.config import MINUTES, SECONDS
from actors.errors import LimitExceededError, UnreadableError
from actors.model.track import shown_path
from actors.work.frames import Terms
from actors.work.worker import COMMAND, Worker, WorkerLostError, WorkerStartError, start_worker

log = structlog.get_logger("rookery.work")

ATTEMPTS = 3
"""So many workers may vanish before they begin with a file; then something is wrong with the machine."""
IDLE_LIMIT_S = 1 * MINUTES
LOOK_EVERY_S = 15 * SECONDS

Result = TypeVar("Result")


@attrs.frozen(kw_only=True)
class Limits:
    """What one file may cost: seconds from the order on, and bytes of address space above a fresh worker's."""

    time_s: float
    memory_bytes: int


@attrs.frozen(kw_only=True)
class PoolStatistics:
    """One pool at one moment; the counts since its start."""

    busy: int
    idle: int
    waiting: int
    """Orders that wait for a place."""
    started: int
    crashed: int
    limited: int
    """Killed at a limit."""


@attrs.define(eq=False, kw_only=True)
class Pool(Generic[Result]):
    """Workers for one task, made by `open_pool`. **Owns:** their processes."""

    task: str
    result: type[Result]
    limits: Limits
    niceness: int
    files_per_worker: int
    command: Sequence[str]
    _places: trio.CapacityLimiter
    _nursery: trio.Nursery
    _idle: list[tuple[float, Worker]] = attrs.field(factory=list)
    """With the time since when; the longest idle first."""
    _started: int = 0
    _crashed: int = 0
    _limited: int = 0
    _closed: bool = False

    async def carry_out(self, path: bytes, progress: Callable[[float], None]) -> Result:
        """Have one file worked on; waits while all places are taken.

        Cancellation: the work is killed.

        Raises:
            UnreadableError: the file's fault; crashes and limits included.
            WorkerStartError: the machine's fault.
        """
        async with self._places:
            for _ in range(ATTEMPTS):
                worker = await self._take()
                try:
                    return await self._use(worker, path, progress)
                except WorkerLostError as error:
                    log.info("worker_lost", task=self.task, reason=str(error))
            raise WorkerStartError(f"{ATTEMPTS} workers went away before they began")

    def statistics(self) -> PoolStatistics:
        """What the pool does now and has done."""
        places = self._places.statistics()
        return PoolStatistics(
            busy=places.borrowed_tokens,
            idle=len(self._idle),
            waiting=places.tasks_waiting,
            started=self._started,
            crashed=self._crashed,
            limited=self._limited,
        )

    async def _take(self) -> Worker:
        while self._idle:
            _, worker = self._idle.pop()
            if worker.is_usable:
                return worker
            await worker.kill()
        terms = Terms(task=self.task, parent=os.getpid(), memory_bytes=self.limits.memory_bytes, niceness=self.niceness)
        self._started += 1
        return await start_worker(terms, command=self.command)

    async def _use(self, worker: Worker, path: bytes, progress: Callable[[float], None]) -> Result:
        keep = False
        try:
            with trio.fail_after(self.limits.time_s):
                answer = await worker.carry_out(path, progress)
            result = msgspec.msgpack.decode(answer, type=self.result)
            keep = True
        except trio.TooSlowError as error:
            self._limited += 1
            message = f"{shown_path(path)} took more than {self.limits.time_s:.0f} s"
            raise LimitExceededError("time_limit", message) from error
        except msgspec.DecodeError as error:
            self._crashed += 1
            raise UnreadableError("decoder_crashed", f"its decoder answered what is no result: {error}") from error
        except UnreadableError as error:
            keep = worker.is_usable
            self._limited += isinstance(error, LimitExceededError)
            self._crashed += error.kind == "decoder_crashed"
            raise
        else:
            return result
        finally:
            await self._put_back(worker, keep=keep)

    async def _put_back(self, worker: Worker, *, keep: bool) -> None:
        if not keep or self._closed:
            await worker.kill()
        elif worker.served >= self.files_per_worker:
            self._nursery.start_soon(worker.end)
        else:
            self._idle.append((trio.current_time(), worker))

    async def retire(self) -> None:
        """Runs until cancelled: ends workers that have been idle for a minute, for they hold memory."""
        while True:
            await trio.sleep(LOOK_EVERY_S)
            latest = trio.current_time() - IDLE_LIMIT_S
            while self._idle and self._idle[0][0] <= latest:
                _, worker = self._idle.pop(0)
                await worker.end()

    async def close(self) -> None:
        """End the idle workers at once, for they hold nothing; busy ones end with their file."""
        self._closed = True
        async with trio.open_nursery() as nursery:
            while self._idle:
                nursery.start_soon(self._idle.pop()[1].kill)


@asynccontextmanager
async def open_pool(
    task: str,
    *,
    result: type[Result],
    size: int,
    limits: Limits,
    niceness: int,
    files_per_worker: int = 500,
    command: Sequence[str] = COMMAND,
) -> AsyncIterator[Pool[Result]]:
    """A pool of at most `size` workers, none of them started yet; at the end none is left.

    Args:
        task: a name in `actors.work.tasks.TASKS`, or what the command makes of it.
        result: what the task gives; anything else that a worker answers counts as a crash.
        size: workers at once, at least 1.
        limits: per file.
        niceness: 0–19, so that the web stays quick.
        files_per_worker: then it is replaced by a fresh one.
        command: starts a child that speaks `actors.work.frames`; it gets the terms as its last argument.
    """
    async with trio.open_nursery() as nursery:
        pool = Pool(
            task=task,
            result=result,
            limits=limits,
            niceness=niceness,
            files_per_worker=files_per_worker,
            command=command,
            places=trio.CapacityLimiter(size),
            nursery=nursery,
        )
        nursery.start_soon(pool.retire)
        try:
            yield pool
        finally:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + 5 * SECONDS):
                await pool.close()
            nursery.cancel_scope.cancel()
