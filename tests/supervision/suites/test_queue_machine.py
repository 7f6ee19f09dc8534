"""The queue, with senders that wait, against a model: two lists, and one fate for each message."""

from collections import Counter
from concurrent.futures import Future
from threading import Thread

import trio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from trio.testing import wait_all_tasks_blocked

from supervision import ActorStoppedError, DeadlockError, Mailbox, MailboxFullError, Overflow
from supervision.queue import Asked, Queue


class Sender:
    """One task that waits for room with its message."""

    def __init__(self, item: object) -> None:
        self.item = item
        self.scope = trio.CancelScope()
        self.task: trio.lowlevel.Task | None = None
        self.outcome: object = "waits"
        self.released = 0

    def release(self) -> None:
        self.released += 1

    async def wait(self, queue: Queue) -> None:
        self.task = trio.lowlevel.current_task()
        with self.scope:
            try:
                await queue.room(self.item, self.release)
                self.outcome = "taken"
            except (ActorStoppedError, DeadlockError) as error:
                self.outcome = type(error)
        if self.scope.cancelled_caught:
            self.outcome = "cancelled"


class QueueMachine(RuleBasedStateMachine):
    """Its tasks live in a Trio run of another thread; each rule is done there and waits until all tasks stand still."""

    @initialize(capacity=st.integers(1, 3), overflow=st.sampled_from([Overflow.WAIT] * 4 + list(Overflow)))
    def begin(self, capacity: int, overflow: Overflow) -> None:
        self.mailbox = Mailbox(capacity=capacity, overflow=overflow)
        self.discarded: list[tuple[object, str]] = []
        self.queue = Queue("r/a", self.mailbox, lambda item, reason: self.discarded.append((item, reason)))
        self.items: list[object] = []
        self.waiting: list[Sender] = []
        self.expected: list[tuple[Sender, object]] = []
        self.fates: list[tuple[object, str]] = []
        self.number = self.taken = 0
        self.most = 0
        self.open = True
        up: Future = Future()
        self.thread = Thread(target=trio.run, args=(self.hold, up), daemon=True)
        self.thread.start()
        self.token = up.result(timeout=20)

    async def hold(self, up: Future) -> None:
        self.over = trio.Event()
        async with trio.open_nursery() as self.nursery:
            up.set_result(trio.lowlevel.current_trio_token())
            await self.over.wait()

    def do(self, deed, *arguments) -> object:
        async def step() -> object:
            result = deed(*arguments)
            await wait_all_tasks_blocked()
            return result

        return trio.from_thread.run(step, trio_token=self.token)

    def message(self, *, asked: bool) -> object:
        self.number += 1
        return Asked(self.number) if asked else self.number

    # What happens, and what the model makes of it.

    @rule(asked=st.lists(st.booleans(), min_size=1, max_size=4), waits=st.booleans())
    def send(self, *, asked: list[bool], waits: bool) -> None:
        for each in asked:
            self.send_one(self.message(asked=each), waits)

    def send_one(self, item: object, waits) -> None:
        result = self.do(self.offer, item, waits)
        full = len(self.items) == self.mailbox.capacity
        if not self.open:
            assert result is ActorStoppedError
        elif not full:
            assert result is True
            self.items.append(item)
        elif self.mailbox.overflow is Overflow.WAIT:
            assert result is False
            if waits:
                self.waiting.append(self.last)
        elif self.mailbox.overflow is Overflow.FAIL:
            assert result is MailboxFullError
        else:
            assert result is True
            oldest = self.mailbox.overflow is Overflow.DROP_OLDEST
            self.fates.append((self.items.pop(0), "dropped_oldest") if oldest else (item, "dropped_newest"))
            self.items += [item] * oldest
        self.most = max(self.most, len(self.items))

    def offer(self, item: object, waits) -> object:
        try:
            taken = self.queue.offer(item)
        except (ActorStoppedError, MailboxFullError) as error:
            return type(error)
        if not taken and waits:
            self.last = Sender(item)
            self.nursery.start_soon(self.last.wait, self.queue)
        return taken

    @precondition(lambda self: self.items)
    @rule()
    def take(self) -> None:
        assert self.do(self.queue.take) is self.items.pop(0)
        if self.waiting:
            sender = self.waiting.pop(0)
            self.items.append(sender.item)
            self.expected.append((sender, "taken"))

    @precondition(lambda self: self.waiting)
    @rule(place=st.integers(0, 10))
    def give_up(self, place: int) -> None:
        sender = self.waiting.pop(place % len(self.waiting))
        self.do(sender.scope.cancel)
        self.expected.append((sender, "cancelled"))

    @precondition(lambda self: self.waiting and self.items)
    @rule()
    def take_and_give_up_at_once(self) -> None:
        """The sender is cancelled after it was admitted, before its task ran: the message is taken."""
        sender = self.waiting[0]

        def deed() -> object:
            item = self.queue.take()
            sender.scope.cancel()
            return item

        assert self.do(deed) is self.items.pop(0)
        self.items.append(self.waiting.pop(0).item)
        self.expected.append((sender, "taken"))

    @precondition(lambda self: self.waiting)
    @rule(place=st.integers(0, 10), other=st.booleans())
    def withdraw(self, *, place: int, other: bool) -> None:
        sender = self.waiting[place % len(self.waiting)]
        error = DeadlockError("r/a", ["r/b"])
        assert self.do(self.queue.withdraw, sender.task, object() if other else sender.item, error) is not other
        if not other:
            self.waiting.remove(sender)
            self.expected.append((sender, DeadlockError))

    @precondition(lambda self: self.open and self.number > 5)
    @rule(cleared=st.booleans())
    def refuse(self, *, cleared: bool) -> None:
        self.do(self.queue.refuse)
        self.open = False
        self.expected += [(sender, ActorStoppedError) for sender in self.waiting]
        self.waiting = []
        if cleared:
            self.do(self.queue.clear, "stopped")
            self.fates += [(item, "stopped") for item in self.items]
            self.items = []

    @precondition(lambda self: not self.open)
    @rule()
    def open_again(self) -> None:
        self.queue.accepting = self.open = True

    # What must hold after each of them.

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "token"):
            return
        assert list(self.queue.items) == self.items
        assert [sender.item for sender in self.queue.senders.values()] == [sender.item for sender in self.waiting]
        assert self.discarded == self.fates
        assert self.queue.high_water == self.most <= self.mailbox.capacity
        assert all(sender.outcome == "waits" and not sender.released for sender in self.waiting)
        for sender, outcome in self.expected:
            assert sender.outcome == outcome
            # Who asked waits on for the answer once the message is taken.
            assert sender.released == (0 if outcome == "taken" and isinstance(sender.item, Asked) else 1)
        assert max(Counter(map(id, [*self.items, *(item for item, _ in self.fates)])).values(), default=1) == 1

    def teardown(self) -> None:
        if hasattr(self, "token"):
            self.do(self.queue.refuse)
            trio.from_thread.run_sync(self.over.set, trio_token=self.token)
            self.thread.join(timeout=20)
            assert not self.thread.is_alive(), "a sender waits for ever"


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
