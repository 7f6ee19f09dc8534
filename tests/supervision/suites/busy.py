"""A tree in the middle of its work, for tests that disturb it: slow members, full mailboxes, a supervisor in backoff."""

import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Actor, Backoff, Child, InFlight, Intensity, Mailbox, Shutdown, Supervisor


class Slow(Actor[float]):
    """Sleeps as long as it is told."""

    async def receive(self, message: float) -> None:
        await trio.sleep(message)


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
