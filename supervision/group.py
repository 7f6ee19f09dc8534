"""One ordered change of several siblings: stop these from the right, wait until due, start those from the left.

A state, not a task: `advance` goes as far as it can and is called again when a child, a timer or a hand changed something.
"""

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING

import trio

from supervision.node import How, Node

if TYPE_CHECKING:
    from supervision.branch import Branch
    from supervision.timers import Timer


class Purpose(Enum):
    """What follows when the change is complete."""

    BOOT = "boot"
    RESTART = "restart"
    END = "end"


class Group:
    """The siblings that still have to stop and those that still have to start, each with the next one last.

    `parallel`: stop all at once. `for_good`: their senders get errors from then on.
    """

    __slots__ = (
        "_again",
        "_busy",
        "_timer",
        "branch",
        "due_s",
        "for_good",
        "how",
        "over",
        "parallel",
        "purpose",
        "starts",
        "stops",
    )

    def __init__(
        self, branch: "Branch", purpose: Purpose, *, stops: Iterable[Node] = (), starts: Iterable[Node] = ()
    ) -> None:
        self.branch = branch
        self.purpose = purpose
        self.stops = _to_stop(stops)
        self.starts = _to_start(starts)
        self.due_s = float("-inf")
        self.how = How.STOP
        self.for_good = False
        self.parallel = False
        self.over = False
        self._timer: Timer | None = None
        self._busy = self._again = False
        for node in (*self.stops, *self.starts):
            node.group = self

    def join(self, other: "Group") -> None:
        """Take over what another change of the same siblings has left to do; the later due time holds."""
        other.drop()
        self.stops = _to_stop({*self.stops, *(node for node in other.stops if node.live)})
        self.starts = _to_start({*self.starts, *other.starts})
        self.due_s = max(self.due_s, other.due_s)
        if other.purpose is Purpose.BOOT:
            self.purpose = Purpose.BOOT
        for node in (*self.stops, *self.starts):
            node.group = self

    def leave(self, node: Node) -> None:
        """This one is not to start any more."""
        self.starts.pop(node, None)
        if node.group is self and node not in self.stops:
            node.group = None
        self.advance()

    def drop(self) -> None:
        """Do no more."""
        self.over = True
        self._not_due_later()
        for node in (*self.stops, *self.starts):
            if node.group is self:
                node.group = None

    @property
    def waiting(self) -> bool:
        """Whether only the clock holds it up."""
        return self._timer is not None

    def advance(self) -> None:
        """Go as far as possible now."""
        if self._busy:
            self._again = True
            return
        self._busy = self._again = True
        while self._again and not self.over:
            self._again = False
            if self._all_stopped() and self._is_due() and self._all_started() and not self.over:
                self.over = True
                self.branch.group_done(self)
        self._busy = False

    def _all_stopped(self) -> bool:
        if self.parallel:
            self.parallel = False
            for node in list(reversed(self.stops)):
                if node.live:
                    node.ask_stop(self.how, for_good=self.for_good)
        while self.stops:
            node = next(reversed(self.stops))
            if not node.live or (node.stuck and self.purpose is Purpose.END):
                del self.stops[node]
                if node not in self.starts:
                    node.group = None
                continue
            if node.asked is not None:
                return False
            node.ask_stop(self.how, for_good=self.for_good)
        return True

    def _is_due(self) -> bool:
        if not self.starts or trio.current_time() >= self.due_s:
            self._not_due_later()
            return True
        if self._timer is None:
            self._timer = self.branch.engine.timers_at(self.due_s, self._now_due)
        return False

    def _now_due(self) -> None:
        self._timer = None
        self.due_s = float("-inf")
        self.advance()

    def _all_started(self) -> bool:
        while self.starts and not self.over:
            node = next(reversed(self.starts))
            if (node.live and not node.ready) or self.branch.doomed:
                return False
            if node.live or node.by_hand or node.resting:
                del self.starts[node]
                node.group = None
                continue
            node.start()
        return True

    def _not_due_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _to_stop(nodes: Iterable[Node]) -> dict[Node, None]:
    return dict.fromkeys(sorted(nodes, key=_serial))


def _to_start(nodes: Iterable[Node]) -> dict[Node, None]:
    return dict.fromkeys(sorted(nodes, key=_serial, reverse=True))


def _serial(node: Node) -> int:
    return node.serial
