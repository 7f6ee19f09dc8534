"""Whether somebody set the clock on the wall, told from the time that passes."""

from datetime import UTC, datetime, timedelta

import pytest
import trio

from actors.wall import Wall, utc_now

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)


class Dial:
    """A clock that can be set."""

    def __init__(self):
        self.set_by = timedelta()

    def now(self):
        return EPOCH + timedelta(seconds=trio.current_time()) + self.set_by


async def test_time_that_passes_is_no_setting_of_the_clock(autojump_clock):
    wall = Wall(Dial().now)
    await trio.sleep(50_000)

    assert wall.set_by() == timedelta()


@pytest.mark.parametrize("by", [timedelta(hours=1), timedelta(days=-9_000), timedelta(seconds=1)], ids=str)
async def test_a_clock_that_is_set_is_noticed_once(autojump_clock, by):
    dial = Dial()
    wall = Wall(dial.now)
    await trio.sleep(10)
    dial.set_by = by
    await trio.sleep(10)

    assert (wall.set_by(), wall.set_by()) == (by, timedelta())


async def test_a_clock_that_is_slewed_was_not_set(autojump_clock):
    dial = Dial()
    wall = Wall(dial.now)
    for _ in range(10):
        dial.set_by += timedelta(seconds=0.5)
        assert wall.set_by() == timedelta()


def test_the_time_is_that_of_the_world():
    assert utc_now().tzinfo is UTC
