"""Time that passes only when nobody has anything to do."""

from trio.testing import MockClock


def virtual_clock() -> MockClock:
    """A clock that stands still while a task can run, and jumps to the next deadline when none can.

    For `trio.run(…, clock=virtual_clock())`, and as a fixture of pytest-trio: `clock = pytest.fixture(virtual_clock)`; a test that takes it
    runs on it. Do not mix it with threads, processes, sockets: the clock would jump while they work.
    """
    return MockClock(autojump_threshold=0)
