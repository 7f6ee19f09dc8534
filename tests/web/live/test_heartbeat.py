"""The pulse of one client."""

import attrs
import pytest
import trio

from web.connections import Cause
from web.live.heartbeat import until_over


@attrs.define
class Pulse:
    """Answers so many pings."""

    answers: int
    asked: list[float] = attrs.field(factory=list)
    heard_at: float = 0.0

    async def ping(self) -> None:
        """Ask it."""
        await trio.lowlevel.checkpoint()
        self.asked.append(trio.current_time())
        if len(self.asked) <= self.answers:
            self.heard_at = trio.current_time()


@pytest.mark.parametrize("answers, over_at", [(0, 20.0), (1, 30.0), (3, 50.0)])
async def test_two_silent_heartbeats_are_the_end(answers, over_at, autojump_clock):
    pulse = Pulse(answers)

    assert await until_over(pulse, heartbeat_s=10.0, stopping=trio.Event()) is Cause.SILENT
    assert trio.current_time() == over_at
    assert pulse.asked[: answers + 1] == [10.0 * number for number in range(1, answers + 2)]


@pytest.mark.parametrize("pulse", [None, Pulse(10)], ids=["without a pulse", "with one"])
async def test_the_end_of_the_service_is_one_too(pulse, autojump_clock, nursery):
    stopping = trio.Event()

    async def stop():
        await trio.sleep(15)
        stopping.set()

    nursery.start_soon(stop)

    assert await until_over(pulse, heartbeat_s=10.0, stopping=stopping) is Cause.SHUTDOWN
    assert trio.current_time() == 15.0
