"""What one running tree shares: the nursery of all its tasks, the loop that hands their ends to the supervisors, timers, names."""

import contextvars
import logging
import math
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import trio

from supervision import report
from supervision.answer import Answer
from supervision.branch import Branch
from supervision.child import Supervisor
from supervision.deadlock import WaitGraph
from supervision.errors import DeadlockError
from supervision.events import DeadLetter, Event, EventHub, EventKind
from supervision.leaf import Leaf
from supervision.node import How, Node
from supervision.restart import Exit, Reason
from supervision.timers import Timer, Timers

if TYPE_CHECKING:
    from supervision.running import Running

RECENT_DEAD_LETTERS = 100
RECENT_DEADLOCKS = 20

log = logging.getLogger("supervision")


class Engine:
    """One running tree. All its supervisors act in one task, in tree order, between checkpoints."""

    running: "Running"
    nursery: trio.Nursery

    def __init__(
        self, tree: Supervisor, seed: int | None, on_stuck: "Callable[[Running], object] | None" = None
    ) -> None:
        # Without a seed the jitter differs from run to run, so that many machines do not restart in step.
        self.seed = secrets.randbits(64) if seed is None else seed
        self.serial = count().__next__
        self.nodes: dict[str, Node] = {}
        self.hub = EventHub()
        self.waits: WaitGraph[Node] = WaitGraph()
        self.deadlocks: deque[tuple[str, ...]] = deque(maxlen=RECENT_DEADLOCKS)
        self.deadlock_count = 0
        self.dead_letters: deque[DeadLetter] = deque(maxlen=RECENT_DEAD_LETTERS)
        self.dead_letter_count = 0
        self.body = trio.CancelScope()
        self.up: Answer[None] = Answer()
        self.over: Answer[Exit] = Answer()
        self.failure: BaseException | None = None
        self.body_goes_on = False
        self._on_stuck = on_stuck
        self._timers = Timers()
        self._notices: list[tuple[Leaf, Callable[[], None]]] = []
        self._round: deque[tuple[Leaf, Callable[[], None]]] = deque()
        self._news = trio.Event()
        self._sleep: trio.CancelScope | None = None
        self._tasks = 0
        self._starting = 0
        self._context = contextvars.copy_context()
        self.root = Branch(self, None, tree, added=False)

    @trio.lowlevel.enable_ki_protection
    def begin(self, nursery: trio.Nursery) -> None:
        """Start the tree in this nursery."""
        self.nursery = nursery
        nursery.start_soon(self._loop)
        self.root.start()

    # Ctrl-C, where nobody heeds it, may strike anywhere but here: without the loop nothing could be stopped any more.
    @trio.lowlevel.enable_ki_protection
    async def _loop(self) -> None:
        # Shielded: outer cancellation reaches the tree as a stop, in order. It ends with the last child's task.
        with trio.CancelScope(shield=True):
            while not (self.over.given and self._tasks == 0):
                try:
                    self._act()
                except Exception as error:
                    log.critical("the engine itself failed; everything is killed", exc_info=error)
                    self._broken(error)
                    continue
                with trio.CancelScope(deadline=self._timers.next_at_s()) as self._sleep:
                    await self._news.wait()
                self._news = trio.Event()
            self.hub.close()

    def _broken(self, error: Exception) -> None:
        """An error of the engine's own: no state can be trusted, but no task may be left behind either."""
        self.failure = self.failure or error
        for node in self.nodes.values():
            if isinstance(node, Leaf) and node.current is not None:
                node.current.cancel()
        if not self.over.given:
            self.root_ended(Exit(Reason.CRASHED, error))

    def _act(self) -> None:
        """Hand over all that came in one round of the scheduler, in tree order, then do what is due."""
        while self._round or self._notices:
            if not self._round:
                self._round, self._notices = deque(sorted(self._notices, key=_serial)), []
            # Taken out one by one: an error of the engine's own in one of them must not swallow the others.
            self._round.popleft()[1]()
        now = trio.current_time()
        while due := self._timers.due(now):
            due()
        if self.over.given and self._tasks == 0:
            self._news.set()

    def spawn(self, function: Callable[[], Awaitable[None]], name: str) -> None:
        """Run one incarnation; `exited` follows."""
        self._tasks += 1
        self._starting += 1
        # The tree's own context: a child does not inherit that of the actor whose call started it.
        self._context.copy().run(partial(self.nursery.start_soon, function, name=name))

    def notice(self, leaf: Leaf, action: Callable[[], None]) -> None:
        """Do this in the loop: in tree order among all that the children report in one round, whichever of them ran first."""
        self._notices.append((leaf, action))
        self._news.set()

    def readied(self, leaf: Leaf, action: Callable[[], None]) -> None:
        """An incarnation has started. The only one that does need not wait for the loop: no other could have been first."""
        alone = self._starting == 1 and not self._notices
        self._starting -= 1
        if alone:
            action()
        else:
            self.notice(leaf, action)

    def exited(self, leaf: Leaf, exit_: Exit, *, was_ready: bool) -> None:
        """An incarnation's task is about to end."""
        self._starting -= not was_ready
        self.notice(leaf, partial(self._ended, leaf, exit_))

    def crashed(self, leaf: Leaf, exit_: Exit) -> None:
        """An incarnation will end, after its clean-up: decide about its message in hand."""
        if leaf.in_hand is not leaf.nothing:
            self.notice(leaf, partial(leaf.hand_back, exit_))

    def _ended(self, leaf: Leaf, exit_: Exit) -> None:
        self._tasks -= 1
        leaf.parent.child_exited(leaf, exit_)

    def timers_at(self, at_s: float, action: Callable[[], None]) -> Timer:
        """Do `action` at that time on Trio's clock, in the loop."""
        timer = self._timers.at(at_s, action)
        if self._sleep is not None and at_s < self._sleep.deadline:
            self._sleep.deadline = at_s
        return timer

    def dead_letter(self, leaf: Leaf, message: object, reason: str) -> None:
        """Tell of a message that will not be handled."""
        now = trio.current_time()
        letter = DeadLetter(path=leaf.path, message=message, reason=str(reason), at_s=now)
        self.dead_letters.append(letter)
        self.dead_letter_count += 1
        self.hub.emit(
            Event(
                kind=EventKind.DEAD_LETTER,
                path=leaf.path,
                at_s=now,
                incarnation=leaf.incarnation,
                reason=letter.reason,
                dead_letter=letter,
            )
        )

    def deadlock(self, path: str, cycle: Sequence[str]) -> DeadlockError:
        """Keep a cycle for the status; returns what whoever would have closed it by waiting for `path` is to raise."""
        error = DeadlockError(path, cycle)
        self.deadlocks.append(error.cycle)
        self.deadlock_count += 1
        return error

    def forget(self, node: Node) -> None:
        """Its path names nobody any more, and nor do those below it."""
        if self.nodes.get(node.path) is node:
            del self.nodes[node.path]
        if isinstance(node, Branch):
            for child in node.children.values():
                self.forget(child)

    def check_really_ended(self, node: Node) -> None:
        """Answer those who wait for an end of this child or of a supervisor above it."""
        above: Node | None = node
        while above is not None:
            if above.live:
                return
            if above.stoppers and above.really_down:
                above.really_ended()
            above = above.parent

    def fatal(self, error: BaseException | None) -> None:
        """Nothing may go on after this error: the tree stops and `run` raises it."""
        if self.failure is None:
            self.failure = error
        self.stop()

    @trio.lowlevel.enable_ki_protection
    def stop(self, how: How = How.STOP) -> None:
        """Stop the whole tree in order."""
        self.root.ask_stop(how, for_good=True)

    def signalled(self) -> bool:
        """A signal came: stop, and at the second one kill. False if only tasks are left that ignore their cancellation."""
        if self.over.given:
            self.body.cancel()
            return self._tasks == 0
        log.warning("signal: %s is stopping", self.root.path)
        self.stop(How.KILL if self.root.asked is not None else How.STOP)
        return True

    def is_own(self, node: Node | None) -> bool:
        """Whether the child belongs to this tree."""
        return node is not None and node.engine is self

    def root_ready(self) -> None:
        """The whole tree has started."""
        self.up.give(None)

    def root_ended(self, exit_: Exit) -> None:
        """The whole tree has ended, except what is stuck."""
        self.root.close(exit_.reason)
        if exit_.crash and self.failure is None:
            self.failure = exit_.error
        if not self.up.given:
            if self.failure is None:
                self.up.give(None)
            else:
                self.up.fail(self.failure)
        if self._tasks:
            self._left_behind()
        self.over.give(exit_)
        if not self.body_goes_on:
            self.body.cancel()
        self._news.set()

    def _left_behind(self) -> None:
        for node in self.nodes.values():
            if isinstance(node, Leaf) and node.live:
                report.left_behind(node)
        grace_s = self.root.spec.shutdown.grace_s
        if self._on_stuck is not None and grace_s < math.inf:
            since_s = self.root.ending_since_s
            self.timers_at((trio.current_time() if since_s is None else since_s) + grace_s, self._overdue)

    def _overdue(self) -> None:
        if self._tasks and self._on_stuck is not None:
            self._on_stuck(self.running)


def _serial(notice: tuple[Leaf, object]) -> int:
    return notice[0].serial
