"""Deadlocks: every real one is found, and trees that make progress never hear of one."""

import logging
from random import Random

import pytest
import trio

from supervision import Actor, Child, DeadlockError, Intensity, Mailbox, MessageFailedError, Supervisor, run
from supervision.testing import replay

RUNS = 10_000
BATCH = 50


class Member(Actor[tuple]):
    """Passes a message along its way: by telling, by asking, or from a sub-task."""

    async def started(self, context) -> None:
        self.context = context

    async def receive(self, message: tuple) -> int:
        await trio.lowlevel.checkpoint()
        if not message:
            return 0
        (verb, path), *rest = message
        ref = self.context.ref_to(path)
        if verb == "ask":
            return 1 + await ref.ask(tuple(rest), timeout_s=1000)
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


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


async def batch(first: int) -> None:
    for seed in range(first, first + BATCH):
        await (there_and_back if seed % 4 == 0 else progress)(seed)


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
