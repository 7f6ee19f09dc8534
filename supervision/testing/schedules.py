"""The order in which Trio runs tasks that are ready at the same time: random by design, here chosen by a seed."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import trio
import trio._core._run as trio_run

from supervision.testing.time import virtual_clock

Result = TypeVar("Result")


@contextmanager
def scheduled(seed: int) -> Iterator[None]:
    """Within the block, the same seed gives the same order of tasks; another seed gives another.

    Trio has no public way to this; the switch is the one that its own Hypothesis plugin uses.
    """
    scheduler: Any = trio_run
    before = scheduler._ALLOW_DETERMINISTIC_SCHEDULING, scheduler._r.getstate()  # noqa: SLF001
    scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True  # noqa: SLF001
    scheduler._r.seed(seed)  # noqa: SLF001
    try:
        yield
    finally:
        scheduler._ALLOW_DETERMINISTIC_SCHEDULING = before[0]  # noqa: SLF001
        scheduler._r.setstate(before[1])  # noqa: SLF001


def replay(function: Callable[..., Awaitable[Result]], *arguments: object, seed: int) -> Result:
    """Run an async function to its end, on a virtual clock and on the schedule of this seed; not from inside a Trio run."""
    with scheduled(seed):
        return trio.run(function, *arguments, clock=virtual_clock())
