"""The waiting messages of one actor. They belong to its supervisor: no incarnation owns, closes or loses them.

Ctrl-C, where nobody heeds it, cannot strike in here: a message between the queue and a hand would be lost.
What a full mailbox does is decided here once, for sends that wait and sends that do not. Fates of messages in hand are not.
"""

from collections import OrderedDict, deque
from collections.abc import Callable

from trio.lowlevel import Abort, Task, current_task, enable_ki_protection, reschedule, wait_task_rescheduled

from supervision.errors import ActorStoppedError, MailboxFullError, SupervisionError
from supervision.mailbox import Mailbox, Overflow

Discard = Callable[[object, str], None]


def _nothing() -> None:
    """Nobody has to be told."""


class Asked:
    """An asked message, its answer, and who waits for it.

    `released` is called once, as soon as the wait is granted, failed or given up.
    """

    __slots__ = ("_answer", "_asker", "_error", "message", "released", "waiting")

    def __init__(self, message: object, released: Callable[[], None] | None = None) -> None:
        self.message = message
        self.released = released
        self.waiting = True
        self._asker: Task | None = None
        self._answer: object = None
        self._error: BaseException | None = None

    @enable_ki_protection
    async def wait(self) -> object:
        """Wait for the answer, which may be there already. Cancellation: a later answer is dropped."""
        if self.waiting:
            self._asker = current_task()
            await wait_task_rescheduled(self._abort)
        if self._error is not None:
            raise self._error
        return self._answer

    @enable_ki_protection
    def _abort(self, _: object) -> Abort:
        self.give_up()
        return Abort.SUCCEEDED

    @enable_ki_protection
    def give_up(self) -> None:
        """Nobody waits any more."""
        self.waiting = False
        if self.released is not None:
            self.released()
            self.released = None

    @enable_ki_protection
    def settle(self, answer: object, error: BaseException | None = None) -> bool:
        """Give the asker its answer or an error; False if nobody waits any more."""
        if not self.waiting:
            return False
        self._answer, self._error = answer, error
        self.give_up()
        if self._asker is not None:
            reschedule(self._asker)
        return True


class _Sender:
    """One send that waits for room."""

    __slots__ = ("error", "item", "released")

    def __init__(self, item: object, released: Callable[[], None]) -> None:
        self.item = item
        self.released = released
        self.error: SupervisionError | None = None


class Queue:
    """First in, first out, with room for `capacity`; senders that wait are admitted in the order they came.

    `accepting` is False while its actor is ending for good or has ended: then every send raises.
    """

    __slots__ = (
        "_discard",
        "_receiver",
        "_refusal",
        "accepting",
        "high_water",
        "items",
        "offers",
        "path",
        "senders",
        "spec",
    )

    def __init__(
        self, path: str, spec: Mailbox, discard: Discard, refusal: Callable[[str], SupervisionError] = ActorStoppedError
    ) -> None:
        self.path = path
        self.spec = spec
        self.items: deque[object] = deque()
        # A plain dict would search its first entry among all those that were taken out before it.
        self.senders: OrderedDict[Task, _Sender] = OrderedDict()
        self.accepting = True
        self.high_water = 0
        self.offers = 0
        self._discard = discard
        self._refusal = refusal
        self._receiver: Task | None = None

    @enable_ki_protection
    def offer(self, item: object) -> bool:
        """Take the message, or decide what a full mailbox does; False means that its sender has to wait for room.

        Raises:
            ActorStoppedError: nobody will read it.
            MailboxFullError: full, and the overflow is FAIL.
        """
        self.offers += 1
        if not self.accepting:
            raise self._refusal(self.path)
        depth = len(self.items)
        if depth >= self.spec.capacity:
            return self._overflow(item)
        self.items.append(item)
        if depth >= self.high_water:
            self.high_water = depth + 1
        if self._receiver is not None:
            self.wake()
        return True

    def _overflow(self, item: object) -> bool:
        match self.spec.overflow:
            case Overflow.WAIT:
                return False
            case Overflow.FAIL:
                raise MailboxFullError(self.path)
            case Overflow.DROP_OLDEST:
                oldest = self.items.popleft()
                self.items.append(item)
                self._discard(oldest, "dropped_oldest")
            case Overflow.DROP_NEWEST:
                self._discard(item, "dropped_newest")
        return True

    @enable_ki_protection
    async def room(self, item: object, released: Callable[[], None] = _nothing) -> None:
        """Wait until the message is taken; `released` is called once, as soon as the wait is over.

        Cancellation: the message was not taken and the mailbox is unchanged.
        """
        task = current_task()
        sender = self.senders[task] = _Sender(item, released)

        def abort(_: object) -> Abort:
            del self.senders[task]
            released()
            return Abort.SUCCEEDED

        await wait_task_rescheduled(abort)
        if sender.error is not None:
            raise sender.error

    @enable_ki_protection
    def take(self) -> object:
        """The first message, which leaves the mailbox; the first waiting sender's moves in behind."""
        item = self.items.popleft()
        if self.senders:
            task, sender = self.senders.popitem(last=False)
            self.items.append(sender.item)
            if type(sender.item) is not Asked:  # an asker waits on, for the answer
                sender.released()
            reschedule(task)
        return item

    @enable_ki_protection
    async def arrival(self) -> None:
        """Wait until there is a message, or `wake` is called. One receiver at a time. Cancellation: nothing is lost."""
        self._receiver = current_task()

        def abort(_: object) -> Abort:
            self._receiver = None
            return Abort.SUCCEEDED

        await wait_task_rescheduled(abort)

    @enable_ki_protection
    def withdraw(self, task: Task, item: object, error: SupervisionError) -> bool:
        """Give up a send of this task that waits for room; it gets the error. False if it does not wait with this message."""
        sender = self.senders.get(task)
        if sender is None or sender.item is not item:
            return False
        del self.senders[task]
        sender.error = error
        sender.released()
        reschedule(task)
        return True

    @enable_ki_protection
    def wake(self) -> None:
        """Let the receiver look again."""
        if self._receiver is not None:
            receiver, self._receiver = self._receiver, None
            reschedule(receiver)

    @enable_ki_protection
    def refuse(self) -> None:
        """Take no more; senders that wait get the error."""
        self.accepting = False
        senders, self.senders = self.senders, OrderedDict()
        for task, sender in senders.items():
            sender.error = self._refusal(self.path)
            sender.released()
            reschedule(task)

    @enable_ki_protection
    def clear(self, reason: str) -> None:
        """Turn all that waits into dead letters."""
        while self.items:
            self._discard(self.items.popleft(), reason)
