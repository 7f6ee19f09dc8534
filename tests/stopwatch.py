"""Watches the event loop: which steps of its tasks took too long."""

import time

import attrs
import trio

MOST_S = 0.010
"""Of the loop thread's own processor time, which other processes on the machine do not add to."""


@attrs.define(eq=False)
class Stopwatch(trio.abc.Instrument):
    """Keeps the steps of the service that took too long, with their tasks; those of the test itself are not counted."""

    steps: list[tuple[float, str]] = attrs.field(factory=list)
    _since: float = 0.0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """A task is about to run."""
        self._since = time.thread_time()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """It came to a checkpoint."""
        took = time.thread_time() - self._since
        if took > MOST_S and not task.name.startswith("<test"):
            self.steps.append((took, task.name))
