"""The picture of the running tree."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import (
    Actor,
    Backoff,
    Child,
    CircuitBreaker,
    Intensity,
    Mailbox,
    NotFoundError,
    Strategy,
    Supervisor,
    run,
)
from supervision.testing import Probe


def crash(message: object) -> object:
    if isinstance(message, Exception):
        raise message
    return message


async def test_figures_of_an_actor(autojump_clock) -> None:
    async with run(Supervisor("r", children=[Probe(crash).child("a", mailbox=Mailbox(capacity=7))])) as running:
        ref = running.ref("r/a")
        for n in range(5):
            ref.tell_nowait(n)
        ref.tell_nowait(ValueError("no"))
        await wait_all_tasks_blocked()
        await trio.sleep(10)
        status = running.status().find("r/a")

        assert (status.handled, status.failed, status.dead_letters, status.restarts) == (5, 1, 1, 1)
        assert (status.mailbox_depth, status.mailbox_capacity, status.mailbox_high_water) == (0, 7, 6)
        assert status.uptime_s == 10
        assert status.latency.count == 5
        assert 0 < status.latency.p50_s <= status.latency.p99_s < 60
        assert status.rate_per_s > 0
        assert "ValueError: no" in status.last_error
        assert "Traceback" in status.last_error


async def test_figures_of_a_supervisor(autojump_clock) -> None:
    tree = Supervisor(
        "r",
        strategy=Strategy.ONE_FOR_ALL,
        intensity=Intensity(restarts=3, within_s=20),
        children=[Probe(crash).child("a")],
    )
    async with run(tree) as running:
        running.ref("r/a").tell_nowait(ValueError("no"))
        await trio.sleep(8)
        root = running.status().root

        assert (root.restarts_in_window, root.restarts_remaining) == (1, 2)
        assert root.escalates_after == "escalates after 3 more within 12 s"
        assert root.strategy == "one_for_all"
        assert root.uptime_s == 8


async def test_actor_has_its_share_of_its_supervisors_budget(autojump_clock) -> None:
    children = [Probe(crash).child(name) for name in ("a", "b")]
    tree = Supervisor("r", intensity=Intensity(restarts=3, within_s=20), children=children)
    async with run(tree) as running:
        for _ in range(2):
            running.ref("r/a").tell_nowait(ValueError("no"))
            await trio.sleep(4)
        a, b = running.status().root.children

        assert (a.restarts_in_window, a.restarts_remaining) == (2, 1)
        assert (b.restarts_in_window, b.restarts_remaining) == (0, 1)
        assert a.escalates_after == b.escalates_after == running.status().root.escalates_after
        assert a.escalates_after == "escalates after 2 more within 12 s"
        await trio.sleep(20)
        assert (running.status().find("r/a").restarts_in_window, running.status().find("r/a").restarts) == (0, 2)


async def test_every_state_of_a_start_and_restart_is_seen(autojump_clock) -> None:
    class Slow(Actor[object]):
        async def started(self, context) -> None:
            await trio.sleep(1)

        async def receive(self, message: object) -> None:
            raise ValueError(message)

        async def stopped(self) -> None:
            await trio.sleep(1)

    seen = []

    async def look(context) -> None:
        while True:
            state = context.running.status().find("r/slow").state
            if state not in seen[-1:]:
                seen.append(str(state))
            await trio.sleep(0.25)

    tree = Supervisor("r", backoff=Backoff(first_s=1), children=[Child("look", look), Child("slow", Slow)])
    async with run(tree) as running:
        await trio.sleep(0.5)
        running.ref("r/slow").tell_nowait(1)
        await trio.sleep(5)
        await running.stop_child("r/slow")
        await trio.sleep(1)

    assert seen == ["starting", "running", "stopping", "backoff", "restarting", "running", "stopping", "stopped"]


async def test_waits_and_breakers_are_shown(autojump_clock) -> None:
    class Caller(Actor[str]):
        async def started(self, context) -> None:
            self.context = context
            self.breaker = CircuitBreaker("shaky", failures=2)

        async def receive(self, message: str) -> None:
            async with self.breaker:
                await self.context.ref_to("r/slow").ask("x", timeout_s=5)

    class Slow(Actor[str]):
        async def receive(self, message: str) -> None:
            await trio.sleep(2)

    async with run(Supervisor("r", children=[Child("slow", Slow), Child("caller", Caller)])) as running:
        running.ref("r/caller").tell_nowait("go")
        await trio.sleep(1)
        status = running.status().find("r/caller")
        assert status.waiting_for == ("r/slow",)
        assert [(breaker.name, breaker.state) for breaker in status.breakers] == [("shaky", "closed")]
        await trio.sleep(3)
        assert running.status().find("r/caller").waiting_for == ()


class Shaky(Actor[str]):
    """Uses the breaker that it is given, and always fails."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self.breaker = breaker

    async def receive(self, message: str) -> None:
        async with self.breaker:
            raise ValueError(message)


def breakers(running) -> list:
    return [(breaker.name, str(breaker.state)) for breaker in running.status().find("r/a").breakers]


async def test_breaker_that_outlives_an_incarnation_stays_shown(autojump_clock) -> None:
    breaker = CircuitBreaker("shaky", failures=1)
    tree = Supervisor("r", backoff=Backoff(first_s=10), children=[Child("a", lambda: Shaky(breaker))])
    async with run(tree) as running:
        assert breakers(running) == []
        running.ref("r/a").tell_nowait("crash")
        await trio.sleep(1)
        assert running.status().find("r/a").state == "backoff"
        assert breakers(running) == [("shaky", "open")]


async def test_breaker_of_an_incarnation_gives_way_to_that_of_the_next(autojump_clock) -> None:
    tree = Supervisor("r", children=[Child("a", lambda: Shaky(CircuitBreaker("shaky", failures=2)))])
    async with run(tree) as running:
        for _ in range(3):
            running.ref("r/a").tell_nowait("crash")
            await trio.sleep(1)
            assert breakers(running) == [("shaky", "closed")]


async def test_snapshots_are_frozen(autojump_clock) -> None:
    async with run(Supervisor("r", children=[Probe().child("a")])) as running:
        before = running.status()
        await running.ref("r/a").ask(1, timeout_s=1)

        assert before.find("r/a").handled == 0
        with pytest.raises(AttributeError):
            before.root.children[0].handled = 5


async def test_every_figure_stands_under_its_name(autojump_clock) -> None:
    async with run(Supervisor("r", children=[Probe().child("a", mailbox=Mailbox(capacity=7))])) as running:
        leaf = running._engine.nodes["r/a"]
        leaf.incarnation, leaf.failures, leaf.queue.high_water = 11, 12, 13
        leaf.handled, leaf.failed_messages, leaf.dropped, leaf.redelivered = 14, 15, 16, 17
        leaf.quarantined, leaf.late_answers, leaf.dead_letters = 18, 19, 20
        leaf.stack = "stack"
        await trio.sleep(5)
        status = running.status_of("r/a")

    assert (status.path, status.state, status.incarnation, status.failures_in_row) == ("r/a", "running", 11, 12)
    assert (status.started_at_s, status.uptime_s, status.restarts, status.restarts_in_window) == (0, 5, 10, 0)
    assert (status.restarts_remaining, status.escalates_after) == (3, "escalates after 4 more within 5 s")
    assert (status.mailbox_depth, status.mailbox_capacity, status.mailbox_high_water) == (0, 7, 13)
    assert (status.waiting_senders, status.handled, status.failed, status.dropped) == (0, 14, 15, 16)
    assert (status.redelivered, status.quarantined, status.late_answers, status.dead_letters) == (17, 18, 19, 20)
    assert (status.rate_per_s, status.latency, status.last_error) == (0, None, None)
    assert (status.waiting_for, status.breakers, status.stack) == ((), (), "stack")


async def test_one_part_is_seen_with_all_below_it(autojump_clock) -> None:
    tree = Supervisor("r", children=[Probe().child("a"), Supervisor("s", children=[Probe().child("b")])])
    async with run(tree) as running:
        status = running.status()

        assert running.status_of("r/a") == status.find("r/a")
        assert running.status_of("r/s") == status.find("r/s")
        assert running.status_of("r") == status.root
        with pytest.raises(NotFoundError, match="r/x"):
            running.status_of("r/x")


async def test_events_and_deadlocks_are_counted(autojump_clock) -> None:
    async with run(Supervisor("r", children=[Probe(crash).child("a")])) as running:
        for _ in range(2):
            running.ref("r/a").tell_nowait(ValueError("no"))
            await trio.sleep(1)
        status = running.status()

    assert status.event_counts == {"started": 2, "exited": 2, "restarted": 2, "dead_letter": 2}
    assert status.deadlock_count == 0
