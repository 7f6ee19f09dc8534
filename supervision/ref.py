"""What others hold of an actor: a name that stays valid over restarts, and the ways to send to it."""

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import trio

from supervision.caller import waiting_actor
from supervision.errors import AskTimeoutError, MailboxFullError
from supervision.queue import Asked, Queue

if TYPE_CHECKING:
    from supervision.leaf import Leaf
    from supervision.node import Node

Message_contra = TypeVar("Message_contra", contravariant=True)

# A sender that never has to wait gives way to the other tasks after this many messages.
FAIR = 64


class Ref(Generic[Message_contra]):
    """A child of the tree, seen from outside. The same for all incarnations; keeps no task alive.

    Refs of tasks and supervisors can be watched; sending to them is refused.
    """

    __slots__ = ("_node", "_queue", "path")

    def __init__(self, node: "Node", queue: Queue) -> None:
        self._node = node
        self._queue = queue
        self.path = node.path

    async def tell(self, message: Message_contra) -> None:
        """Put the message into the mailbox, waiting for room if that is its overflow.

        It does not always give way to other tasks: only when it waits, and once every 64 messages.

        Raises:
            ActorStoppedError: the actor has ended or is ending for good, now or while this waited.
            MailboxFullError: full, and the overflow is FAIL.
            DeadlockError: waiting would close a cycle of actors that wait for each other.

        Cancellation: the message was not taken.
        """
        queue = self._queue
        if queue.offers % FAIR == FAIR - 1:
            # Before it is sent: whoever is cancelled here has sent nothing.
            await trio.lowlevel.checkpoint()
        if not queue.offer(message):
            await self._room(message)

    def tell_nowait(self, message: Message_contra) -> None:
        """Put the message into the mailbox now.

        Raises:
            MailboxFullError: full, and its overflow drops nothing.
            ActorStoppedError: the actor has ended or is ending for good.
        """
        if not self._queue.offer(message):
            raise MailboxFullError(self.path)

    @trio.lowlevel.enable_ki_protection
    async def ask(self, message: Message_contra, *, timeout_s: float) -> Any:
        """Send the message and wait for what `receive` returns for it.

        Args:
            message: as for tell; waiting for room counts towards the time-out.
            timeout_s: seconds, more than 0 and finite.

        Raises:
            AskTimeoutError: no answer in time; one that comes later is dropped and counted.
            MessageFailedError: the actor failed on it and will not try again.
            ActorStoppedError: the actor has ended or is ending, now or before it answered.
            MailboxFullError: full, or dropped by a full mailbox.
            DeadlockError: waiting would close a cycle of actors that wait for each other.

        Cancellation: the message may have been taken; its answer is dropped.
        """
        if not 0 < timeout_s < math.inf:
            raise ValueError(f"timeout_s must be more than 0 and finite, not {timeout_s!r}")
        queue = self._queue
        if queue.offers % FAIR == FAIR - 1:
            # One that asks again and again who has ended would never wait otherwise.
            await trio.lowlevel.checkpoint()
        caller = waiting_actor()
        asked = Asked(message) if caller is None else Asked(message, self._waits(caller))
        # A timer of the tree costs a quarter of a cancel scope.
        at_s = trio.current_time() + timeout_s
        timer = self._node.engine.timers_at(
            at_s, partial(self._too_late, asked, timeout_s, trio.lowlevel.current_task())
        )
        try:
            if not queue.offer(asked):
                await queue.room(asked, asked.give_up)
            return await asked.wait()
        finally:
            timer.cancel()
            if asked.waiting:
                asked.give_up()

    async def watch(self) -> str:
        """Wait until the child has ended for good, never for a restart; at once if it has. Returns why."""
        return await self._node.ended.wait()

    def _too_late(self, asked: Asked, timeout_s: float, task: trio.lowlevel.Task) -> None:
        error = AskTimeoutError(self.path, timeout_s)
        if not self._queue.withdraw(task, asked, error):
            asked.settle(None, error)

    @trio.lowlevel.enable_ki_protection
    async def _room(self, message: Message_contra) -> None:
        caller = waiting_actor()
        if caller is None:
            await self._queue.room(message)
        else:
            await self._queue.room(message, self._waits(caller))

    def _waits(self, caller: "Leaf") -> Callable[[], None]:
        """Enter the caller's wait into the tree's graph, or refuse it; returns how to take it out again."""
        waits = caller.engine.waits
        cycle = waits.cycle(caller, self._node)
        if cycle is not None:
            raise caller.engine.deadlock(self.path, [node.path for node in cycle])
        waits.add(caller, self._node)
        return partial(waits.remove, caller, self._node)

    def __repr__(self) -> str:
        return f"<Ref {self.path}>"
