"""A world to put random trees into: actors that do as they are ordered, and note it."""

import contextlib
from collections import Counter

import attrs
import trio
from hypothesis import strategies as st

from supervision import (
    Actor,
    AdministrationError,
    Backoff,
    Child,
    InFlight,
    Intensity,
    Mailbox,
    Overflow,
    Restart,
    SendError,
    Shutdown,
    Strategy,
    Supervisor,
)


@attrs.frozen
class Order:
    """One message: who sent it, its number among the sender's, and what the actor shall do."""

    sender: int
    number: int
    deed: str
    takes_s: float


class World:
    """What the outside knows: what was accepted, what the actors did."""

    def __init__(self) -> None:
        self.accepted: list[Order] = []
        self.handled: dict[str, list[Order]] = {}
        self.alive: Counter[str] = Counter()
        self.cleanings: list[tuple[str, float, float]] = []


class Worker(Actor[Order]):
    """Does what it is ordered, and notes it when it is done."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def started(self, context) -> None:
        self.context = context
        self.world.alive[context.path] += 1
        assert self.world.alive[context.path] == 1, "two incarnations at once"
        await trio.sleep(0.1)

    async def receive(self, message: Order) -> None:
        await trio.sleep(message.takes_s)
        if message.deed == "crash":
            raise ValueError(message)
        if message.deed == "end":
            self.context.stop()
        if message.deed == "ask":
            await self.ask_somebody(message)
        self.world.handled.setdefault(self.context.path, []).append(message)

    async def ask_somebody(self, message: Order) -> None:
        paths = [node.path for node in self.context.running.status().walk()]
        question = Order(100 + message.sender, message.number, "work", message.takes_s)
        with contextlib.suppress(SendError, AdministrationError):
            await self.context.ref_to(paths[message.sender % len(paths)]).ask(question, timeout_s=2.5)
            self.world.accepted.append(question)

    async def stopped(self) -> None:
        began_s = trio.current_time()
        await trio.sleep(0.1)
        self.world.cleanings.append((self.context.path, began_s, trio.current_time()))


def counted(world: World):
    """A factory whose actors are taken off the count when their task ends, however it ends."""

    class Counted(Worker):
        async def started(self, context) -> None:
            context.start_soon(self.until_the_end, context.path)
            await super().started(context)

        async def until_the_end(self, path: str) -> None:
            try:
                await trio.sleep_forever()
            finally:
                self.world.alive[path] -= 1

    return lambda: Counted(world)


leaves = st.builds(
    lambda restart, mailbox, grace_s: (restart, mailbox, grace_s),
    st.sampled_from(Restart),
    st.builds(
        Mailbox,
        capacity=st.integers(1, 4),
        overflow=st.sampled_from(Overflow),
        in_flight=st.sampled_from([InFlight.drop(), InFlight.redeliver(times=2), InFlight.quarantine()]),
    ),
    st.sampled_from([0, 1.0, 5.0]),
)
flavors = st.tuples(
    st.sampled_from([Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE]),
    st.integers(0, 4),
    st.sampled_from([None, Backoff(first_s=0.5), Backoff(first_s=3, jitter=0.5)]),
)
shapes = st.recursive(leaves, lambda inner: st.tuples(flavors, st.lists(inner, max_size=3)), max_leaves=6).map(
    lambda shape: shape if isinstance(shape[0], tuple) else ((Strategy.ONE_FOR_ONE, 3, None), [shape])
)


def build(shape, world: World, name: str = "r") -> Child | Supervisor:
    if not isinstance(shape[0], tuple):
        restart, mailbox, grace_s = shape
        return Child(name, counted(world), restart=restart, mailbox=mailbox, shutdown=Shutdown(grace_s=grace_s))
    (strategy, restarts, backoff), inner = shape
    children = [build(each, world, f"c{place}") for place, each in enumerate(inner)]
    return Supervisor(
        name, strategy=strategy, intensity=Intensity(restarts=restarts), backoff=backoff, children=children
    )
