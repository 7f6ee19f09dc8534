"""An actor that stands in for another and keeps what it is sent."""

from collections.abc import Callable
from typing import Any

import trio

from supervision.actor import Actor, Context
from supervision.child import Child


def _nothing(_: object) -> object:
    return None


class _Recorder(Actor[Any]):
    def __init__(self, probe: "Probe") -> None:
        self._probe = probe

    async def started(self, context: Context) -> None:
        self._probe.context = context

    async def receive(self, message: object) -> object:
        return self._probe.record(message)


class Probe:
    """Put `probe.child("name")` into a tree, then look at `messages` or wait with `next`. Survives restarts of its actor.

    Args:
        answer: makes the answer to each message; what it raises crashes the actor.
    """

    def __init__(self, answer: Callable[[Any], object] = _nothing) -> None:
        self.messages: list[Any] = []
        self.context: Context | None = None
        self._answer = answer
        self._read = 0
        self._news = trio.Event()

    def child(self, name: str, **options: Any) -> Child:
        """A child with this probe as its actor; options as for Child."""
        return Child(name, self.actor, **options)

    def actor(self) -> Actor[Any]:
        """One incarnation, for use as a factory."""
        return _Recorder(self)

    def record(self, message: object) -> object:
        """Keep one message and make its answer."""
        self.messages.append(message)
        self._news.set()
        return self._answer(message)

    async def next(self, *, timeout_s: float = 5.0) -> Any:
        """The next message that was not taken yet.

        Raises:
            TooSlowError: none came in time (Trio's clock).
        """
        with trio.fail_after(timeout_s):
            while self._read >= len(self.messages):
                self._news = trio.Event()
                await self._news.wait()
        self._read += 1
        return self.messages[self._read - 1]
