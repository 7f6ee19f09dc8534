"""Decisions about restarts, as functions of values. No task, no clock: the time is an argument."""

from collections import Counter, deque
from enum import Enum, StrEnum

import attrs
import trio

from supervision.check import at_least, finite_above


class Restart(Enum):
    """When a child that ended by itself is started again.

    PERMANENT: always. TRANSIENT: after a crash. TEMPORARY: never, and it is forgotten.
    """

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


class Strategy(Enum):
    """Who is restarted together.

    ONE_FOR_ONE: the one that died. ONE_FOR_ALL: all. REST_FOR_ONE: it and those started after it.
    DYNAMIC: the one that died, among many added at run time and stopped in parallel.
    """

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"
    DYNAMIC = "dynamic"


class AutoShutdown(Enum):
    """Whether a supervisor ends when significant children end by themselves and are not restarted."""

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    ALL_SIGNIFICANT = "all_significant"


@attrs.frozen(kw_only=True)
class Intensity:
    """How many restarts within a sliding window a supervisor bears; one more, and it escalates. A group counts as one.

    `restarts` ≥ 0; `within_s` > 0, finite.
    """

    restarts: int = attrs.field(default=3, validator=at_least(0))
    within_s: float = attrs.field(default=5.0, validator=finite_above(0))


class Reason(StrEnum):
    """Why a child ended."""

    NORMAL = "normal"
    STOPPED = "stopped"
    DRAINED = "drained"
    KILLED = "killed"
    CANCELLED = "cancelled"
    CRASHED = "crashed"
    DECLINED = "declined"
    AUTO_SHUTDOWN = "auto_shutdown"
    ESCALATED = "escalated"
    START_FAILED = "start_failed"
    FATAL = "fatal"


CRASHES = frozenset({Reason.CRASHED, Reason.ESCALATED, Reason.START_FAILED})


@attrs.frozen
class Exit:
    """How one incarnation ended; `error` is set for crashes."""

    reason: Reason
    error: BaseException | None = None

    @property
    def crash(self) -> bool:
        """Whether it counts as a failure."""
        return self.reason in CRASHES


class Verdict(Enum):
    """What becomes of a child that ended by itself."""

    RESTART = "restart"
    KEEP = "keep"
    FORGET = "forget"


def verdict(restart: Restart, exit_: Exit) -> Verdict:
    """What becomes of a child of this kind after this exit, which nobody had asked for."""
    if restart is Restart.TEMPORARY:
        return Verdict.FORGET
    if restart is Restart.PERMANENT or exit_.crash:
        return Verdict.RESTART
    return Verdict.KEEP


def affected(strategy: Strategy, index: int, count: int) -> range:
    """Places of the siblings, in start order, that restart together when the one at `index` of `count` died."""
    match strategy:
        case Strategy.ONE_FOR_ALL:
            return range(count)
        case Strategy.REST_FOR_ONE:
            return range(index, count)
        case _:
            return range(index, index + 1)


def fatal(error: BaseException) -> bool:
    """Whether an error must end the program and never lead to a restart."""
    if isinstance(error, BaseExceptionGroup):
        return any(fatal(part) for part in error.exceptions)
    if isinstance(error, trio.Cancelled):
        return False
    return isinstance(error, trio.TrioInternalError) or not isinstance(error, Exception)


class Budget:
    """The restarts that one supervisor has spent within its window, and on which child. One exactly `within_s` ago still counts."""

    __slots__ = ("_intensity", "_shares", "_spent")

    def __init__(self, intensity: Intensity) -> None:
        self._intensity = intensity
        self._spent: deque[tuple[float, str]] = deque()
        self._shares: Counter[str] = Counter()

    def spend(self, now_s: float, name: str) -> bool:
        """Enter one restart that the end of this child costs; False when it is one too many."""
        self._forget(now_s)
        self._spent.append((now_s, name))
        self._shares[name] += 1
        if len(self._spent) <= self._intensity.restarts:
            return True
        self._drop_first()
        return False

    def spent(self, now_s: float) -> int:
        """Restarts in the window."""
        self._forget(now_s)
        return len(self._spent)

    def spent_on(self, name: str, now_s: float) -> int:
        """Those of them that this child's ends have cost."""
        self._forget(now_s)
        return self._shares[name]

    def remaining(self, now_s: float) -> int:
        """Restarts that are still borne without escalation."""
        return max(0, self._intensity.restarts - self.spent(now_s))

    def outlook(self, now_s: float) -> str:
        """What it takes to escalate, for people."""
        left = self.remaining(now_s) + 1
        span = self._spent[0][0] + self._intensity.within_s - now_s if self._spent else self._intensity.within_s
        return f"escalates after {left} more within {span:.3g} s"

    def _forget(self, now_s: float) -> None:
        while self._spent and self._spent[0][0] < now_s - self._intensity.within_s:
            self._drop_first()

    def _drop_first(self) -> None:
        _, name = self._spent.popleft()
        self._shares[name] -= 1
        if not self._shares[name]:
            del self._shares[name]
