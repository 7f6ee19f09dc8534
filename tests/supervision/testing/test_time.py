"""Virtual time."""

import pytest
import trio

from supervision.testing import virtual_clock


def test_waiting_takes_no_time() -> None:
    async def long() -> float:
        began = trio.current_time()
        await trio.sleep(50_000)
        return trio.current_time() - began

    assert trio.run(long, clock=virtual_clock()) == 50_000


clock = pytest.fixture(virtual_clock)


async def test_fixture_of_it_is_the_clock_of_the_test(clock) -> None:
    began = trio.current_time()
    await trio.sleep(50_000)

    assert trio.current_time() - began == 50_000
    assert clock.current_time() == trio.current_time()
