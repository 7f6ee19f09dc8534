"""An actor that stands in for another and keeps what it is sent."""

from collections.abc import Callable
from typing import Any

import trio

from supervision.actor import Actor, Context
from supervision.child import Child
from supervision.ref import Ref


def _nothing(_: object) -> object:
    return None


def _every(_: object) -> bool:
    return True


class Probe:
    """Put `probe.child("name")` into a tree, then look at `messages` or wait with `next`. Survives restarts of its actor.

    ```python
    probe = Probe()
    tree = Supervisor("test", children=[probe.child("cataloger"), Child("watcher", make_watcher)])
    async with run(tree):
        settled = await probe.next(lambda message: isinstance(message, FilesSettled))
    ```

    It keeps every message, for as long as it lives.

    Args:
        answer: makes the answer to each message; what it raises crashes the actor.
    """

    def __init__(self, answer: Callable[[Any], object] = _nothing) -> None:
        self.messages: list[Any] = []
        """All that came, oldest first, over all incarnations."""
        self.context: Context | None = None
        """Of the present incarnation; None before the first."""
        self._answer = answer
        self._read = 0
        self._news = trio.Event()

    def child(self, name: str, **options: Any) -> Child:
        """A child with this probe as its actor; options as for Child."""
        return Child(name, self.actor, **options)

    def actor(self) -> Actor[Any]:
        """One incarnation, for use as a factory."""
        return _Recorder(self)

    @property
    def ref(self) -> Ref[Any]:
        """Its ref, to hand to whoever shall send to it.

        Raises:
            RuntimeError: it has not been started.
        """
        if self.context is None:
            raise RuntimeError("the probe has no ref before its tree runs")
        return self.context.ref

    def record(self, message: object) -> object:
        """Keep one message and make its answer."""
        self.messages.append(message)
        self._news.set()
        self._news = trio.Event()
        return self._answer(message)

    async def next(self, wanted: Callable[[Any], bool] = _every, *, timeout_s: float = 5.0) -> Any:
        """The next wanted message that was not taken yet; unwanted ones before it are passed over, and stay in `messages`.

        Raises:
            TooSlowError: none came in time (Trio's clock).

        Cancellation: what was passed over stays passed over.
        """
        with trio.fail_after(timeout_s):
            while True:
                while self._read < len(self.messages):
                    self._read += 1
                    message = self.messages[self._read - 1]
                    if wanted(message):
                        return message
                await self._news.wait()


class _Recorder(Actor[Any]):
    """One incarnation of a probe."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe

    async def started(self, context: Context) -> None:
        self._probe.context = context

    async def receive(self, message: object) -> object:
        return self._probe.record(message)
