"""Who waits for whom, and whether one more wait would close a cycle. A graph; it knows no task and no message."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Node = TypeVar("Node", bound=Hashable)


class WaitGraph(Generic[Node]):
    """Edges from a waiting actor to the one it waits for; an actor has one for each of its calls that wait.

    Cost: one lookup per wait while the receiver itself waits for nobody, else as many as the chain is long.
    """

    __slots__ = ("_waits",)

    def __init__(self) -> None:
        self._waits: dict[Node, list[Node]] = {}

    def cycle(self, waiter: Node, target: Node) -> tuple[Node, ...] | None:
        """The cycle, from `waiter` on, that this wait would close; None if it closes none."""
        if target == waiter:
            return (waiter,)
        if target not in self._waits:
            return None
        trail: dict[Node, Node] = {target: waiter}
        open_: list[Node] = [target]
        while open_:
            node = open_.pop()
            for after in self._waits.get(node, ()):
                if after == waiter:
                    return self._path(trail, waiter, node)
                if after not in trail:
                    trail[after] = node
                    open_.append(after)
        return None

    @staticmethod
    def _path(trail: dict[Node, Node], waiter: Node, last: Node) -> tuple[Node, ...]:
        path = [last]
        while path[-1] != waiter:
            path.append(trail[path[-1]])
        return tuple(reversed(path))

    def add(self, waiter: Node, target: Node) -> None:
        """This wait has begun."""
        self._waits.setdefault(waiter, []).append(target)

    def remove(self, waiter: Node, target: Node) -> None:
        """This wait is over; to be said as soon as it is granted, not when the waiter's task next runs."""
        waits = self._waits[waiter]
        waits.remove(target)
        if not waits:
            del self._waits[waiter]

    def waiting_for(self, waiter: Node) -> tuple[Node, ...]:
        """Everyone this one waits for now."""
        return tuple(self._waits.get(waiter, ()))

    def __len__(self) -> int:
        return len(self._waits)
