"""The generic cell rate algorithm: a quota that fills evenly and may be spent at once. Pure; one number per client.

The number is the backlog: in how many seconds everything spent so far will have been given back. Each request adds one
interval (window / limit) to it; one that would raise it above the window is refused and adds nothing. Unlike fixed
windows it lets nobody spend two quotas around a boundary. Source: ITU-T I.371, annex A.
"""

import math

import attrs

_NEVER_MIND_S = 1e-6
"""Below the precision of the clocks and of Redis's numbers."""


@attrs.frozen(kw_only=True)
class Quota:
    """So many requests in a window, all at once if need be."""

    name: str
    """As the headers call it."""
    limit: int = attrs.field(validator=attrs.validators.ge(1))
    window_s: float = attrs.field(validator=attrs.validators.gt(0))

    @property
    def interval_s(self) -> float:
        """After how long one request is given back."""
        return self.window_s / self.limit


@attrs.frozen(kw_only=True)
class Verdict:
    """Whether a request may pass, and how things stand after it."""

    quota: Quota
    is_allowed: bool
    remaining: int
    """How many more may come at once."""
    reset_s: float
    """When the whole quota is there again, if nothing comes."""
    retry_s: float
    """When the refused one may come again; 0 for one that passes."""


def spent(quota: Quota, backlog_s: float) -> tuple[bool, float]:
    """Whether one more request passes at a backlog, and the backlog after it."""
    after_s = max(0.0, backlog_s) + quota.interval_s
    if after_s > quota.window_s + _NEVER_MIND_S:
        return False, max(0.0, backlog_s)
    return True, after_s


def verdict(quota: Quota, *, is_allowed: bool, backlog_s: float) -> Verdict:
    """What a backlog means, after a request was let through or refused."""
    room_s = quota.window_s - backlog_s
    return Verdict(
        quota=quota,
        is_allowed=is_allowed,
        remaining=max(0, math.floor((room_s + _NEVER_MIND_S) / quota.interval_s)),
        reset_s=backlog_s,
        retry_s=0.0 if is_allowed else max(0.0, quota.interval_s - room_s),
    )
