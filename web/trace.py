"""Distributed traces by W3C Trace Context: whose trace a request belongs to, and our own part of it. Pure."""

import re
import secrets
from collections.abc import Sequence

import attrs

TRACE_DIGITS = 32
SPAN_DIGITS = 16
MOST_STATES = 32
MOST_STATE_BYTES = 512

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_STATE = re.compile(r"[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]", re.ASCII)


@attrs.frozen(kw_only=True)
class Trace:
    """One request's place in a trace."""

    trace_id: str
    span_id: str
    """Our own part."""
    flags: str = "00"
    state: str | None = None
    """What others say of the trace; passed on as it came."""

    def header(self) -> str:
        """The value of `traceparent` for the answer, and for whatever is asked on behalf of this request."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def trace_of(parents: Sequence[str], states: Sequence[str]) -> Trace:
    """The trace that a request belongs to, or a new one.

    Args:
        parents: values of `traceparent`; anything but exactly one valid value begins a new trace.
        states: values of `tracestate`; dropped without a valid parent, or when one of them is malformed or they are too long.
    """
    parent = _PARENT.fullmatch(parents[0].strip()) if len(parents) == 1 else None
    if parent is None or not _is_usable(parent):
        drawn = _drawn(SPAN_DIGITS + TRACE_DIGITS)
        return Trace(span_id=drawn[:SPAN_DIGITS], trace_id=drawn[SPAN_DIGITS:])
    # Only the lowest bit has a meaning that can be passed on.
    flags = f"{int(parent[4], 16) & 1:02x}"
    return Trace(trace_id=parent[2], span_id=_drawn(SPAN_DIGITS), flags=flags, state=_state(states))


def _is_usable(parent: re.Match[str]) -> bool:
    version, trace_id, span_id, _, rest = parent.groups()
    if version == "ff" or (version == "00" and rest is not None):
        return False
    return bool(trace_id.strip("0")) and bool(span_id.strip("0"))


def _state(values: Sequence[str]) -> str | None:
    members = [member.strip() for value in values for member in value.split(",") if member.strip()]
    joined = ",".join(members)
    is_good = len(members) <= MOST_STATES and len(joined) <= MOST_STATE_BYTES and all(map(_STATE.fullmatch, members))
    names = {member.partition("=")[0] for member in members}
    return joined if joined and is_good and len(names) == len(members) else None


def _drawn(digits: int) -> str:
    """Random digits, of which the first and the last so many that may be an id are never all 0, which is no id."""
    while True:
        drawn = secrets.token_hex(digits // 2)
        if drawn[:SPAN_DIGITS].strip("0") and drawn[-TRACE_DIGITS:].strip("0"):
            return drawn
