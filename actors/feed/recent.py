"""The newest events, kept in memory for those who come back after a short break. Values only."""

from collections import deque
from itertools import islice

from actors.feed.frame import Frame


class Recent:
    """Frames of consecutive numbers, the oldest of which make room; nothing is kept that is larger than the limit by itself."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._frames: deque[Frame] = deque()
        self._size_bytes = 0

    @property
    def oldest(self) -> int | None:
        """Number of the oldest that is kept."""
        return self._frames[0].seq if self._frames else None

    def add(self, frame: Frame) -> None:
        """Keep the event that follows the last."""
        self._frames.append(frame)
        self._size_bytes += len(frame.body)
        while self._size_bytes > self._limit_bytes:
            self._size_bytes -= len(self._frames.popleft().body)

    def clear(self) -> None:
        """Keep nothing: another number follows."""
        self._frames.clear()
        self._size_bytes = 0

    def after(self, seq: int, limit: int) -> list[Frame]:
        """The next ones above a number that is not below the one before the oldest; at most `limit`."""
        if self.oldest is None:
            return []
        start = seq + 1 - self.oldest
        return list(islice(self._frames, start, start + limit))
