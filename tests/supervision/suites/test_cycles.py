"""Cycles of waits of every mixture: asks, full mailboxes, restarts between; and what looks like one but ends by itself."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Actor, Child, DeadlockError, InFlight, Mailbox, Overflow, Supervisor, run
from supervision.testing import replay

pytestmark = pytest.mark.usefixtures("quiet")


class Member(Actor[tuple]):
    """Does, one after the other, what the message says; notes the first cycle that it meets, and goes on."""

    cycles: list

    async def started(self, context) -> None:
        self.context = context

    async def receive(self, message: tuple) -> None:
        for verb, *rest in message:
            if verb == "sleep":
                await trio.sleep(*rest)
            elif verb == "crash":
                if self.context.incarnation == 1:
                    raise ValueError
            else:
                path, then = rest
                ref = self.context.ref_to(path)
                try:
                    await (ref.tell(then) if verb == "tell" else ref.ask(then, timeout_s=1000))
                except DeadlockError as error:
                    self.cycles.append((self.context.path, error.cycle, trio.current_time()))


def tree(names: str, cycles: list, **boxes: Overflow) -> Supervisor:
    class Noting(Member):
        pass

    Noting.cycles = cycles
    boxes_by_name = {
        name: Mailbox(capacity=1, overflow=boxes.get(name, Overflow.WAIT), in_flight=InFlight.redeliver(times=2))
        for name in names
    }
    return Supervisor("r", children=[Child(name, Noting, mailbox=boxes_by_name[name]) for name in names])


async def settle(names: str, orders: dict, **boxes: Overflow) -> list:
    """Give each actor its first message, fill the mailboxes that are to be full, and wait until all has ended."""
    cycles: list = []
    async with run(tree(names, cycles, **boxes)) as running:
        began = trio.current_time()
        for name, (deeds, is_full) in orders.items():
            running.ref(f"r/{name}").tell_nowait(deeds)
            await wait_all_tasks_blocked()
            if is_full:
                running.ref(f"r/{name}").tell_nowait(())
        await trio.sleep(500)
        assert len(running.status().deadlocks) == len(cycles)
        assert all(child.mailbox_depth == 0 for child in running.status().root.children), "it goes on after that"
    return [(path, cycle, at_s - began) for path, cycle, at_s in cycles]


PLACES = {
    "ask and full mailbox": (
        {"a": ((("sleep", 1), ("ask", "r/b", ())), True), "b": ((("sleep", 2), ("tell", "r/a", ())), False)},
        [("r/b", ("r/b", "r/a"), 2)],
    ),
    "two full mailboxes": (
        {"a": ((("sleep", 1), ("tell", "r/b", ())), True), "b": ((("sleep", 2), ("tell", "r/a", ())), True)},
        [("r/b", ("r/b", "r/a"), 2)],
    ),
    "three, mixed, the last wait closes it": (
        {
            "a": ((("sleep", 1), ("tell", "r/b", ())), True),
            "b": ((("sleep", 3), ("ask", "r/c", ())), True),
            "c": ((("sleep", 2), ("tell", "r/a", ())), False),
        },
        [("r/b", ("r/b", "r/c", "r/a"), 3)],
    ),
    "four, the one in the middle starts waiting last": (
        {
            "a": ((("sleep", 1), ("ask", "r/b", ())), False),
            "b": ((("sleep", 4), ("tell", "r/c", ())), False),
            "c": ((("sleep", 2), ("ask", "r/d", ())), True),
            "d": ((("sleep", 3), ("ask", "r/a", ())), False),
        },
        [("r/b", ("r/b", "r/c", "r/d", "r/a"), 4)],
    ),
    "over a restart": (
        {
            "a": ((("sleep", 1), ("ask", "r/b", ())), False),
            "b": ((("sleep", 2), ("crash",), ("sleep", 1), ("ask", "r/a", ())), False),
        },
        [("r/b", ("r/b", "r/a"), 5)],
    ),
}


@pytest.mark.parametrize("orders,expected", PLACES.values(), ids=PLACES)
def test_cycle_is_raised_in_the_one_that_closes_it_when_it_closes(orders, expected) -> None:
    for seed in range(5):
        assert replay(settle, "abcd", orders, seed=seed) == expected


@pytest.mark.parametrize("overflow", [Overflow.DROP_OLDEST, Overflow.DROP_NEWEST, Overflow.FAIL], ids=str)
def test_full_mailbox_that_makes_nobody_wait_is_no_part_of_a_cycle(overflow) -> None:
    async def life() -> list:
        return await settle("ab", PLACES["ask and full mailbox"][0], a=overflow)

    for seed in range(5):
        assert replay(life, seed=seed) == []


def test_wait_that_is_over_is_no_part_of_a_cycle() -> None:
    """The ask has run into its time-out, the full mailbox has got room, the waiting actor has crashed."""

    async def life() -> tuple:
        cycles: list = []
        async with run(tree("abc", cycles)) as running:
            running.ref("r/b").tell_nowait((("sleep", 2), ("tell", "r/a", ())))
            running.ref("r/a").tell_nowait((("tell", "r/b", ()), ("tell", "r/b", ()), ("sleep", 3)))
            await trio.sleep(100)
            running.ref("r/a").tell_nowait((("crash",), ("ask", "r/b", ()), ("ask", "r/c", ())))
            running.ref("r/c").tell_nowait((("sleep", 1), ("tell", "r/a", ())))
            await trio.sleep(100)
            return cycles, running.status().deadlocks

    for seed in range(20):
        assert replay(life, seed=seed) == ([], ())
