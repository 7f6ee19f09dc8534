"""One actor or task as its supervisor keeps it: its mailbox, its counts, and the message in hand across incarnations."""

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import trio

from supervision.child import Child
from supervision.errors import ActorStoppedError, MailboxFullError, MessageFailedError, RefusedError, SupervisionError
from supervision.incarnation import Incarnation
from supervision.latency import Histogram
from supervision.mailbox import Fate
from supervision.node import ActorState, How, Node
from supervision.queue import Asked, Queue
from supervision.rate import Rate
from supervision.readiness import says_ready
from supervision.restart import Exit, Reason
from supervision.stack import stack_of

if TYPE_CHECKING:
    from supervision.branch import Branch
    from supervision.breaker import CircuitBreaker
    from supervision.engine import Engine
    from supervision.timers import Timer

# How long a cancelled child may go on before it is named.
STUCK_AFTER_S = 1.0


class _Nothing:
    """Stands for no message in hand: every other value, None too, may be one."""


NOTHING = _Nothing()


def _no_mailbox(path: str) -> SupervisionError:
    return RefusedError(path, "is a task and has no mailbox")


class Leaf(Node):
    """An actor or a task. Owns the mailbox and the message in hand; an incarnation only borrows them."""

    __slots__ = (
        "_spec", "_stuck", "_stuck_timer", "breakers", "current", "dead_letters", "dropped", "failed_messages", "handled", "histogram", "in_hand", "is_task",
        "late_answers", "nothing", "quarantined", "queue", "rate", "redelivered", "stack", "task", "tries", "waits_ready",
    )  # fmt: skip

    parent: "Branch"

    def __init__(self, engine: "Engine", parent: "Branch", spec: Child, *, added: bool) -> None:
        path = f"{parent.path}/{spec.name}"
        self.is_task = spec.is_task
        refusal = _no_mailbox if self.is_task else ActorStoppedError
        self.queue = Queue(path, spec.mailbox, self.discard, refusal)
        if self.is_task:
            self.queue.accepting = False
        self._spec = spec
        super().__init__(engine, parent, spec, self.queue, added=added)
        self.waits_ready = self.is_task and says_ready(spec.factory)
        self.task: trio.lowlevel.Task | None = None
        self.current: Incarnation | None = None
        self.nothing = NOTHING
        self.in_hand: object = NOTHING
        self.tries = 0
        self.handled = self.failed_messages = self.dropped = self.redelivered = 0
        self.late_answers = self.quarantined = self.dead_letters = 0
        self.histogram = Histogram()
        self.rate = Rate()
        self.breakers: WeakValueDictionary[str, CircuitBreaker] | None = None  # made when needed: most use none
        self._stuck = False
        self._stuck_timer: Timer | None = None
        self.stack = ""

    @property
    def spec(self) -> Child:
        """What it was declared as."""
        return self._spec

    @property
    def stuck(self) -> bool:
        """Whether it ignores its cancellation."""
        return self._stuck

    @property
    def state(self) -> ActorState:
        """Where it is in its life; cleaning up after a crash, it is stopping."""
        if self.current is not None and self.current.context.reason is not None and not self._stuck:
            return ActorState.STOPPING
        return super().state

    @property
    def asker_waiting(self) -> bool:
        """Whether somebody waits for the answer to the message in hand."""
        return isinstance(self.in_hand, Asked) and self.in_hand.waiting

    def uses(self, breaker: "CircuitBreaker") -> None:
        """Show this breaker from now on, for as long as there is one: it may outlive the incarnation that used it."""
        if self.breakers is None:
            self.breakers = WeakValueDictionary()
        if self.breakers.get(breaker.name) is not breaker:
            self.breakers[breaker.name] = breaker

    def start(self) -> None:
        """Begin a new incarnation in a task of its own."""
        self.begun()
        self.current = Incarnation(self, self.incarnation)
        self.engine.spawn(self.current.live, self.path)

    def ask_stop(self, how: How, *, for_good: bool) -> None:
        """Ask the incarnation to end. For good: senders get ActorStoppedError from now on."""
        if for_good and not self.is_task:
            self.queue.refuse()
        if self.current is None or (self.asked is not None and how is not How.KILL):
            return
        self.asked = how
        grace_s = self._spec.shutdown.grace_s
        if how is How.KILL or grace_s == 0:
            self.kill()
        else:
            self.current.ask(how)
            self.arm(grace_s)

    def kill(self) -> None:
        """Cancel the incarnation; if it has not ended a second later, it is stuck."""
        if self.current is None or self.current.killed:
            return
        self.disarm()
        self.current.cancel()
        self.expect_end()

    def expect_end(self) -> None:
        """It was cancelled, or its sub-tasks were: what goes on a second later is stuck."""
        if self._stuck_timer is None:
            self._stuck_timer = self.engine.timers_at(trio.current_time() + STUCK_AFTER_S, self._found_stuck)

    def relax(self) -> None:
        """What was cancelled has ended."""
        if self._stuck_timer is not None:
            self._stuck_timer.cancel()
            self._stuck_timer = None
        self._stuck = False
        self.stack = ""

    def _found_stuck(self) -> None:
        self._stuck = True
        self.look_again()
        self.parent.child_stuck(self)

    def look_again(self) -> None:
        """Where its tasks stand now."""
        subtasks = self.current.subtasks.values() if self.current is not None else ()
        self.stack = "and its sub-task:\n".join(text for task in (self.task, *subtasks) if (text := stack_of(task)))

    def down(self, exit_: Exit) -> None:
        """Its incarnation has ended."""
        super().down(exit_)
        self.current = self.task = None
        self.relax()
        if self.ended.given:
            self._discard_in_hand()

    def open(self) -> None:
        """Take messages again."""
        self.queue.accepting = not self.is_task
        if self.ended.given:
            self.ended = type(self.ended)()

    def close(self, reason: str) -> None:
        """It has ended for good: what waits becomes dead letters, senders and watchers are told."""
        if not self.is_task:
            self.queue.refuse()
            if not self.live:
                self._discard_in_hand()
            elif isinstance(self.in_hand, Asked):
                # Stuck: the message may still be handled, but nobody shall wait for that.
                self.in_hand.settle(None, ActorStoppedError(self.path))
            self.queue.clear(Reason.STOPPED)
        super().close(reason)

    def _discard_in_hand(self) -> None:
        if self.in_hand is not NOTHING:
            item, self.in_hand, self.tries = self.in_hand, NOTHING, 0
            self.discard(item, Reason.STOPPED)

    def hand_back(self, exit_: Exit) -> None:
        """Decide what becomes of the message in hand of an incarnation that crashed or was killed."""
        item = self.in_hand
        if item is NOTHING:
            return
        self.failed_messages += exit_.crash
        policy = self._spec.mailbox.in_flight
        if policy.fate is Fate.REDELIVER and self.tries < policy.times:
            self.tries += 1
            return
        reason = {
            Fate.DROP: str(Reason.CRASHED if exit_.crash else exit_.reason),
            Fate.REDELIVER: "redeliveries_used_up",
            Fate.QUARANTINE: "quarantined",
        }[policy.fate]
        self.quarantined += policy.fate is Fate.QUARANTINE
        self.in_hand, self.tries = NOTHING, 0
        self.discard(item, reason, exit_.error)

    def timed(self, begun_ns: int, ended_ns: int, weight: int) -> None:
        """Enter the handling time of one message, which stands for `weight` of them."""
        self.histogram.add(ended_ns - begun_ns, weight)
        if ended_ns > self.rate.until_ns:
            self.rate.roll(self.handled, ended_ns)

    def send_failed(self, item: object, error: BaseException) -> None:
        """The handler met a full mailbox: this message fails, the actor goes on."""
        self.failed_messages += 1
        self.discard(item, "send_failed", error)

    def discard(self, item: object, reason: str, error: BaseException | None = None) -> None:
        """Make a dead letter of a message; its asker gets an error at once."""
        dropped = reason.startswith("dropped")
        self.dropped += dropped
        self.dead_letters += 1
        message = item
        if isinstance(item, Asked):
            message = item.message
            item.settle(None, self._failure(reason, error, dropped=dropped))
        self.engine.dead_letter(self, message, reason)

    def _failure(self, reason: str, error: BaseException | None, *, dropped: bool) -> SupervisionError:
        if dropped:
            return MailboxFullError(self.path)
        if error is None and reason in {Reason.STOPPED, Reason.KILLED}:
            return ActorStoppedError(self.path)
        failed = MessageFailedError(self.path)
        failed.__cause__ = error
        return failed
