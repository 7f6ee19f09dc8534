"""Deadlocks: every real one is found, and trees that make progress never hear of one."""

from random import Random
from typing import ClassVar

import pytest
import trio

from supervision import (
    Actor,
    Child,
    DeadlockError,
    InFlight,
    Intensity,
    Mailbox,
    MessageFailedError,
    SendError,
    Strategy,
    Supervisor,
    run,
)
from supervision.testing import replay

pytestmark = pytest.mark.usefixtures("quiet")

RUNS = 10_000
BATCH = 50


class Member(Actor[tuple]):
    """Passes a message along its way: by telling, by asking, or from a sub-task."""

    timeout_s: float = 1000
    takes_s: float = 0

    async def started(self, context) -> None:
        self.context = context

    async def receive(self, message: tuple) -> int:
        await trio.sleep(self.takes_s)
        if not message or message[0][0] == "end":
            return 0
        (verb, path), *rest = message
        ref = self.context.ref_to(path)
        if verb == "ask":
            return 1 + await ref.ask(tuple(rest), timeout_s=self.timeout_s)
        if verb == "soon":
            self.context.start_soon(ref.tell, tuple(rest))
        else:
            await ref.tell(tuple(rest))
        return 1


async def progress(seed: int) -> None:
    """Ways that only lead to later actors: waits never close a cycle, however full the mailboxes are."""
    random = Random(seed)
    count = random.randint(2, 5)
    names = [f"m{n}" for n in range(count)]
    tree = Supervisor(
        "r", children=[Child(name, Member, mailbox=Mailbox(capacity=random.randint(1, 3))) for name in names]
    )
    async with run(tree) as running:
        async with trio.open_nursery() as nursery:
            for _ in range(random.randint(1, 8)):
                places = sorted(random.sample(range(count), random.randint(1, count)))
                way = tuple((random.choice(["tell", "ask", "soon"]), f"r/{names[place]}") for place in places[1:])
                send = running.ref(f"r/{names[places[0]]}")
                nursery.start_soon(send.tell, way)
        await trio.sleep(1)
        status = running.status()
        assert status.deadlocks == ()
        assert status.dead_letter_count == 0
        assert all(child.incarnation == 1 and child.mailbox_depth == 0 for child in status.root.children)


async def there_and_back(seed: int) -> None:
    """Ways in both directions that never overlap: one message at a time."""
    random = Random(seed)
    names = [f"r/m{n}" for n in range(4)]
    async with run(Supervisor("r", children=[Child(name[2:], Member) for name in names])) as running:
        for _ in range(4):
            way = random.sample(names, random.randint(2, 4))
            await running.ref(way[0]).ask(tuple(("ask", path) for path in way[1:]), timeout_s=10)
        assert running.status().deadlocks == ()


class Shaky(Member):
    """Fails at the first try of every third message."""

    tried: dict

    async def receive(self, message: tuple) -> int:
        key = self.context.path, message
        self.tried[key] = self.tried.get(key, 0) + 1
        if self.tried[key] == 1 and len(self.tried) % 3 == 0:
            raise ValueError
        try:
            return await super().receive(message)
        except SendError:
            return 0


async def turbulence(seed: int) -> None:
    """Ways forward through actors that crash and are redelivered, with asks that run into their time-out."""
    random = Random(seed)

    class Fresh(Shaky):
        tried: ClassVar[dict] = {}
        timeout_s = random.choice([0.01, 1, 1000])
        takes_s = random.choice([0, 0.1])

    count = random.randint(2, 5)
    boxes = Mailbox(capacity=random.randint(1, 2), in_flight=InFlight.redeliver(times=2))
    children = [Child(f"m{n}", Fresh, mailbox=boxes) for n in range(count)]
    strategy = random.choice([Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE])
    async with run(Supervisor("r", strategy=strategy, intensity=Intensity(restarts=100), children=children)) as running:
        async with trio.open_nursery() as nursery:
            for number in range(random.randint(2, 8)):
                places = sorted(random.sample(range(count), random.randint(1, count)))
                way = tuple((random.choice(["tell", "ask", "soon"]), f"r/m{place}") for place in places[1:])
                nursery.start_soon(running.ref(f"r/m{places[0]}").tell, (*way, ("end", number)))
        await trio.sleep(10_000)
        status = running.status()
        assert status.deadlocks == ()
        assert all(child.mailbox_depth == 0 for child in status.root.children)


async def batch(first: int) -> None:
    for seed in range(first, first + BATCH):
        await (there_and_back, progress, turbulence, progress)[seed % 4](seed)


def test_no_false_alarm_in_ten_thousand_random_runs() -> None:
    for first in range(0, RUNS, BATCH):
        replay(batch, first, seed=first)


async def closed(seed: int) -> None:
    random = Random(seed)
    names = [f"r/m{n}" for n in range(random.randint(1, 6))]
    random.shuffle(names)
    tree = Supervisor(
        "r", intensity=Intensity(restarts=100), children=[Child(name[2:], Member) for name in sorted(names)]
    )
    async with run(tree) as running:
        began = trio.current_time()
        with pytest.raises(MessageFailedError) as raised:
            await running.ref(names[0]).ask(tuple(("ask", path) for path in (*names[1:], names[0])), timeout_s=500)
        error: BaseException | None = raised.value
        while not isinstance(error, DeadlockError):
            assert error is not None
            error = error.__cause__
        assert trio.current_time() == began
        assert sorted(error.cycle) == sorted(names)
        assert running.status().deadlocks == (error.cycle,)


def test_every_closed_cycle_is_found_at_once() -> None:
    for seed in range(200):
        replay(closed, seed, seed=seed)
