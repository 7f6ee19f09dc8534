"""Which users have a client that takes which topics. Counts only; asked often, so it costs one look into a dictionary."""

from collections import defaultdict
from collections.abc import Collection, Iterable


class Hearers:
    """By topic, each user with the number of their subscriptions that take it."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def change(self, owner: str, *, more: Iterable[str] = (), fewer: Iterable[str] = ()) -> None:
        """One subscription of a user takes some topics from now on, and others no longer."""
        for topic in more:
            counts = self._counts[topic]
            counts[owner] = counts.get(owner, 0) + 1
        for topic in fewer:
            counts = self._counts[topic]
            counts[owner] -= 1
            if not counts[owner]:
                del counts[owner]

    def of(self, topic: str) -> Collection[str]:
        """The users who take a topic; a view, which must not be kept."""
        return self._counts[topic].keys()
