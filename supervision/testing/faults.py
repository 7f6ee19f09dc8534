"""Crashes at a chosen checkpoint, so that a test can try every one of a scenario."""

from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

from supervision.actor import Actor, Context
from supervision.child import Child


class InjectedError(Exception):
    """What a FaultInjector raises unless it is told otherwise."""


class _Stepped:
    """Runs a coroutine step by step; whenever it is resumed after a wait, the injector may raise there instead."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], injector: "FaultInjector", path: str) -> None:
        self._coroutine = coroutine
        self._injector = injector
        self._path = path

    def __await__(self) -> Generator[Any, Any, Any]:
        resume: Callable[[Any], Any] = self._coroutine.send
        value: Any = None
        while True:
            try:
                trap = resume(value)
            except StopIteration as end:
                return end.value
            try:
                value = yield trap
                resume = self._coroutine.send
            except BaseException as error:  # noqa: BLE001 — handed on to the coroutine, which it is meant for
                resume, value = self._coroutine.throw, error
                continue
            fault = self._injector.fault(self._path)
            if fault is not None:
                resume, value = self._coroutine.throw, fault


class FaultInjector:
    """Raises once, at the `at`-th checkpoint of the children that it was put round; counts them all in `seen`.

    A checkpoint is each moment when `started`, `receive`, `stopped` or a task, having waited, goes on; and the beginning of each. The
    wait itself has then been granted: the error comes after it.

    Run a scenario once without `at` to learn how many there are, then once for each of them.

    Args:
        at: 0 for the first; None raises nowhere.
        error: makes what is raised.
    """

    def __init__(self, at: int | None = None, *, error: Callable[[], BaseException] = InjectedError) -> None:
        self.at = at
        self.seen = 0
        self.struck: str | None = None
        """Name of the child that it raised in."""
        self._error = error

    def child(self, child: Child) -> Child:
        """The same child, with faults."""
        factory = child.factory
        wrapped: Callable[..., Any]
        if child.is_task:

            async def wrapped(context: Context) -> object:
                context.ready()
                return await self._stepped(factory(context), child.name)
        else:

            def wrapped() -> Actor[Any]:
                return _Faulty(factory(), self, child.name)

        return Child(
            child.name,
            wrapped,
            mailbox=child.mailbox,
            restart=child.restart,
            shutdown=child.shutdown,
            significant=child.significant,
        )

    def fault(self, name: str) -> BaseException | None:
        """Count one checkpoint; the error to raise there, if it is the one."""
        here = self.seen
        self.seen += 1
        if here != self.at:
            return None
        self.struck = name
        return self._error()

    async def _stepped(self, work: Awaitable[Any], name: str) -> Any:
        fault = self.fault(name)
        if fault is not None:
            work.close()  # type: ignore[attr-defined]  # a coroutine that never began
            raise fault
        return await _Stepped(work, self, name)  # type: ignore[arg-type]  # of an async function

    def step(self, work: Awaitable[Any], name: str) -> Awaitable[Any]:
        """The same work, with faults."""
        return self._stepped(work, name)


class _Faulty(Actor[Any]):
    def __init__(self, actor: Actor[Any], injector: FaultInjector, name: str) -> None:
        self._actor = actor
        self._injector = injector
        self._name = name

    async def started(self, context: Context) -> None:
        await self._injector.step(self._actor.started(context), self._name)

    async def receive(self, message: object) -> object:
        return await self._injector.step(self._actor.receive(message), self._name)

    async def stopped(self) -> None:
        await self._injector.step(self._actor.stopped(), self._name)
