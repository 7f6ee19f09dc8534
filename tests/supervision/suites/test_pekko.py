"""The cases of Pekko's typed SupervisionSpec that have a meaning here; each docstring names the case. Through the public names only.

Resuming an actor after an exception and nesting strategies within one actor have none: a strategy belongs to a supervisor.
"""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import (
    Actor,
    Backoff,
    Child,
    EscalatedError,
    Intensity,
    MessageFailedError,
    Restart,
    Running,
    StartError,
    Supervisor,
    run,
)


class Counter(Actor[object]):
    """Counts, tells of its state, throws what it is sent."""

    def __init__(self, signals: list) -> None:
        self.signals = signals
        self.state = 0

    async def started(self, context) -> None:
        self.context = context
        self.signals.append("started")

    async def receive(self, message: object) -> object:
        if isinstance(message, BaseException):
            raise message
        if message == "add":
            self.state += 1
        elif callable(message):
            return await message(self)
        return self.state

    async def stopped(self) -> None:
        self.signals.append(f"stopped: {self.context.reason}")


def tree(signals: list, restart: Restart = Restart.PERMANENT, **options) -> Supervisor:
    return Supervisor("r", children=[Child("a", lambda: Counter(signals), restart=restart)], **options)


async def ask(running: Running, message: object) -> object:
    return await running.ref("r/a").ask(message, timeout_s=100)


async def crash(running: Running, times: int = 1) -> None:
    for _ in range(times):
        running.ref("r/a").tell_nowait(ValueError("crash"))
        await wait_all_tasks_blocked()


async def crash_and_wait(running: Running, times: int) -> None:
    await crash(running, times)
    await trio.sleep_forever()


async def test_messages_are_received(autojump_clock) -> None:
    """A supervised actor must receive message."""
    async with run(tree([])) as running:
        assert await ask(running, "state") == 0


async def test_stops_when_not_to_be_restarted(autojump_clock) -> None:
    """A supervised actor must stop when not supervised; stop when strategy is stop."""
    signals = []
    async with run(tree(signals, Restart.TEMPORARY)) as running:
        ref = running.ref("r/a")
        await crash(running)
        assert await ref.watch() == "crashed"
    assert signals == ["started", "stopped: crashed"]


async def test_state_begins_anew_after_a_restart(autojump_clock) -> None:
    """A supervised actor must restart when handled exception, with the initial state."""
    signals = []
    async with run(tree(signals)) as running:
        await ask(running, "add")
        assert await ask(running, "state") == 1
        await crash(running)
        assert await ask(running, "state") == 0
    assert signals == ["started", "stopped: crashed", "started", "stopped: stopped"]


async def test_clean_up_signal_comes_before_the_restart(autojump_clock) -> None:
    """A supervised actor must send PreRestart/PostStop before the new incarnation starts."""
    signals = []
    async with run(tree(signals)) as running:
        await crash(running, 2)
    assert signals[:5] == ["started", "stopped: crashed", "started", "stopped: crashed", "started"]


async def test_messages_that_wait_are_handled_by_the_next_incarnation(autojump_clock) -> None:
    """A supervised actor must keep messages in the mailbox over a restart, here also over a backoff (Pekko drops or stashes those)."""
    async with run(tree([], backoff=Backoff(first_s=5))) as running:
        running.ref("r/a").tell_nowait(ValueError("crash"))
        for _ in range(10):
            running.ref("r/a").tell_nowait("add")
        assert await ask(running, "state") == 10


async def test_message_in_hand_is_dropped_and_told_of(autojump_clock) -> None:
    """A supervised actor must publish the dropped message (dead letters)."""
    async with run(tree([])) as running:
        error = ValueError("crash")
        with pytest.raises(MessageFailedError):
            await ask(running, error)
        assert [letter.message for letter in running.status().dead_letters] == [error]


async def test_fatal_errors_are_not_caught(autojump_clock) -> None:
    """A supervised actor must not catch fatal error."""
    with pytest.raises(SystemExit):
        async with run(tree([])) as running:
            await fatal(running)


async def fatal(running: Running) -> None:
    running.ref("r/a").tell_nowait(SystemExit())
    await trio.sleep_forever()


async def test_restarts_are_limited_within_a_time(autojump_clock) -> None:
    """A supervised actor must stop after restart retry limit."""
    signals = []
    with pytest.raises(EscalatedError):
        async with run(tree(signals, intensity=Intensity(restarts=2, within_s=60))) as running:
            await crash_and_wait(running, 3)
    assert signals.count("started") == 3


async def test_limit_starts_anew_after_its_time(autojump_clock) -> None:
    """A supervised actor must reset the fixed limit after timeout."""
    signals = []
    async with run(tree(signals, intensity=Intensity(restarts=2, within_s=1))) as running:
        for _ in range(3):
            await crash(running, 2)
            await trio.sleep(1.1)
        assert await ask(running, "state") == 0
    assert signals.count("started") == 7


async def test_failing_first_start_is_not_restarted(autojump_clock) -> None:
    """A supervised actor must stop when initial behaviour throws."""

    class Bad(Counter):
        async def started(self, context) -> None:
            self.signals.append("tried")
            raise OSError("no")

    signals = []
    with pytest.raises(StartError):
        async with run(Supervisor("r", children=[Child("a", lambda: Bad(signals))])):
            pass
    assert signals == ["tried"]


async def test_failing_restart_is_tried_again_with_backoff(autojump_clock) -> None:
    """A supervised actor must restart after exponential delay when deferred factory throws."""
    began = []

    class Flaky(Counter):
        async def started(self, context) -> None:
            began.append(trio.current_time())
            if 1 < len(began) < 5:
                raise OSError("no")
            await super().started(context)

    backoff = Backoff(first_s=1, factor=2, most_s=10, jitter=0)
    flaky = Supervisor("r", backoff=backoff, intensity=Intensity(restarts=10), children=[Child("a", lambda: Flaky([]))])
    async with run(flaky) as running:
        await crash(running)
        assert await ask(running, "state") == 0
    assert [round(at - began[0]) for at in began] == [0, 1, 3, 7, 15]


async def test_delay_is_capped_and_starts_again_after_a_quiet_time(autojump_clock) -> None:
    """A supervised actor must reset exponential backoff count after reset timeout; respect the maximum."""
    backoff = Backoff(first_s=1, factor=10, most_s=20, jitter=0, reset_after_s=30)
    async with run(tree([], backoff=backoff, intensity=Intensity(restarts=10))) as running:
        delays = []
        for pause in (0, 0, 0, 31):
            began = trio.current_time()
            await crash(running)
            await ask(running, "state")
            delays.append(trio.current_time() - began)
            await trio.sleep(pause)
        began = trio.current_time()
        await crash(running)
        await ask(running, "state")
        assert [round(delay) for delay in delays] == [1, 10, 20, 20]
        assert round(trio.current_time() - began) == 1


async def test_children_of_an_incarnation_end_with_it(autojump_clock) -> None:
    """A supervised actor must stop children when restarting (children of an actor are its sub-tasks)."""
    ended = []

    async def child() -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.append(1)

    async def spawn(actor: Counter) -> None:
        actor.context.start_soon(child)
        actor.context.start_soon(child)

    async with run(tree([])) as running:
        await ask(running, spawn)
        await wait_all_tasks_blocked()
        await crash(running)
        assert ended == [1, 1]


async def test_timers_of_an_incarnation_end_with_it(autojump_clock) -> None:
    """A supervised actor must cancel timers on restart."""

    async def remind(actor: Counter) -> None:
        async def later() -> None:
            await trio.sleep(5)
            actor.context.ref.tell_nowait("add")

        actor.context.start_soon(later)

    async with run(tree([])) as running:
        await ask(running, remind)
        await crash(running)
        await trio.sleep(10)
        assert await ask(running, "state") == 0


async def test_watchers_are_told_once_of_the_end_and_not_of_restarts(autojump_clock) -> None:
    """A supervised actor must not terminate watchers' targets on restart."""
    told = []
    async with run(tree([], Restart.TRANSIENT)) as running:

        async def watch() -> None:
            told.append(await running.ref("r/a").watch())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch)
            await crash(running, 3)
            assert told == []
            await running.stop_child("r/a")
        assert told == ["stopped"]


async def test_stop_during_backoff_cancels_the_restart(autojump_clock) -> None:
    """A supervised actor must be able to be stopped during backoff."""
    signals = []
    async with run(tree(signals, backoff=Backoff(first_s=100))) as running:
        await crash(running)
        await running.stop_child("r/a")
        await trio.sleep(1000)
    assert signals == ["started", "stopped: crashed"]
