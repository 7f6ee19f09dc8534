"""One supervisor as a state machine: what its children tell it, what it then does. No task, no waiting: groups and timers do that.

Every method runs between two checkpoints, so that whoever looks sees a consistent tree.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import trio

from supervision import exits, report
from supervision.answer import Answer
from supervision.child import Child, Supervisor
from supervision.errors import RefusedError, SupervisionError
from supervision.group import Group, Purpose
from supervision.leaf import Leaf
from supervision.mailbox import Mailbox
from supervision.node import How, Node, Phase
from supervision.queue import Queue
from supervision.restart import Budget, Exit, Reason, Strategy

if TYPE_CHECKING:
    from supervision.engine import Engine


def _no_mailbox(path: str) -> SupervisionError:
    return RefusedError(path, "is a supervisor and has no mailbox")


class Branch(Node):
    """A supervisor and its children, in start order."""

    __slots__ = ("_forgotten", "_spec", "budget", "children", "end_group", "ending", "ending_since_s", "phase")

    def __init__(self, engine: "Engine", parent: "Branch | None", spec: Supervisor, *, added: bool) -> None:
        path = spec.name if parent is None else f"{parent.path}/{spec.name}"
        queue = Queue(path, Mailbox(), _ignore, _no_mailbox)
        queue.accepting = False
        self._spec = spec
        super().__init__(engine, parent, spec, queue, added=added)
        self.phase = Phase.DOWN
        self.budget = Budget(spec.intensity)
        self.children: dict[str, Node] = {}
        self._forgotten: dict[str, int] = {}
        self.ending: Exit | None = None
        self.ending_since_s: float | None = None
        self.end_group: Group | None = None
        for child in spec.children:
            self.adopt(child, added=False)

    @property
    def spec(self) -> Supervisor:
        """What it was declared as."""
        return self._spec

    @property
    def dynamic(self) -> bool:
        """Whether its children come and go at run time."""
        return self._spec.strategy is Strategy.DYNAMIC

    @property
    def really_down(self) -> bool:
        """Whether not even a stuck child is left."""
        return not self.live and all(child.really_down for child in self.children.values())

    @property
    def doomed(self) -> bool:
        """Whether it or one above it is ending or has ended: nothing below starts again."""
        branch: Branch | None = self
        while branch is not None:
            if branch.phase in {Phase.ENDING, Phase.DOWN}:
                return True
            branch = branch.parent
        return False

    def adopt(self, spec: Child | Supervisor, *, added: bool) -> Node:
        """Make a child of the specification, last in the start order."""
        node: Node
        if isinstance(spec, Supervisor):
            node = Branch(self.engine, self, spec, added=added)
        else:
            node = Leaf(self.engine, self, spec, added=added)
        self.children[spec.name] = node
        return node

    def forget(self, node: Node) -> None:
        """It is no child any more; its name is free. A declared one comes back when this supervisor starts anew."""
        del self.children[node.name]
        if not node.added:
            self._forgotten[node.name] = node.serial
        self.engine.forget(node)

    def _as_declared(self) -> None:
        """Only the declared children, in their order."""
        for child in [child for child in self.children.values() if child.added]:
            child.close(Reason.STOPPED)
            child.leftover = True
            if child.really_down:
                self.forget(child)
        for spec in self._spec.children if self._forgotten else ():
            if spec.name in self._forgotten:
                self.adopt(spec, added=False).serial = self._forgotten.pop(spec.name)
        self.children = dict(sorted(self.children.items(), key=lambda item: item[1].serial))

    # What its own supervisor does with it.

    def start(self) -> None:
        """Start all children left to right, with a new budget; those added at run time are forgotten."""
        self.begun()
        self.phase = Phase.STARTING
        self.budget = Budget(self._spec.intensity)
        self.ending = self.end_group = None
        self._as_declared()
        for child in self.children.values():
            child.by_hand = child.resting = child.was_ready = False
            if not child.leftover:
                child.open()
        live = [child for child in self.children.values() if child.live]
        declared = [child for child in self.children.values() if not child.added]
        Group(self, Purpose.BOOT, stops=live, starts=declared).advance()

    def ask_stop(self, how: How, *, for_good: bool) -> None:
        """Stop all children in reverse order, within the grace."""
        if not self.live or (self.asked is not None and how is not How.KILL):
            return
        self.asked = how
        self.end(Exit(Reason.STOPPED), how=how, for_good=for_good)
        if self.phase is Phase.ENDING and (how is How.KILL or self._spec.shutdown.grace_s == 0):
            self.kill()

    def kill(self) -> None:
        """Cancel all below at once."""
        self.disarm()
        if self.phase is not Phase.ENDING:
            self.asked = self.asked or How.KILL
            self.end(Exit(Reason.KILLED), how=How.KILL)
        if self.ending is None or self.ending.reason is Reason.STOPPED:
            self.ending = Exit(Reason.KILLED)
        if self.end_group is not None:
            self.end_group.how = How.KILL
        for child in reversed(list(self.children.values())):
            if child.live:
                child.kill()

    def open(self) -> None:
        """Whoever watches now waits for the next end."""
        if self.ended.given:
            self.ended = Answer()

    def close(self, reason: str) -> None:
        """It has ended for good, and so have all below."""
        for child in reversed(list(self.children.values())):
            child.close(reason)
        super().close(reason)

    # What its children tell it.

    def child_ready(self, child: Node) -> None:
        """An incarnation has started."""
        child.ready = child.was_ready = True
        child.started_at_s = trio.current_time()
        report.started(child)
        child.started()
        if child.group is not None:
            child.group.advance()

    def child_stuck(self, child: Leaf) -> None:
        """A child ignores its cancellation: an ending goes on without it."""
        report.stuck(child)
        if self.end_group is not None:
            self.end_group.advance()

    def child_exited(self, child: Node, exit_: Exit) -> None:
        """An incarnation has ended: as asked, or by itself."""
        exits.react(self, child, exit_)

    # What it does.

    def end(self, exit_: Exit, *, how: How = How.STOP, for_good: bool = False) -> None:
        """Stop all children in reverse order, within the grace, then be down with this exit; the first reason holds."""
        if self.phase in {Phase.ENDING, Phase.DOWN}:
            return
        self.phase = Phase.ENDING
        self.ending = exit_
        self.ending_since_s = trio.current_time()
        live = [child for child in self.children.values() if child.live]
        for group in self._groups(self.children.values()):
            group.drop()
        self.end_group = Group(self, Purpose.END, stops=live)
        self.end_group.how = how
        self.end_group.for_good = for_good
        self.end_group.parallel = self.dynamic
        self.arm(self._spec.shutdown.grace_s)
        self.end_group.advance()

    @staticmethod
    def _groups(children: Iterable[Node]) -> list[Group]:
        return list({child.group: None for child in children if child.group is not None})

    def renew(self, child: Node) -> None:
        """Stop one child and start it again, as a restart without a crash; a restart that it waits for is joined and due at once."""
        group = Group(self, Purpose.RESTART)
        if child.group is not None:
            group.join(child.group)
        group.join(Group(self, Purpose.RESTART, stops=[child] if child.live else [], starts=[child]))
        group.due_s = float("-inf")
        group.advance()

    def group_done(self, group: Group) -> None:
        """A group has nothing left to do."""
        if group.purpose is Purpose.BOOT and self.phase is Phase.STARTING:
            self.phase = Phase.UP
            if self.parent is None:
                self.ready = True
                self.started_at_s = trio.current_time()
                report.started(self)
                self.engine.root_ready()
            else:
                self.parent.child_ready(self)
        elif group.purpose is Purpose.END:
            self.phase = Phase.DOWN
            exit_ = self.ending or Exit(Reason.STOPPED)
            if self.parent is None:
                self.down(exit_)
                self.failed = exit_.crash
                report.exited(self, exit_)
                self.engine.root_ended(exit_)
            else:
                self.parent.child_exited(self, exit_)


def _ignore(item: object, reason: str) -> None:
    """A supervisor is sent nothing."""
