"""The shared Redis, when one is configured: short calls, and no caller that waits for one that is away."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import coredis
import structlog
import trio
from coredis.exceptions import RedisError
from coredis.retry import NoRetryPolicy

from actors.config import SECONDS
from actors.errors import ConfigurationError, RedisAwayError
from supervision import Backoff, CircuitBreaker, CircuitOpenError, CircuitState

T = TypeVar("T")

Client = coredis.Redis[bytes]

CALL_LIMIT_S = 0.25 * SECONDS
"""What helps only by being quick is not worth a longer wait."""
LOOK_S = 5 * SECONDS
"""How often it is asked whether it lives."""
CONNECTIONS = 16
BACKOFF = Backoff(first_s=0.1, factor=2.0, most_s=10 * SECONDS, jitter=0.2)

log = structlog.get_logger("rookery.redis")


class Redis:
    """One Redis that several Rookeries may share. `serve` must run, in the tree, for it to be reached.

    Args:
        url: `redis://`, `rediss://` or `unix://`; it may hold a password, so nothing shows it.
        limit_s: of one call.

    Raises:
        ConfigurationError: the URL cannot be understood.
    """

    def __init__(self, url: str, *, limit_s: float = CALL_LIMIT_S) -> None:
        self._url = url
        self._limit_s = limit_s
        self._present: Client | None = None
        self.breaker = CircuitBreaker("redis", failures=3, open_s=LOOK_S)
        self.last_error: str | None = "not yet connected"
        """Why the last call failed; None after one that did not."""
        self._client()

    @property
    def is_up(self) -> bool:
        """Whether the last call succeeded and calls pass."""
        return self.last_error is None and self.breaker.state is CircuitState.CLOSED

    async def serve(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the connections, until cancelled. Started when calls may be made, whether Redis is there or not."""
        failures = 0
        while True:
            try:
                async with self._client() as client:
                    self._present = client
                    task_status.started()
                    await self._look()
            except* (RedisError, OSError) as group:
                failures += 1
                log.warning("redis.lost", error=_first_line(group))
            finally:
                self._present = None
            await trio.sleep(BACKOFF.delay_s(failures, key=str(failures)))

    async def ask(self, call: Callable[[Client], Awaitable[T]]) -> T:
        """Make one call.

        Raises:
            RedisAwayError: Redis did not answer within the limit, refused, or has failed so often that it is not asked now.
        """
        try:
            async with self.breaker:
                answer = await self._asked(call)
        except CircuitOpenError as error:
            raise RedisAwayError(str(error)) from None
        except (RedisError, OSError, trio.TooSlowError, trio.BrokenResourceError, trio.ClosedResourceError) as error:
            self.last_error = _first_line(error)
            raise RedisAwayError(f"Redis does not answer: {self.last_error}") from error
        self.last_error = None
        return answer

    async def _asked(self, call: Callable[[Client], Awaitable[T]]) -> T:
        if self._present is None:
            raise trio.ClosedResourceError("not connected")
        with trio.fail_after(self._limit_s):
            return await call(self._present)

    async def _look(self) -> None:
        """Ask from time to time, so that one that comes back is found before a request needs it."""
        was_up: bool | None = None
        while True:
            try:
                await self.ask(lambda client: client.ping())
            except RedisAwayError:
                if was_up is not False:
                    log.warning("redis.away", error=self.last_error)  # also where the breaker did not let it be asked
            else:
                if was_up is not True:
                    log.info("redis.up")
            was_up = self.is_up
            await trio.sleep(LOOK_S)

    def _client(self) -> Client:
        try:
            if not self._url.startswith(("redis://", "rediss://", "unix://")):
                raise ValueError("another scheme")  # noqa: TRY301 — the library takes any for redis
            return coredis.Redis.from_url(
                self._url,
                connect_timeout=self._limit_s,
                stream_timeout=self._limit_s,
                pool_timeout=self._limit_s,
                max_connections=CONNECTIONS,
                verify_version=False,
                retry_policy=NoRetryPolicy(),
            )
        except (ValueError, TypeError, RedisError, KeyError):
            # The words of the library may hold parts of the password.
            raise ConfigurationError(
                "ROOKERY_REDIS_URL cannot be understood; write it as redis://host:6379/0"
            ) from None


def _first_line(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error).partition("\n")[0] or type(error).__name__
