"""Callers of the engine that are cancelled, in each of their waits."""

from collections.abc import Callable

import pytest
import trio

from supervision import Child, EventKind, run
from supervision.testing import replay
from tests.supervision.suites.busy import Member, build, clean, fill

pytestmark = pytest.mark.usefixtures("quiet")
SEEDS = range(3)


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
