"""Crashes at a chosen checkpoint, so that a test can try every one of a scenario."""

import functools
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import attrs

from supervision.actor import Actor, Context
from supervision.child import Child, Supervisor


class InjectedError(Exception):
    """What a FaultInjector raises unless it is told otherwise."""


class FaultInjector:
    """Raises once, at the `at`-th checkpoint of the children that it was put round; counts them all in `seen`.

    A checkpoint is each moment when `started`, `receive`, `stopped` or a task, having waited, goes on; and the beginning of each. The
    wait itself has then been granted: the error comes after it. Sub-tasks of `context.start_soon` and of nurseries have none.

    Run a scenario once without `at` to learn how many there are, then once for each of them:

    ```python
    clean = FaultInjector()
    replay(scenario, clean, seed=1)
    for at in range(clean.seen):
        replay(scenario, FaultInjector(at), seed=1)
    ```

    Args:
        at: 0 for the first; None raises nowhere.
        error: makes what is raised.
    """

    def __init__(self, at: int | None = None, *, error: Callable[[], BaseException] = InjectedError) -> None:
        self.at = at
        self.seen = 0
        self.struck: str | None = None
        """Path of the child that it raised in; None if it did not (yet)."""
        self._error = error

    def tree(self, supervisor: Supervisor) -> Supervisor:
        """The same supervisor, with faults in every child below it; those added at run time have none."""
        children = [
            self.tree(below) if isinstance(below, Supervisor) else self.child(below) for below in supervisor.children
        ]
        return attrs.evolve(supervisor, children=children)

    def child(self, child: Child) -> Child:
        """The same child, with faults."""
        factory = child.factory
        if not child.is_task:
            return attrs.evolve(child, factory=lambda: _Faulty(factory(), self))

        @functools.wraps(factory)
        async def faulty(context: Context) -> object:
            return await self.stepped(factory(context), context.path)

        return attrs.evolve(child, factory=faulty)

    def fault(self, path: str) -> BaseException | None:
        """Count one checkpoint; the error to raise there, if it is the one."""
        here = self.seen
        self.seen += 1
        if here != self.at:
            return None
        self.struck = path
        return self._error()

    async def stepped(self, work: Coroutine[Any, Any, Any], path: str) -> Any:
        """Run the work of the child at this path, with faults."""
        fault = self.fault(path)
        if fault is not None:
            work.close()  # it never began
            raise fault
        return await _Stepped(work, self, path)


class _Stepped:
    """Runs a coroutine step by step; whenever it is resumed after a wait, the injector may raise there instead."""

    def __init__(self, work: Coroutine[Any, Any, Any], injector: FaultInjector, path: str) -> None:
        self._work = work
        self._injector = injector
        self._path = path

    def __await__(self) -> Generator[Any, Any, Any]:
        resume: Callable[[Any], Any] = self._work.send
        value: Any = None
        while True:
            try:
                trap = resume(value)
            except StopIteration as end:
                return end.value
            try:
                value = yield trap
                resume = self._work.send
            except BaseException as error:  # noqa: BLE001 — handed on to the coroutine, which it is meant for
                resume, value = self._work.throw, error
                continue
            fault = self._injector.fault(self._path)
            if fault is not None:
                resume, value = self._work.throw, fault


class _Faulty(Actor[Any]):
    """An actor whose every step may fail."""

    def __init__(self, actor: Actor[Any], injector: FaultInjector) -> None:
        self._actor: Any = actor
        self._injector = injector
        self._path = ""

    async def started(self, context: Context) -> None:
        self._path = context.path
        await self._injector.stepped(self._actor.started(context), self._path)

    async def receive(self, message: object) -> object:
        return await self._injector.stepped(self._actor.receive(message), self._path)

    async def stopped(self) -> None:
        await self._injector.stepped(self._actor.stopped(), self._path)
