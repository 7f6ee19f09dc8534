"""What an actor's mailbox promises, as frozen values. How it keeps the promise is `queue.py`."""

from enum import Enum

import attrs

from supervision.check import at_least, is_a, number
from supervision.errors import SpecError


class Overflow(Enum):
    """What happens to a message that finds the mailbox full.

    WAIT: its sender waits for room. FAIL: its sender gets MailboxFullError. DROP_OLDEST, DROP_NEWEST: one message becomes a dead
    letter, the longest waiting or the arriving one; the sender goes on.
    """

    WAIT = "wait"
    FAIL = "fail"
    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"


class Fate(Enum):
    """What becomes of the message in hand when its actor crashes."""

    DROP = "drop"
    REDELIVER = "redeliver"
    QUARANTINE = "quarantine"


@attrs.frozen
class InFlight:
    """The fate of the message in hand at a crash; made by `drop()`, `redeliver(times=n)` or `quarantine()`."""

    fate: Fate
    times: int = 0

    @classmethod
    def drop(cls) -> "InFlight":
        """It becomes a dead letter."""
        return cls(Fate.DROP)

    @classmethod
    def redeliver(cls, *, times: int) -> "InFlight":
        """Up to `times` (1 or more) further tries, ahead of the queue; then a dead letter. Handlers must bear repetition."""
        if number("times", times, whole=True) < 1:
            raise SpecError("times", f"must be at least 1, not {times!r}")
        return cls(Fate.REDELIVER, times)

    @classmethod
    def quarantine(cls) -> "InFlight":
        """It is put aside at its first crash, as a dead letter with the reason `quarantined`."""
        return cls(Fate.QUARANTINE)


@attrs.frozen(kw_only=True)
class Mailbox:
    """Bounds of one actor's mailbox: how many messages wait, what happens to one more, and to the one in hand at a crash."""

    capacity: int = attrs.field(default=100, validator=at_least(1))
    overflow: Overflow = attrs.field(default=Overflow.WAIT, validator=is_a(Overflow))
    in_flight: InFlight = attrs.field(factory=InFlight.drop, validator=is_a(InFlight))
