"""What an actor keeps across its incarnations."""

import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Actor, Backoff, Child, InFlight, Mailbox, Overflow, Shutdown, Strategy, Supervisor, run
from supervision.testing import Probe


class Slow(Actor[float]):
    """Takes as long as it is told."""

    async def receive(self, message: float) -> None:
        await trio.sleep(message)


def crash(message: object) -> object:
    if isinstance(message, Exception):
        raise message
    return message


async def test_drops_are_counted_and_dead_letters_have_their_reasons(autojump_clock) -> None:
    def child(name: str, overflow: Overflow) -> Child:
        return Child(name, Slow, mailbox=Mailbox(capacity=2, overflow=overflow))

    tree = Supervisor("r", children=[child("old", Overflow.DROP_OLDEST), child("new", Overflow.DROP_NEWEST)])
    async with run(tree) as running:
        for name in ("old", "new"):
            for n in (1, 2, 3, 4):
                await running.ref(f"r/{name}").tell(n)
        status = running.status()
        assert [(letter.path, letter.message, letter.reason) for letter in status.dead_letters] == [
            ("r/old", 1, "dropped_oldest"),
            ("r/old", 2, "dropped_oldest"),
            ("r/new", 3, "dropped_newest"),
            ("r/new", 4, "dropped_newest"),
        ]
        assert [child.dropped for child in status.root.children] == [2, 2]
        assert status.dead_letter_count == 4


async def test_message_interrupted_by_the_group_is_redelivered_if_that_was_declared(autojump_clock) -> None:
    mailbox = Mailbox(in_flight=InFlight.redeliver(times=1))
    slow = Child("slow", Slow, mailbox=mailbox, shutdown=Shutdown(grace_s=1))
    tree = Supervisor("r", strategy=Strategy.ONE_FOR_ALL, children=[slow, Probe(crash).child("b")])
    async with run(tree) as running:
        running.ref("r/slow").tell_nowait(4)
        running.ref("r/slow").tell_nowait(0)
        await trio.sleep(1)
        running.ref("r/b").tell_nowait(ValueError("no"))
        await trio.sleep(10)
        status = running.status().find("r/slow")

        assert (status.incarnation, status.handled, status.redelivered) == (2, 2, 1)
        assert running.status().find("r/b").incarnation == 2


async def test_redelivery_keeps_the_place_ahead_of_the_queue_over_backoffs(autojump_clock) -> None:
    seen = []

    def flaky(message: object) -> None:
        seen.append(message)
        if seen.count("bad") < 3 and message == "bad":
            raise ValueError(message)

    mailbox = Mailbox(capacity=5, in_flight=InFlight.redeliver(times=5))
    async with run(Supervisor("r", children=[Probe(flaky).child("a", mailbox=mailbox)])) as running:
        for message in ("first", "bad", "after"):
            running.ref("r/a").tell_nowait(message)
        await wait_all_tasks_blocked()

    assert seen == ["first", "bad", "bad", "bad", "after"]


async def test_what_waits_for_redelivery_becomes_a_dead_letter_at_a_stop(autojump_clock) -> None:
    mailbox = Mailbox(in_flight=InFlight.redeliver(times=5))
    tree = Supervisor("r", backoff=Backoff(first_s=100), children=[Probe(crash).child("a", mailbox=mailbox)])
    async with run(tree) as running:
        error = ValueError("no")
        running.ref("r/a").tell_nowait(error)
        running.ref("r/a").tell_nowait(2)
        await wait_all_tasks_blocked()
        await running.stop_child("r/a")

        assert [(letter.message, letter.reason) for letter in running.status().dead_letters] == [
            (error, "stopped"),
            (2, "stopped"),
        ]


async def test_none_is_a_message_like_any_other(autojump_clock) -> None:
    probe = Probe()
    async with run(Supervisor("r", children=[probe.child("a")])) as running:
        assert await running.ref("r/a").ask(None, timeout_s=1) is None

    assert probe.messages == [None]
