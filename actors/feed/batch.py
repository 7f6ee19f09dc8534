"""What is published in one go, and each client's part of it: selected, and joined for the wire, once for all who take the same. No I/O here."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import attrs

from actors.feed.frame import Frame


def is_for(frame: Frame, topics: frozenset[str], owner: str | None) -> bool:
    """Whether one who takes these topics, a user or nobody, is to have a frame."""
    return frame.topic in topics and (frame.owner is None or frame.owner == owner)


@attrs.frozen(eq=False)
class Part:
    """Frames for one client, in order; shared by all who are to have the same."""

    frames: Sequence[Frame]

    @cached_property
    def framed(self) -> bytes:
        """All of them as whole frames of a WebSocket server; joined once."""
        return b"".join([frame.framed for frame in self.frames])

    def after(self, seq: int) -> "Part":
        """What of it is above a number."""
        return Part([frame for frame in self.frames if frame.seq is not None and frame.seq > seq])


@attrs.define(eq=False)
class Batch:
    """Frames of consecutive numbers, or one without a number. At least one."""

    frames: Sequence[Frame]
    newest: int | None = attrs.field(init=False)
    """None for one without a number."""
    _has_owners: bool = attrs.field(init=False)
    _parts: dict[tuple[frozenset[str], str | None], Part] = attrs.field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self.newest = self.frames[-1].seq
        self._has_owners = any(frame.owner is not None for frame in self.frames)

    @property
    def oldest(self) -> int | None:
        """None for one without a number."""
        return self.frames[0].seq

    def part(self, topics: frozenset[str], owner: str | None) -> Part:
        """What one who takes these topics is to have."""
        key = topics, owner if self._has_owners else None
        found = self._parts.get(key)
        if found is None:
            found = self._parts[key] = Part(selected(self.frames, topics, owner))
        return found


def selected(frames: Iterable[Frame], topics: frozenset[str], owner: str | None) -> list[Frame]:
    """Of these, what one who takes these topics is to have."""
    return [frame for frame in frames if is_for(frame, topics, owner)]
