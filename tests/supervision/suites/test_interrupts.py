"""Interrupts of the engine's own code: the block cancelled and SIGTERM at every turn, Ctrl-C at every line."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import trio

import supervision
from supervision import Child, EventKind, SendError, Supervisor, run
from supervision.testing import FaultInjector, replay
from tests.supervision.suites.busy import build, clean

pytestmark = pytest.mark.usefixtures("quiet")
ENGINE = {
    str(Path(supervision.__file__).parent / f"{name}.py") for name in ("incarnation", "queue", "ref", "answer", "leaf")
}


# The block itself is cancelled, or the program told to end, at any turn


class Turn(trio.abc.Instrument):
    """Does something once, before the `at`-th turn of any task."""

    def __init__(self, at: int | None, deed: Callable[[], None]) -> None:
        self.at, self.deed, self.seen = at, deed, 0

    def before_task_step(self, task) -> None:
        if self.seen == self.at:
            self.deed()
        self.seen += 1


async def busy(deed: str, turn_at: int | None, turns: list[int]) -> None:
    living = trio.lowlevel.current_statistics().tasks_living
    scope = trio.CancelScope()
    turn = Turn(turn_at, scope.cancel if deed == "cancel" else lambda: os.kill(os.getpid(), signal.SIGTERM))
    running = None
    trio.lowlevel.add_instrument(turn)
    with scope:
        async with run(build(), seed=1) as running:
            for message in (1, "r/b", 13):
                with suppress(SendError):
                    running.ref("r/s/c").tell_nowait(message)
                await trio.sleep(3)
    turns.append(turn.seen)
    trio.lowlevel.remove_instrument(turn)
    assert trio.lowlevel.current_statistics().tasks_living <= living
    if running is not None:
        clean(running, living)
        ends = [event.path for event in running.recent_events() if event.kind is EventKind.EXITED]
        assert ends[-1] == "r"


@pytest.mark.parametrize("deed", ["cancel", "signal"])
def test_end_that_comes_at_any_turn_is_orderly(deed) -> None:
    turns: list[int] = []
    replay(busy, deed, None, turns, seed=1)
    for at in range(turns[0]):
        replay(busy, deed, at, turns, seed=at % 7)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_fatal_error_at_any_checkpoint_of_an_actor_ends_everything_and_comes_out(error) -> None:
    async def life(injector: FaultInjector) -> None:
        living = trio.lowlevel.current_statistics().tasks_living
        running = None
        tree = build()
        children = [injector.child(child) if isinstance(child, Child) else child for child in tree.children]
        try:
            async with run(Supervisor("r", children=children), signals=False) as running:
                running.ref("r/a").tell_nowait("r/b")
                await trio.sleep(5)
        except error:
            assert injector.struck is not None
        else:
            assert injector.struck is None
        if running is not None:
            clean(running, living)

    counting = FaultInjector()
    replay(life, counting, seed=1)
    for at in range(counting.seen):
        replay(life, FaultInjector(at, error=error), seed=at % 7)


# Ctrl-C where nobody heeds it: it may strike between any two lines


class Strike:
    """Raises KeyboardInterrupt before the `at`-th line of the engine's files that is open to it."""

    def __init__(self, at: int | None) -> None:
        self.at, self.seen = at, 0

    def __call__(self, frame, event, argument):
        return self.line if frame.f_code.co_filename in ENGINE else None

    def line(self, frame, event, argument):
        if event == "line" and not trio.lowlevel.currently_ki_protected():
            self.seen += 1
            if self.seen - 1 == self.at:
                raise KeyboardInterrupt
        return self.line


async def struck(strike: Strike) -> None:
    living = trio.lowlevel.current_statistics().tasks_living
    running = raised = None
    before = sys.gettrace()
    sys.settrace(strike)
    try:
        with trio.fail_after(1000):
            async with run(build(), seed=1, signals=False) as running:
                for message in (1, "r/b", 13):
                    await running.ref("r/s/c").tell(message)
                await running.ref("r/b").ask(2, timeout_s=5)
                await trio.sleep(3)
    except BaseException as error:  # noqa: BLE001 — a group of them is allowed where it struck a task of Trio's
        raised = error
    finally:
        sys.settrace(before)
    if strike.at is None:
        assert raised is None
    else:
        assert isinstance(raised, KeyboardInterrupt) or raised.split(KeyboardInterrupt)[1] is None
    assert trio.lowlevel.current_statistics().tasks_living <= living
    if running is not None:
        engine = running._engine
        assert (engine._tasks, engine._starting, len(engine._timers)) == (0, 0, 0)


def test_keyboard_interrupt_at_any_line_of_the_engine_leaves_no_task() -> None:
    counting = Strike(None)
    replay(struck, counting, seed=1)
    for at in range(counting.seen):
        replay(struck, Strike(at), seed=1)
