"""What waits for one client: in order, bounded in bytes, with progress coalesced. Values only; nobody waits here."""

from collections import OrderedDict
from collections.abc import Iterable

from actors.feed.frame import Frame


class Backlog:
    """Frames in the order of their publication.

    A passing frame replaces the waiting one of the same subject, behind all that waits: it may tell of what an event before it brought
    about. When room is short, passing frames go first, oldest first. A single frame above the limit is taken when nothing else waits.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        self.coalesced = 0
        """Passing frames replaced by a newer one of their subject."""
        self.dropped = 0
        """Passing frames given up for want of room."""
        self._frames: OrderedDict[int | str, Frame] = OrderedDict()
        self._passing: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, seq: int, frame: Frame) -> bool:
        """Add an event that must not be lost; False when there is no room even without any passing frame."""
        while self._frames and self.size_bytes + len(frame.body) > self.limit_bytes:
            if not self._passing:
                return False
            self._drop_passing()
        self._frames[seq] = frame
        self.size_bytes += len(frame.body)
        return True

    def put_passing(self, frame: Frame) -> None:
        """Add or renew what only matters in its newest form."""
        subject = frame.subject or ""
        if subject in self._passing:
            self._forget_passing(subject)
            self.coalesced += 1
        while self._passing and self.size_bytes + len(frame.body) > self.limit_bytes:
            self._drop_passing()
        if self._frames and self.size_bytes + len(frame.body) > self.limit_bytes:
            self.dropped += 1
            return
        self._frames[subject] = frame
        self._passing[subject] = None
        self.size_bytes += len(frame.body)

    def waiting(self) -> Iterable[Frame]:
        """What is to be taken, in order; it stays."""
        return self._frames.values()

    def take(self, most_bytes: int) -> list[Frame]:
        """Remove and give the first frames: at least one if any waits, together at most `most_bytes` if more than one."""
        frames: list[Frame] = []
        taken = 0
        while self._frames:
            key, frame = next(iter(self._frames.items()))
            taken += len(frame.body)
            if frames and taken > most_bytes:
                break
            del self._frames[key]
            if isinstance(key, str):
                del self._passing[key]
            self.size_bytes -= len(frame.body)
            frames.append(frame)
        return frames

    def clear(self) -> None:
        """Give up everything that waits."""
        self._frames.clear()
        self._passing.clear()
        self.size_bytes = 0

    def _drop_passing(self) -> None:
        self._forget_passing(next(iter(self._passing)))
        self.dropped += 1

    def _forget_passing(self, subject: str) -> None:
        del self._passing[subject]
        self.size_bytes -= len(self._frames.pop(subject).body)
