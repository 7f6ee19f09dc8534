"""Heads that come once more, word for word and from the same place, and what an app has left for them. Knows no app."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from actors.config import KIB

Again = Callable[[], Awaitable[tuple[bytes, bytes] | None]]
"""Gives an answer whole: its head, without what a server adds to every one and without the empty line, and its body.

None where the app must be called after all. What it gives must have a length that its head tells.
"""
EXTENSION = "rookery.again"
"""In the extensions of an ASGI scope: called with an `Again`, which is then asked when the same head comes again. It is there where
that may be: GET without a body, on a connection that goes on."""

MOST_HEADS = 1_000
LONGEST_HEAD_BYTES = 4 * KIB


class Place(NamedTuple):
    """Where requests come from and go to, as far as their meaning may depend on it."""

    client: str | None
    """The address of the peer."""
    server: tuple[str, int | None] | None
    scheme: str


class Known:
    """The heads that something was left for, by where they came from; the oldest make room."""

    __slots__ = ("_left", "_most")

    def __init__(self, *, most: int = MOST_HEADS) -> None:
        self._most = most
        self._left: dict[tuple[bytes, Place], Again] = {}

    def __len__(self) -> int:
        return len(self._left)

    def find(self, head: bytes, place: Place) -> Again | None:
        """What was left for a head."""
        return self._left.get((head, place))

    def to_leave(self, head: bytes, place: Place) -> Callable[[Again], None]:
        """What an app calls to leave something for a head; it is not kept for one that is too long."""
        return partial(self._leave, (head, place))

    def forget(self, head: bytes, place: Place) -> None:
        """Leave nothing for a head."""
        self._left.pop((head, place), None)

    def _leave(self, key: tuple[bytes, Place], again: Again) -> None:
        if len(key[0]) > LONGEST_HEAD_BYTES:
            return
        self._left.pop(key, None)
        self._left[key] = again
        if len(self._left) > self._most:
            del self._left[next(iter(self._left))]
