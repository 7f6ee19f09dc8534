"""The order in which Trio runs tasks that are ready at the same time: random by design, here chosen by a seed."""

import importlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import trio

from supervision.testing.time import virtual_clock

Result = TypeVar("Result")

_SCHEDULER = "trio._core._run"
_SWITCH = "_ALLOW_DETERMINISTIC_SCHEDULING"
_RANDOM = "_r"


def _scheduler() -> Any:
    """Trio's module with the switch that its own Hypothesis plugin uses; there is no public one."""
    try:
        scheduler = importlib.import_module(_SCHEDULER)
    except ImportError:
        scheduler = None
    if not isinstance(getattr(scheduler, _SWITCH, None), bool) or not hasattr(
        getattr(scheduler, _RANDOM, None), "setstate"
    ):
        raise RuntimeError(
            f"Trio {trio.__version__} keeps its scheduling elsewhere than in {_SCHEDULER}.{_SWITCH} and .{_RANDOM}: "
            "seeded schedules do not work with it; see what trio.testing and its Hypothesis plugin do now"
        )
    return scheduler


@contextmanager
def scheduled(seed: int) -> Iterator[None]:
    """Within the block, the same seed gives the same order of tasks; another seed gives another.

    Raises:
        RuntimeError: this version of Trio has changed what it rests on.
    """
    scheduler = _scheduler()
    random = getattr(scheduler, _RANDOM)
    before = getattr(scheduler, _SWITCH), random.getstate()
    setattr(scheduler, _SWITCH, True)
    random.seed(seed)
    try:
        yield
    finally:
        setattr(scheduler, _SWITCH, before[0])
        random.setstate(before[1])


def replay(function: Callable[..., Awaitable[Result]], *arguments: object, seed: int) -> Result:
    """Run an async function to its end, on a virtual clock and on the schedule of this seed; not from inside a Trio run."""
    with scheduled(seed):
        return trio.run(function, *arguments, clock=virtual_clock())
