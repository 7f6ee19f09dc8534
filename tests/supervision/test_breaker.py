"""The circuit breaker round calls."""

import pytest
import trio

from supervision import CircuitBreaker, CircuitOpenError, CircuitState


async def call(breaker: CircuitBreaker, error: Exception | None = None, takes_s: float = 0) -> None:
    async with breaker:
        await trio.sleep(takes_s)
        if error is not None:
            raise error


async def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        with pytest.raises(OSError, match="no"):
            await call(breaker, OSError("no"))


async def test_opens_after_failures_and_closes_after_a_probe(autojump_clock) -> None:
    breaker = CircuitBreaker("web", failures=3, open_s=10)
    await fail(breaker, 3)
    with pytest.raises(CircuitOpenError) as raised:
        await call(breaker)
    assert raised.value.name == "web"
    assert raised.value.retry_after_s == 10
    await trio.sleep(10)
    await call(breaker)

    assert breaker.state is CircuitState.CLOSED


async def test_only_so_many_probes_are_inside_at_once(autojump_clock) -> None:
    breaker, refused = CircuitBreaker("web", failures=1, open_s=10, probes=2), []
    await fail(breaker, 1)
    await trio.sleep(10)

    async def probe() -> None:
        try:
            await call(breaker, takes_s=1)
        except CircuitOpenError as error:
            refused.append(error.retry_after_s)

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(probe)

    assert refused == [10, 10, 10]
    assert breaker.state is CircuitState.CLOSED


async def test_slow_calls_count(autojump_clock) -> None:
    breaker = CircuitBreaker("web", failures=2, slow_s=1)
    for _ in range(2):
        await call(breaker, takes_s=1.5)

    assert breaker.state is CircuitState.OPEN


async def test_errors_of_the_caller_do_not_count(autojump_clock) -> None:
    breaker = CircuitBreaker("web", failures=1, counts=lambda error: not isinstance(error, KeyError))
    with pytest.raises(KeyError):
        await call(breaker, KeyError("mine"))
    assert breaker.state is CircuitState.CLOSED
    await fail(breaker, 1)
    assert breaker.state is CircuitState.OPEN


async def test_cancellation_says_nothing_and_frees_the_probe(autojump_clock) -> None:
    breaker = CircuitBreaker("web", failures=1, open_s=10)
    await fail(breaker, 1)
    await trio.sleep(10)
    with trio.move_on_after(1):
        await call(breaker, takes_s=100)
    assert breaker.state is CircuitState.HALF_OPEN
    await call(breaker)

    assert breaker.state is CircuitState.CLOSED
    assert breaker._inside == {}


async def test_one_task_may_be_inside_twice(autojump_clock) -> None:
    breaker = CircuitBreaker("web")
    async with breaker, breaker:
        pass

    assert breaker._inside == {}


async def test_cancelled_call_that_was_too_slow_counts(autojump_clock) -> None:
    breaker = CircuitBreaker("web", failures=1, slow_s=2)
    with trio.move_on_after(1):
        await call(breaker, takes_s=100)
    assert breaker.state is CircuitState.CLOSED
    with trio.move_on_after(3):
        await call(breaker, takes_s=100)

    assert breaker.state is CircuitState.OPEN


async def cancelled_with(breaker: CircuitBreaker, error: Exception | None) -> None:
    """One task fails while it is cancelled, the other is cancelled only."""

    async def fails() -> None:
        try:
            await trio.sleep_forever()
        finally:
            if error is not None:
                raise error

    with trio.move_on_after(1):
        async with breaker, trio.open_nursery() as nursery:
            nursery.start_soon(fails)
            nursery.start_soon(trio.sleep_forever)


async def test_error_beside_cancellation_is_the_result(autojump_clock) -> None:
    breaker = CircuitBreaker("web", failures=1)
    await cancelled_with(breaker, None)
    assert breaker.state is CircuitState.CLOSED
    with pytest.raises(ExceptionGroup):
        await cancelled_with(breaker, OSError("no"))

    assert breaker.state is CircuitState.OPEN


async def test_probe_that_hangs_does_not_keep_others_out_for_ever(autojump_clock) -> None:
    breaker = CircuitBreaker("web", failures=1, open_s=10)
    await fail(breaker, 1)
    await trio.sleep(10)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call, breaker, None, 10_000)
        await trio.sleep(5)
        with pytest.raises(CircuitOpenError) as raised:
            await call(breaker)
        assert raised.value.retry_after_s == 5
        await trio.sleep(5)
        await call(breaker)
        assert breaker.state is CircuitState.CLOSED
        nursery.cancel_scope.cancel()
