"""The waiting messages of one actor."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import ActorStoppedError, Mailbox, MailboxFullError, Overflow
from supervision.queue import Asked, Queue


def queue_of(capacity: int, overflow: Overflow = Overflow.WAIT) -> tuple[Queue, list]:
    discarded = []
    mailbox = Mailbox(capacity=capacity, overflow=overflow)
    return Queue("r/a", mailbox, lambda item, reason: discarded.append((item, reason))), discarded


def test_room_is_for_capacity_messages_in_their_order() -> None:
    queue, _ = queue_of(2)

    assert [queue.offer(n) for n in range(3)] == [True, True, False]
    assert [queue.take(), queue.take()] == [0, 1]
    assert queue.high_water == 2


@pytest.mark.parametrize(
    "overflow,kept,discarded",
    [
        (Overflow.DROP_OLDEST, [2, 3], [(1, "dropped_oldest")]),
        (Overflow.DROP_NEWEST, [1, 2], [(3, "dropped_newest")]),
    ],
    ids=str,
)
def test_full_mailbox_drops_what_was_declared(overflow, kept, discarded) -> None:
    queue, dropped = queue_of(2, overflow)
    for n in (1, 2, 3):
        assert queue.offer(n)

    assert list(queue.items) == kept
    assert dropped == discarded


def test_full_mailbox_fails_the_send() -> None:
    queue, _ = queue_of(1, Overflow.FAIL)
    queue.offer(1)

    with pytest.raises(MailboxFullError):
        queue.offer(2)
    assert list(queue.items) == [1]


async def test_waiting_senders_are_admitted_in_the_order_they_came(autojump_clock) -> None:
    queue, _ = queue_of(1)
    queue.offer(0)
    async with trio.open_nursery() as nursery:
        for n in (1, 2, 3):
            nursery.start_soon(queue.room, n)
            await wait_all_tasks_blocked()
        assert [queue.take() for _ in range(4)] == [0, 1, 2, 3]


async def test_cancelled_send_leaves_the_mailbox_as_it_was(autojump_clock) -> None:
    queue, _ = queue_of(1)
    queue.offer(0)
    released = []
    with trio.move_on_after(1) as scope:
        await queue.room(1, lambda: released.append(1))

    assert scope.cancelled_caught
    assert released == [1]
    assert not queue.senders
    assert list(queue.items) == [0]


async def test_withdrawn_send_raises_and_leaves_the_mailbox_as_it_was(autojump_clock) -> None:
    queue, _ = queue_of(1)
    queue.offer(0)
    released, errors = [], []

    async def send() -> None:
        try:
            await queue.room("late", lambda: released.append(1))
        except MailboxFullError as error:
            errors.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        await wait_all_tasks_blocked()
        (task,) = queue.senders
        assert not queue.withdraw(task, "another", MailboxFullError("r/a"))
        assert queue.withdraw(task, "late", MailboxFullError("r/a"))

    assert (len(released), len(errors), list(queue.items)) == (1, 1, [0])


async def test_cancelled_receive_loses_nothing(autojump_clock) -> None:
    queue, _ = queue_of(1)
    with trio.move_on_after(1):
        await queue.arrival()
    queue.offer(1)

    assert queue.take() == 1


async def test_refusing_wakes_the_senders_with_the_error(autojump_clock) -> None:
    queue, _ = queue_of(1)
    queue.offer(0)
    errors = []

    async def send() -> None:
        try:
            await queue.room(1)
        except ActorStoppedError as error:
            errors.append(error.path)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        nursery.start_soon(send)
        await wait_all_tasks_blocked()
        queue.refuse()

    assert errors == ["r/a", "r/a"]
    with pytest.raises(ActorStoppedError):
        queue.offer(2)
    assert list(queue.items) == [0]


def test_clearing_makes_dead_letters_of_all() -> None:
    queue, discarded = queue_of(3)
    queue.offer(1)
    queue.offer(2)
    queue.clear("stopped")

    assert discarded == [(1, "stopped"), (2, "stopped")]


async def test_answer_that_comes_before_its_asker_waits_is_kept(autojump_clock) -> None:
    asked = Asked("q")

    assert asked.settle("a")
    assert await asked.wait() == "a"


async def test_answer_for_an_asker_that_gave_up_is_refused(autojump_clock) -> None:
    released = []
    asked = Asked("q", lambda: released.append(1))
    with trio.move_on_after(1):
        await asked.wait()

    assert not asked.waiting
    assert not asked.settle("a")
    assert released == [1]


async def test_message_is_taken_once_though_its_sender_is_cancelled_in_the_same_round(autojump_clock) -> None:
    queue, _ = queue_of(1)
    queue.offer(0)
    scope = trio.CancelScope()
    told = []

    async def send() -> None:
        with scope:
            await queue.room(1)
            told.append(1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        await wait_all_tasks_blocked()
        queue.take()
        scope.cancel()

    assert told == [1]
    assert list(queue.items) == [1]
