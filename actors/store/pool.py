"""Connections to PostgreSQL, shared; every statement of the program passes here. No table is known here but `mark`."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TypeVar

import asyncpg
import attrs
import structlog
import trio

from actors.config import MINUTES, SECONDS
from actors.errors import DatabaseAwayError
from actors.store.bridge import Bridge
from actors.store.codec import set_codecs
from actors.store.refusal import CONFLICTS, DRIVER_ERRORS, is_away, query_refusal, reason

T = TypeVar("T")

CONNECT_LIMIT_S = 10 * SECONDS
CLOSE_LIMIT_S = 1 * SECONDS
"""What open connections get to say goodbye."""
UNDO_LIMIT_S = 1 * SECONDS
"""A connection that has not come to rest so long after a cancellation or an error is given up for a new one."""
ANSWER_GRACE_S = 2 * SECONDS
"""The server ends a statement at its limit; a server that says nothing for so much longer is away."""
FIRST_PAUSE_S = 0.02 * SECONDS
LONGEST_PAUSE_S = 0.25 * SECONDS
MARKS_KEPT = "1 hour"
"""Far longer than a write may be retried."""
WRITES_PER_CLEANING = 1_000

log = structlog.get_logger(__name__)
_jitter = random.SystemRandom()


@attrs.frozen(kw_only=True)
class PoolStatistics:
    """A moment of the pool; `retries` counts since it was opened."""

    open: int
    idle: int
    most: int
    retries: int


@attrs.define(eq=False)
class Pool:
    """A bounded set of connections.

    `read` and `write` take a plain asyncpg function, which runs on the asyncio thread: it must not touch Trio, and
    must have no effect but through its connection, because it runs again after a lost connection or a conflict.

    Raises (both):
        DatabaseAwayError: the connection was lost or not to be had, and `patience_s` of tries did not help; or the pool is closed, since what
            held it open is being started again.
        DatabaseError: a statement took longer than `limit_s` or was refused.

    Cancellation (both): the running statement is cancelled in the server, the transaction undone; the connection
    stays in use. A write whose commit had already been sent may count all the same.
    """

    bridge: Bridge
    _url: str = attrs.field(repr=False)
    """May hold a password."""
    _pool: asyncpg.Pool
    _most: int
    _limit_s: float
    _patience_s: float
    _retries: int = 0
    _writes: int = 0

    async def read(self, fn: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """Run `fn(connection)` without a transaction around it."""
        return await self._across(fn)

    async def write(self, fn: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """Run `fn(connection)` as one transaction that takes effect exactly once or not at all.

        A commit whose answer is lost with the connection leaves it open whether it counted. So each write leaves a
        mark of its own in the same transaction, and a further try that meets the mark knows.
        """
        mark = uuid.uuid4()
        results: list[T] = []

        async def once(connection: asyncpg.Connection) -> T:
            async with _transaction(connection):
                if await connection.fetchval(MARK, mark) is None:
                    return results[-1]
                result = await fn(connection)
                results.append(result)
            await self._clean_marks(connection)
            return result

        return await self._across(once)

    @asynccontextmanager
    async def own_connection(self) -> AsyncIterator[asyncpg.Connection]:
        """On the asyncio side: a connection beside the pool's, for one who needs it for long."""
        connection = await asyncpg.connect(
            self._url,
            timeout=CONNECT_LIMIT_S,
            command_timeout=self._limit_s + ANSWER_GRACE_S,
            server_settings=settings(self._limit_s),
        )
        try:
            yield connection
        finally:
            connection.terminate()

    def statistics(self) -> PoolStatistics:
        """How many connections there are now."""
        return PoolStatistics(
            open=self._pool.get_size(), idle=self._pool.get_idle_size(), most=self._most, retries=self._retries
        )

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """One of the pool's connections; it comes back fit for use or is given up."""
        connection = await self._pool.acquire(timeout=self._limit_s)
        try:
            yield connection
        except asyncpg.InternalClientError:
            _give_up(connection)  # its state is unknown
            raise
        finally:
            await self._pool.release(connection, timeout=UNDO_LIMIT_S)

    async def _across(self, once: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        try:
            return await self.bridge.run(self._persistently, once)
        except (trio.ClosedResourceError, trio.BrokenResourceError) as error:
            raise DatabaseAwayError("The connections to the database are closed") from error

    async def _clean_marks(self, connection: asyncpg.Connection) -> None:
        self._writes += 1
        if self._writes % WRITES_PER_CLEANING == 1:
            await connection.execute(CLEAN_MARKS)

    async def _persistently(self, once: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """On the asyncio side: try, and try again while trying can help and patience lasts."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_s
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with self._connection() as connection:
                    return await once(connection)
            except DRIVER_ERRORS as error:
                if _is_cancelled():
                    raise asyncio.CancelledError from error
                may_pass = is_away(error) or isinstance(error, CONFLICTS)
                if not may_pass or self._pool.is_closing() or loop.time() + pause_s > deadline:
                    raise query_refusal(error, self._limit_s) from error
                self._retries += 1
                log.info("database.retry", reason=reason(error), pause_s=pause_s)
            await asyncio.sleep(pause_s * _jitter.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


@asynccontextmanager
async def _transaction(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """A transaction whose undoing is bounded.

    The driver cancels a statement by a message beside the connection. One that overtakes the statement is lost; the
    statement then runs on, and undoing would wait for its end.
    """
    transaction = connection.transaction()
    with _given_up_if_cancelled(connection):
        await transaction.start()
    try:
        yield
    except BaseException:
        try:
            async with asyncio.timeout(UNDO_LIMIT_S):
                await transaction.rollback()
        except DRIVER_ERRORS:
            _give_up(connection)  # the server undoes it then
        raise
    with _given_up_if_cancelled(connection):
        await transaction.commit()


@contextmanager
def _given_up_if_cancelled(connection: asyncpg.Connection) -> Iterator[None]:
    """Of a BEGIN or COMMIT that is cut off the driver keeps no account: the connection may be in a transaction or not."""
    try:
        yield
    except asyncio.CancelledError:
        _give_up(connection)
        raise


def _give_up(connection: asyncpg.Connection) -> None:
    """Close a connection at once; the pool makes a new one when it needs one."""
    with suppress(asyncpg.InterfaceError):  # it was closed already, and the pool has noticed
        connection.terminate()


def _is_cancelled() -> bool:
    """Whether the running task was cancelled, but an error of the connection came out in place of the cancellation."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


MARK = "INSERT INTO mark (id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING true"
"""Waits for a transaction that holds the same mark and is still under way."""
CLEAN_MARKS = f"DELETE FROM mark WHERE at < now() - interval '{MARKS_KEPT}'"  # noqa: S608  # a constant


async def _keep_session(connection: asyncpg.Connection) -> None:
    """Nothing to reset: no function leaves locks, cursors or settings behind, and open transactions are undone."""


@asynccontextmanager
async def open_pool(
    bridge: Bridge, url: str, *, connections: int, limit_s: float, patience_s: float = 10 * SECONDS
) -> AsyncIterator[Pool]:
    """A pool of at most `connections` to `url`, opened as they are needed; every statement limited to `limit_s`.

    Owns: its connections. They are closed at the end, within `CLOSE_LIMIT_S` even if the server no longer answers.
    """

    async def create() -> asyncpg.Pool:
        return await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=connections,
            init=set_codecs,
            reset=_keep_session,
            timeout=CONNECT_LIMIT_S,
            command_timeout=limit_s + ANSWER_GRACE_S,
            max_inactive_connection_lifetime=5 * MINUTES,
            server_settings=settings(limit_s),
        )

    pool = await bridge.run(create)

    async def close() -> None:
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await pool.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            # In time it did not end, or a connection had gone before: there is nothing to take leave of.
            pool.terminate()

    try:
        yield Pool(bridge, url, pool, connections, limit_s, patience_s)
    finally:
        await bridge.finish(close, limit_s=CLOSE_LIMIT_S + 1 * SECONDS)


def settings(limit_s: float) -> dict[str, str]:
    """What every session asks of the server."""
    limit_ms = str(round(limit_s * 1000))
    return {
        "application_name": "rookery",
        "statement_timeout": limit_ms,
        "idle_in_transaction_session_timeout": limit_ms,
        "client_connection_check_interval": "1s",  # a statement whose asker is gone ends
        "timezone": "UTC",
    }
