"""The children that the OTP cases are made of, and what is asked about them."""

from collections.abc import Iterable

import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Actor, Child, Context, DeclineStart, Running, Supervisor


class Worker(Actor[str]):
    """Ends as it is told: normally, or by a crash."""

    async def started(self, context: Context) -> None:
        self.context = context

    async def receive(self, message: str) -> str:
        if message == "crash":
            raise ValueError(message)
        if message == "end":
            self.context.stop()
        return message


class Declining(Worker):
    """Does not want to run."""

    async def started(self, context: Context) -> None:
        raise DeclineStart


class Failing(Worker):
    """Cannot start."""

    async def started(self, context: Context) -> None:
        raise OSError("cannot")


class FailsLater(Worker):
    """One outcome for each start: whether it succeeds. When they are used up, all do."""

    def __init__(self, outcomes: Iterable[bool]) -> None:
        self.outcomes = outcomes

    async def started(self, context: Context) -> None:
        if not next(self.outcomes, True):
            raise OSError("cannot now")
        self.context = context


def worker(name: str, **options) -> Child:
    return Child(name, Worker, **options)


def fails_later(name: str, *outcomes: bool, **options) -> Child:
    """Its starts succeed or fail in this order, over all its incarnations."""
    left = iter(outcomes)
    return Child(name, lambda: FailsLater(left), **options)


def tree(*children: Child | Supervisor, **options) -> Supervisor:
    return Supervisor("r", children=children, **options)


def children(running: Running, path: str = "r") -> dict[str, tuple[str, int]]:
    """State and incarnation of each, in start order."""
    found = running.status().find(path).children
    return {child.path.rpartition("/")[2]: (str(child.state), child.incarnation) for child in found}


async def tell(running: Running, name: str, *messages: str) -> None:
    """Tell it each, and let the tree come to rest after each."""
    for message in messages:
        running.ref(f"r/{name}").tell_nowait(message)
        await wait_all_tasks_blocked()


async def tell_and_wait(running: Running, name: str, *messages: str) -> None:
    """The same, until the tree ends by itself."""
    await tell(running, name, *messages)
    await trio.sleep_forever()
