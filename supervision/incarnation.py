"""One life of an actor or task: start, messages, clean-up, in its own task and cancel scope. It decides nothing about restarts."""

from collections.abc import Awaitable, Callable
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import trio
from trio.lowlevel import Task, checkpoint, current_task, disable_ki_protection, enable_ki_protection

from supervision.actor import Actor, Context
from supervision.caller import current
from supervision.errors import DeclineStart, MailboxFullError, RefusedError
from supervision.node import How
from supervision.queue import Asked
from supervision.restart import Exit, Reason, fatal

if TYPE_CHECKING:
    from supervision.leaf import Leaf

# An actor whose messages never wait gives way to the other tasks after this many.
FAIR = 64

# Handling times of the first messages are all measured, later those of every thirty-second, which stand for the others: measuring
# costs half of what sending and handling does.
TIMED_FIRST = 1000
TIMED_EACH = 32


def _without_cancelled(error: BaseException) -> BaseException | None:
    """The real part of an error; None if it is cancellation only."""
    if isinstance(error, trio.Cancelled):
        return None
    if isinstance(error, BaseExceptionGroup):
        return error.split(trio.Cancelled)[1]
    return error


def _sends_only(error: BaseException) -> bool:
    """Whether nothing but full mailboxes went wrong, perhaps in a nursery."""
    if isinstance(error, BaseExceptionGroup):
        return all(_sends_only(part) for part in error.exceptions)
    return isinstance(error, MailboxFullError)


@disable_ki_protection
async def _open(function: Callable[..., Awaitable[object]], arguments: tuple[object, ...]) -> None:
    await function(*arguments)


class Incarnation:
    """Runs until it ends, crashes, or is stopped; then tells the engine how, as a value."""

    __slots__ = (
        "_stopping", "actor", "asked_to_stop", "cleaning", "context", "ending", "failure", "is_ready", "killed", "leaf", "number", "scope", "subtasks", "subtasks_ended",
    )  # fmt: skip

    def __init__(self, leaf: "Leaf", number: int) -> None:
        self.leaf = leaf
        self.number = number
        # Shielded: only the supervisor cancels it, in its order and after its grace.
        self.scope = trio.CancelScope(shield=True)
        self.cleaning: trio.CancelScope | None = None
        self.context = Context(self)
        self.actor: Actor[Any] | None = None
        self.asked_to_stop: How | None = None
        self.ending = False
        self.is_ready = False
        self.killed = False
        self.failure: BaseException | None = None
        self.subtasks: dict[trio.CancelScope, Task | None] = {}
        self.subtasks_ended: trio.Event | None = None
        self._stopping: trio.Event | None = None  # made when somebody looks: most actors never do

    # Ctrl-C, where nobody heeds it, may strike in what the user wrote, not in how its end is told.
    @enable_ki_protection
    async def live(self) -> None:
        """The body of the task; raises nothing."""
        leaf = self.leaf
        leaf.task = current_task()
        current.set(leaf)
        error: BaseException | None = None
        try:
            with self.scope:
                await (self._run_task() if leaf.is_task else self._run_actor())
        except BaseException as raised:  # noqa: BLE001 — told to the supervisor as a value; cancellation is sorted out there
            error = raised
        exit_ = Exit(Reason.CRASHED, error)
        try:
            exit_ = self._exit(error)
            self.context.reason = str(exit_.reason)
            leaf.engine.crashed(leaf, exit_)
            exit_ = await self._clean_up(exit_)
        finally:
            # Whatever strikes here (Ctrl-C, where nobody heeds it), the tree must not wait for a task that is gone.
            leaf.engine.exited(leaf, exit_, was_ready=self.is_ready)

    @disable_ki_protection
    async def _run_task(self) -> None:
        if not self.leaf.waits_ready:
            self.ready()
        await self.leaf.spec.factory(self.context)
        self.ready()

    @disable_ki_protection
    async def _run_actor(self) -> None:
        actor = self.leaf.spec.factory()
        if not isinstance(actor, Actor):
            raise TypeError(f"the factory of {self.leaf.path} made no Actor, but {actor!r}")
        await actor.started(self.context)
        self.actor = actor
        self.ready()
        await self._receive_all(actor)

    async def _receive_all(self, actor: Actor[Any]) -> None:
        leaf, receive, number = self.leaf, actor.receive, self.leaf.handled
        queue, items, nothing = leaf.queue, leaf.queue.items, leaf.nothing
        next_timed = 0
        while not self._over(items):
            if leaf.in_hand is not nothing:
                item = leaf.in_hand
                leaf.redelivered += 1
            elif items:
                item = leaf.in_hand = queue.take()
            else:
                await queue.arrival()
                continue
            number += 1
            timed = number >= next_timed
            begun_ns = perf_counter_ns() if timed else 0
            try:
                if type(item) is Asked:
                    answer = await receive(item.message)
                    if not item.settle(answer):
                        leaf.late_answers += 1
                else:
                    await receive(item)
                leaf.handled += 1
            except (MailboxFullError, ExceptionGroup) as error:
                if not _sends_only(error):
                    raise
                leaf.send_failed(item, error)
            leaf.in_hand = nothing
            leaf.tries = 0
            if timed:
                weight = 1 if number <= TIMED_FIRST else TIMED_EACH
                leaf.timed(begun_ns, perf_counter_ns(), weight)
                next_timed = number + weight
            if not number % FAIR:
                await checkpoint()

    def _over(self, items: Any) -> bool:
        if self.asked_to_stop is None:
            return self.ending
        return self.asked_to_stop is not How.DRAIN or not (items or self.leaf.in_hand is not self.leaf.nothing)

    def _exit(self, error: BaseException | None) -> Exit:
        error = error or self.failure
        real = None if error is None else _without_cancelled(error)
        if real is not None:
            if fatal(real):
                return Exit(Reason.FATAL, real)
            if isinstance(real, DeclineStart) and not self.is_ready:
                return Exit(Reason.DECLINED)
            return Exit(Reason.KILLED if self.killed else Reason.CRASHED, real)
        if self.killed:
            return Exit(Reason.KILLED)
        if error is not None or self.scope.cancelled_caught:
            return Exit(Reason.CANCELLED)
        if self.asked_to_stop is None:
            return Exit(Reason.NORMAL)
        return Exit(Reason.DRAINED if self.asked_to_stop is How.DRAIN else Reason.STOPPED)

    async def _clean_up(self, exit_: Exit) -> Exit:
        if self.subtasks:
            self.subtasks_ended = trio.Event()
            for scope in self.subtasks:
                scope.cancel()
            self.leaf.expect_end()
            # Without a deadline, since it cannot give up: whoever ignores the cancellation is reported as stuck.
            with trio.CancelScope(shield=True):
                await self.subtasks_ended.wait()
            self.leaf.relax()
        if self.failure is not None and not exit_.crash and exit_.reason is not Reason.FATAL:
            exit_ = self._exit(self.failure)
        if self.actor is None or self.killed or type(self.actor).stopped is Actor.stopped:
            return exit_
        self.cleaning = trio.CancelScope(shield=True)
        self.leaf.arm(self.leaf.spec.shutdown.grace_s)
        try:
            with self.cleaning:
                await self.actor.stopped()
        except BaseException as error:  # noqa: BLE001 — as in `live`
            real = _without_cancelled(error)
            if real is not None and (fatal(real) or not exit_.crash):
                return Exit(Reason.FATAL if fatal(real) else Reason.CRASHED, real)
        if self.cleaning.cancelled_caught and not exit_.crash:
            return Exit(Reason.KILLED)
        return exit_

    @enable_ki_protection
    def ready(self) -> None:
        """It has started; once."""
        if self.leaf.current is self and not self.is_ready:
            self.is_ready = True
            self.leaf.engine.readied(self.leaf, self._told_ready)

    def _told_ready(self) -> None:
        if self.leaf.current is self:
            self.leaf.parent.child_ready(self.leaf)

    @property
    def stopping(self) -> trio.Event:
        """Set as soon as it is asked to stop."""
        if self._stopping is None:
            self._stopping = trio.Event()
            if self.asked_to_stop is not None:
                self._stopping.set()
        return self._stopping

    def ask(self, how: How) -> None:
        """End after the message in hand, or after all that wait."""
        self.asked_to_stop = how
        if self._stopping is not None:
            self._stopping.set()
        self.leaf.queue.wake()

    @enable_ki_protection
    def end(self) -> None:
        """End after the message in hand, by its own wish."""
        self.ending = True
        self.leaf.queue.wake()

    def cancel(self) -> None:
        """End at once."""
        self.killed = True
        self.scope.cancel()
        if self.cleaning is not None:
            self.cleaning.cancel()
        for scope in self.subtasks:
            scope.cancel()

    @enable_ki_protection
    def start_soon(self, function: Callable[..., Awaitable[object]], *arguments: object) -> None:
        """Run a sub-task of this life."""
        if self.leaf.current is not self or self.subtasks_ended is not None:
            raise RefusedError(self.leaf.path, "has ended this incarnation")
        scope = trio.CancelScope(shield=True)  # cancelled by its incarnation alone, which waits for it
        self.subtasks[scope] = None
        if self.killed:
            scope.cancel()
        self.leaf.engine.nursery.start_soon(self._subtask, scope, function, arguments)

    @enable_ki_protection
    async def _subtask(
        self, scope: trio.CancelScope, function: Callable[..., Awaitable[object]], arguments: tuple[object, ...]
    ) -> None:
        self.subtasks[scope] = current_task()
        try:
            with scope:
                await _open(function, arguments)
        except BaseException as error:  # noqa: BLE001 — its crash is the incarnation's
            real = _without_cancelled(error)
            if self.failure is None and real is not None:
                self.failure = real
                self.scope.cancel()
        del self.subtasks[scope]
        if not self.subtasks and self.subtasks_ended is not None:
            self.subtasks_ended.set()
