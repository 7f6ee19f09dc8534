"""A memory: what one person notes about a track, a moment of it, or nothing."""

from collections.abc import Iterable
from datetime import datetime

import attrs
import msgspec

from actors.model.snippet import folded
from actors.model.time import Time

LONGEST_TEXT = 10_000
LONGEST_TAG = 100
MOST_TAGS = 20
MOST_MEMORIES = 10_000
"""Of one person."""


@attrs.frozen(kw_only=True)
class Memory:
    """One memory, which nobody but its person sees."""

    id: str
    track_id: str | None
    """None also when the track went for good."""
    track_title: str | None
    """How the track is or was called; null for none."""
    """How the track is, or was, called; None for a memory about nothing."""
    position_s: float | None
    """The moment of the track; such a memory is a cue point."""
    text: str
    tags: tuple[str, ...]
    added_at: datetime
    changed_at: datetime
    version: int = 1
    """Grows by one at every change."""


@attrs.frozen(kw_only=True)
class Note:
    """What a memory says: all of it that its person gives."""

    text: str
    track_id: str | None = None
    position_s: float | None = None
    tags: tuple[str, ...] = ()
    """Each once, in the given order."""


@attrs.frozen(kw_only=True)
class MemoryFilter:
    """Which memories; what is None does not restrict."""

    track_id: str | None = None
    tag: str | None = None
    """One of its tags is this, whatever the case and accents."""
    text: str | None = None
    """Every word of it occurs in text or tags, whatever the case and accents; none if there is no word in it."""
    is_cue: bool | None = None
    """It is, or is not, about a moment."""


class MemoryView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One memory. When its track goes for good, `trackId` becomes null and `trackTitle` still says how it was called."""

    id: str
    track_id: str | None
    """The track that it is about; null for none."""
    track_title: str | None
    """How the track is or was called; null for none."""
    position: float | None
    """The moment of the track that it is about, in seconds; null for none."""
    text: str
    """What was noted."""
    tags: tuple[str, ...]
    """In the order in which they were given."""
    added_at: Time
    changed_at: Time
    version: int


def memory_view(memory: Memory) -> MemoryView:
    """A memory as clients see it."""
    values = attrs.asdict(memory)
    return MemoryView(position=values.pop("position_s"), **values)


def distinct(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags without blanks around them; of those that differ in case and accents alone, the first."""
    found: dict[str, str] = {}
    for tag in tags:
        found.setdefault(folded(tag.strip()), tag.strip())
    return tuple(found.values())
