"""The tree, as frozen values that are checked when they are made. Nothing here runs."""

import functools
import inspect
import math
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from supervision.backoff import Backoff
from supervision.check import at_least, is_a, name, number_from
from supervision.errors import SpecError
from supervision.mailbox import Mailbox
from supervision.restart import AutoShutdown, Intensity, Restart, Strategy


@attrs.frozen(kw_only=True)
class Shutdown:
    """How long a child may take to stop before it is cancelled. 0 cancels at once, infinity waits for ever."""

    grace_s: float = attrs.field(default=5.0, validator=number_from(0))


def _callable(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not callable(value):
        raise SpecError(attribute.name, f"must make an actor or be an async function, not {value!r}")


def _significant(spec: "Child | Supervisor", _: object, value: object) -> None:
    if not isinstance(value, bool):
        raise SpecError("significant", f"must be True or False, not {value!r}")
    if value and spec.restart is Restart.PERMANENT:
        raise SpecError("significant", f"{spec.name} is permanent: it never ends by itself")


@attrs.frozen
class Child:
    """One actor or task of the tree.

    Args:
        name: unique among its siblings.
        factory: makes the actor anew for each incarnation, called without arguments; or an `async def task(context)`, which is a
            child without a mailbox. Such a task is ready when it calls `context.ready()` if its code, or that of a function it hands its
            context on to, does so anywhere (`readiness.py` says what is followed); otherwise as soon as it is first scheduled.
        mailbox: bounds; ignored by tasks.
        restart: when it is started again after it ended by itself.
        shutdown: its grace.
        significant: its end may end its supervisor, see AutoShutdown.
    """

    name: str = attrs.field(validator=name)
    factory: Callable[..., Any] = attrs.field(validator=_callable)
    mailbox: Mailbox = attrs.field(factory=Mailbox, kw_only=True, validator=is_a(Mailbox))
    restart: Restart = attrs.field(default=Restart.PERMANENT, kw_only=True, validator=is_a(Restart))
    shutdown: Shutdown = attrs.field(factory=Shutdown, kw_only=True, validator=is_a(Shutdown))
    significant: bool = attrs.field(default=False, kw_only=True, validator=_significant)

    @property
    def is_task(self) -> bool:
        """Whether the factory is an async function, not a maker of actors."""
        function: Any = self.factory
        while isinstance(function, functools.partial):
            function = function.func
        if isinstance(function, type):
            return False
        called = getattr(function, "__call__", None)  # noqa: B004 — the method of an instance, not whether it has one
        return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)


def _children(children: "Iterable[Child | Supervisor]") -> "tuple[Child | Supervisor, ...]":
    try:
        return tuple(children)
    except TypeError:
        raise SpecError("children", f"must be children and supervisors, not {children!r}") from None


@attrs.frozen
class Supervisor:
    """Children that are started, watched, restarted and stopped together, left to right and back.

    Args:
        name: unique among its siblings; paths are names joined with '/'.
        children: in start order. A dynamic supervisor has none: they come by `start_child`.
        strategy: who is restarted together.
        intensity: how many restarts it bears before it escalates.
        backoff: delays before restarts; without one they are at once.
        restart: when its own supervisor starts it again.
        shutdown: its grace for all its children together; of the root, the one deadline of the whole tree.
        significant: its end may end its supervisor.
        auto_shutdown: whether it ends with its significant children.
        max_children: bound of a dynamic supervisor, None for no bound of its own.
    """

    name: str = attrs.field(validator=name)
    children: "tuple[Child | Supervisor, ...]" = attrs.field(default=(), converter=_children, kw_only=True)
    strategy: Strategy = attrs.field(default=Strategy.ONE_FOR_ONE, kw_only=True, validator=is_a(Strategy))
    intensity: Intensity = attrs.field(factory=Intensity, kw_only=True, validator=is_a(Intensity))
    backoff: Backoff | None = attrs.field(default=None, kw_only=True, validator=is_a(Backoff, optional=True))
    restart: Restart = attrs.field(default=Restart.PERMANENT, kw_only=True, validator=is_a(Restart))
    shutdown: Shutdown = attrs.field(default=Shutdown(grace_s=math.inf), kw_only=True, validator=is_a(Shutdown))
    significant: bool = attrs.field(default=False, kw_only=True, validator=_significant)
    auto_shutdown: AutoShutdown = attrs.field(default=AutoShutdown.NEVER, kw_only=True, validator=is_a(AutoShutdown))
    max_children: int | None = attrs.field(default=None, kw_only=True, validator=attrs.validators.optional(at_least(1)))

    def __attrs_post_init__(self) -> None:
        """Check what concerns several fields or all children."""
        dynamic = self.strategy is Strategy.DYNAMIC
        if dynamic and self.children:
            raise SpecError("children", f"{self.name} is dynamic: its children are added by start_child")
        if self.max_children is not None and not dynamic:
            raise SpecError("max_children", f"{self.name} is not dynamic")
        seen: set[str] = set()
        for child in self.children:
            self.check_child(child)
            if child.name in seen:
                raise SpecError("children", f"{self.name} has two children named {child.name!r}")
            seen.add(child.name)

    def check_child(self, child: object) -> None:
        """Refuse with SpecError what cannot be a child of this supervisor."""
        if not isinstance(child, Child | Supervisor):
            raise SpecError("children", f"must be children and supervisors, not {child!r}")
        if child.significant and self.auto_shutdown is AutoShutdown.NEVER:
            raise SpecError("significant", f"{child.name} is significant, but {self.name} never shuts down by itself")
