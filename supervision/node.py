"""What actors, tasks and supervisors have in common as children: their place in the tree and where they are in their life."""

from abc import ABC, abstractmethod
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

import trio

from supervision.answer import Answer
from supervision.child import Child, Supervisor
from supervision.errors import ActorStoppedError, AlreadyRunningError
from supervision.failure import Failure
from supervision.ref import Ref
from supervision.restart import Exit

if TYPE_CHECKING:
    from supervision.branch import Branch
    from supervision.engine import Engine
    from supervision.group import Group
    from supervision.queue import Queue
    from supervision.timers import Timer


class ActorState(StrEnum):
    """Where a child is in its life."""

    STARTING = "starting"
    RUNNING = "running"
    BACKOFF = "backoff"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    STUCK = "stuck"


class How(Enum):
    """How a child is stopped."""

    STOP = "stop"
    DRAIN = "drain"
    KILL = "kill"


class Phase(Enum):
    """Where a supervisor is in its life."""

    DOWN = "down"
    STARTING = "starting"
    UP = "up"
    ENDING = "ending"


class Node(ABC):
    """One child of the tree. Its supervisor alone changes it, always between two checkpoints."""

    __slots__ = (
        "added", "asked", "by_hand", "ended", "engine", "failed", "failures", "group", "incarnation", "last_error", "leftover", "live",
        "name", "parent", "path", "ready", "ref", "renewers", "resting", "serial", "started_at_s", "starter", "stoppers", "timer",
        "was_ready",
    )  # fmt: skip

    def __init__(
        self, engine: "Engine", parent: "Branch | None", spec: Child | Supervisor, queue: "Queue", *, added: bool
    ) -> None:
        self.engine = engine
        self.parent = parent
        self.name = spec.name
        self.path = queue.path
        self.added = added
        self.serial = engine.serial()
        self.ref: Ref[Any] = Ref(self, queue)
        self.ended: Answer[str] = Answer()
        self.incarnation = 0
        self.live = False  # it has a task, or children with one
        self.ready = False
        self.was_ready = False  # since its supervisor last started
        self.asked: How | None = None
        self.by_hand = False  # stopped by hand: no group starts it
        self.resting = False  # declined or done: only a group or a hand starts it
        self.leftover = False  # added before its supervisor started anew, and stuck: forgotten when it ends
        self.failed = False
        self.group: Group | None = None
        self.failures = 0
        self.started_at_s: float | None = None
        self.last_error: Failure | None = None
        self.starter: Answer[Ref[Any]] | None = None
        self.renewers: list[Answer[Ref[Any]]] = []
        self.stoppers: list[Answer[None]] = []
        self.timer: Timer | None = None
        engine.nodes[self.path] = self

    @property
    @abstractmethod
    def spec(self) -> Child | Supervisor:
        """What it was declared as."""

    @property
    def stuck(self) -> bool:
        """Whether it ignores its cancellation."""
        return False

    @property
    def really_down(self) -> bool:
        """Whether no task of it is left, not even a stuck one."""
        return not self.live

    @abstractmethod
    def start(self) -> None:
        """Begin a new incarnation; it must not be live. `parent.child_ready` or `parent.child_exited` follows, perhaps at once."""

    @abstractmethod
    def ask_stop(self, how: How, *, for_good: bool) -> None:
        """Ask it to end; `parent.child_exited` follows, perhaps at once. After its grace it is killed."""

    @abstractmethod
    def kill(self) -> None:
        """Cancel it now."""

    @abstractmethod
    def open(self) -> None:
        """Take messages again, after an end that was for good."""

    def close(self, reason: str) -> None:
        """It has ended for good: whoever watches is told why, and whoever waits for its renewal that it will not be."""
        renewers, self.renewers = self.renewers, []
        for renewer in renewers:
            renewer.fail(ActorStoppedError(self.path))
        if not self.ended.given:
            self.ended.give(reason)

    def arm(self, grace_s: float) -> None:
        """Kill it when its grace is over; one grace at a time."""
        if self.timer is None and grace_s != float("inf"):
            self.timer = self.engine.timers_at(trio.current_time() + grace_s, self.kill)

    def disarm(self) -> None:
        """It ended in time."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def begun(self) -> None:
        """A new incarnation begins."""
        self.incarnation += 1
        self.live = True
        self.ready = False
        self.failed = False
        self.asked = None

    def down(self, exit_: Exit) -> None:
        """Its incarnation has ended."""
        self.live = self.ready = False
        self.asked = None
        self.disarm()
        if exit_.error is not None:
            self.last_error = Failure(exit_.error)

    def started(self) -> None:
        """Answer whoever waits for its start, or for the one after the stop that is due."""
        if self.starter is not None:
            self.starter.give(self.ref)
            self.starter = None
        if self.renewers and (self.group is None or self not in self.group.stops):
            renewers, self.renewers = self.renewers, []
            for renewer in renewers:
                renewer.give(self.ref)

    def not_started(self, error: BaseException) -> bool:
        """Answer whoever waits for its start that it failed; False if nobody asked for it."""
        starter, self.starter = self.starter, None
        if starter is None:
            return False
        starter.fail(error)
        return True

    def really_ended(self) -> None:
        """Answer those who wait for its end."""
        stoppers, self.stoppers = self.stoppers, []
        for stopper in stoppers:
            stopper.give(None)

    def refuse_if_active(self) -> None:
        """Raise AlreadyRunningError if it runs, or will by itself."""
        if self.live or self.group is not None:
            raise AlreadyRunningError(self.path, "is running" if self.live else "is about to be started")

    @property
    def state(self) -> ActorState:
        """Where it is in its life."""
        if self.stuck:
            return ActorState.STUCK
        if self.live:
            if self.asked is not None:
                return ActorState.STOPPING
            if self.ready:
                return ActorState.RUNNING
            return ActorState.STARTING if self.incarnation == 1 else ActorState.RESTARTING
        if self.group is not None and not self.by_hand:
            if self.incarnation == 0:
                return ActorState.STARTING
            return ActorState.BACKOFF if self.group.waiting else ActorState.RESTARTING
        return ActorState.FAILED if self.failed else ActorState.STOPPED
