"""Interrupts of the engine's own code: its callers cancelled at every wait, Ctrl-C at every line, SIGTERM at every turn."""

import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import supervision
from supervision import (
    Actor,
    Backoff,
    Child,
    EventKind,
    InFlight,
    Intensity,
    Mailbox,
    SendError,
    Shutdown,
    Supervisor,
    run,
)
from supervision.testing import FaultInjector, replay

SEEDS = range(3)
ENGINE = {
    str(Path(supervision.__file__).parent / f"{name}.py") for name in ("incarnation", "queue", "ref", "answer", "leaf")
}


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Member(Actor[object]):
    """Slow, with a sub-task and a clean-up; asks its neighbor when told a path."""

    async def started(self, context) -> None:
        self.context = context
        context.start_soon(trio.sleep_forever)
        await trio.sleep(0.1)

    async def receive(self, message: object) -> object:
        if isinstance(message, str):
            return await self.context.ref_to(message).ask(1, timeout_s=20)
        await trio.sleep(1)
        if message == 13:
            raise ValueError(message)
        return message

    async def stopped(self) -> None:
        await trio.sleep(0.1)


def build() -> Supervisor:
    box = Mailbox(capacity=1, in_flight=InFlight.redeliver(times=1))
    below = Supervisor("s", backoff=Backoff(first_s=0.5), children=[Child("c", Member, mailbox=box)])
    children = [Child("a", Member, mailbox=box), Child("b", Member, mailbox=box), below]
    return Supervisor("r", intensity=Intensity(restarts=10), shutdown=Shutdown(grace_s=50), children=children)


async def fill(running) -> None:
    """One message in hand, one in the mailbox: the next sender waits."""
    for path in ("r/a", "r/s/c"):
        for number in range(2):
            running.ref(path).tell_nowait(number)
            await wait_all_tasks_blocked()


def clean(running, living: int) -> None:
    engine = running._engine
    assert (engine._tasks, engine._starting, len(engine._timers), len(engine.waits)) == (0, 0, 0, 0)
    assert not any(node.queue.senders or node.queue.items for node in engine.nodes.values() if hasattr(node, "queue"))
    assert trio.lowlevel.current_statistics().tasks_living <= living


# The caller is cancelled


class Steps:
    """A call whose caller is cancelled in its `at`-th wait; counts them."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.seen = 0
        self.scope = trio.CancelScope()

    async def run(self, call: Callable) -> None:
        with self.scope:
            await _Stepped(call(), self)


class _Stepped:
    def __init__(self, coroutine, steps: Steps) -> None:
        self.coroutine, self.steps = coroutine, steps

    def __await__(self):
        resume, value = self.coroutine.send, None
        while True:
            try:
                trap = resume(value)
            except StopIteration as end:
                return end.value
            if self.steps.seen == self.steps.at:
                self.steps.scope.cancel()
            self.steps.seen += 1
            try:
                value = yield trap
                resume = self.coroutine.send
            except BaseException as error:  # noqa: BLE001 — handed on to the coroutine
                resume, value = self.coroutine.throw, error


async def tells(running) -> None:
    for number in range(3):
        await running.ref("r/a").tell(number)


async def asks(running) -> None:
    await running.ref("r/a").ask("r/b", timeout_s=30)


async def listens(running) -> None:
    async with running.events() as events:
        running.ref("r/b").tell_nowait(13)
        async for event in events:
            if event.kind is EventKind.RESTARTED:
                return


CALLS = {
    "tell": tells,
    "ask": asks,
    "watch": lambda running: running.ref("r/s").watch(),
    "start": lambda running: running.start_child("r/s", Child("new", Member)),
    "stop": lambda running: running.stop_child("r/s"),
    "drain": lambda running: running.stop_child("r/a", "drain"),
    "kill": lambda running: running.stop_child("r/s/c", "kill"),
    "renew": lambda running: running.renew_child("r/s"),
    "stop all": lambda running: running.stop(),
    "events": listens,
}


async def stopped_then(running, verb: str) -> None:
    await running.stop_child("r/b")
    await getattr(running, verb)("r/b")


CALLS["restart"] = lambda running: stopped_then(running, "restart_child")
CALLS["remove"] = lambda running: stopped_then(running, "remove_child")


async def cancelled_call(name: str, steps: Steps) -> None:
    living = trio.lowlevel.current_statistics().tasks_living
    async with run(build(), seed=1) as running:
        await fill(running)
        with trio.move_on_after(40):
            await steps.run(lambda: CALLS[name](running))
        await trio.sleep(60)
        engine = running._engine
        assert (engine._starting, len(engine._timers), len(engine.waits)) == (0, 0, 0)
        assert {str(node.state) for node in running.status().walk()} <= {"running", "stopped"}
        assert not any(child.waiting_senders for child in running.status().walk() if hasattr(child, "waiting_senders"))
    letters = [event.dead_letter.message for event in running.recent_events() if event.dead_letter]
    handled = [running.status().find(path).handled for path in ("r/a", "r/s/c")]
    assert sum(handled) + len(letters) >= 4, "a message is lost"
    clean(running, living)


@pytest.mark.parametrize("name", CALLS)
def test_caller_that_is_cancelled_in_any_wait_leaves_the_tree_whole(name) -> None:
    for seed in SEEDS:
        counting = Steps(None)
        replay(cancelled_call, name, counting, seed=seed)
        assert counting.seen >= 1
        for at in range(counting.seen):
            steps = Steps(at)
            replay(cancelled_call, name, steps, seed=seed)
            assert steps.seen > at


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
