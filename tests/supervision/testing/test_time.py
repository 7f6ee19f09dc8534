"""Virtual time."""

import trio

from supervision.testing import virtual_clock


def test_waiting_takes_no_time() -> None:
    async def long() -> float:
        began = trio.current_time()
        await trio.sleep(50_000)
        return trio.current_time() - began

    assert trio.run(long, clock=virtual_clock()) == 50_000
