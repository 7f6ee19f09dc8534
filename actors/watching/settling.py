"""When a file is complete: two equal readings of size and mtime, some time apart. A pure table over readings and a clock."""

from collections.abc import Iterable

import attrs

from actors.model.change import Reading


@attrs.define
class _Unsettled:
    reading: Reading
    since_s: float
    is_growing: bool = False


@attrs.frozen(kw_only=True)
class Judgement:
    """What a second look at files came to."""

    settled: tuple[Reading, ...] = ()
    growing: tuple[Reading, ...] = ()
    """Files that turned out to be growing just now; each is named once."""


@attrs.define(eq=False)
class Settling:
    """Files that were seen but not yet believed.

    mtime alone proves nothing, for copiers set it back; so every file, however old it says it is, is read twice.
    """

    settle_s: float
    _unsettled: dict[bytes, _Unsettled] = attrs.field(factory=dict)

    def __len__(self) -> int:
        return len(self._unsettled)

    def __contains__(self, path: bytes) -> bool:
        return path in self._unsettled

    def see(self, reading: Reading, now_s: float) -> None:
        """A file was listed with a reading that the catalogue does not know."""
        known = self._unsettled.get(reading.path)
        if known is None:
            self._unsettled[reading.path] = _Unsettled(reading, now_s)

    def forget(self, paths: Iterable[bytes]) -> None:
        """Files that are gone, or matter no more."""
        for path in paths:
            self._unsettled.pop(path, None)

    def readings(self) -> tuple[Reading, ...]:
        """All files that were seen but not yet believed, as last read."""
        return tuple(one.reading for one in self._unsettled.values())

    def due(self, now_s: float) -> tuple[Reading, ...]:
        """The files whose second reading may be taken now, as they were first read."""
        return tuple(one.reading for one in self._unsettled.values() if now_s - one.since_s >= self.settle_s)

    def wait_s(self, now_s: float) -> float | None:
        """How long until the next file is due; None when there is none."""
        if not self._unsettled:
            return None
        first = min(one.since_s for one in self._unsettled.values())
        return max(0.0, first + self.settle_s - now_s)

    def judge(self, again: dict[bytes, Reading | None], now_s: float) -> Judgement:
        """Compare second readings with the first ones. None means that the file went away."""
        settled: list[Reading] = []
        growing: list[Reading] = []
        for path, reading in again.items():
            one = self._unsettled.get(path)
            if one is None:
                continue
            if reading is None:
                del self._unsettled[path]
            elif (reading.size_bytes, reading.mtime_ns, reading.inode) == (
                one.reading.size_bytes,
                one.reading.mtime_ns,
                one.reading.inode,
            ):
                del self._unsettled[path]
                settled.append(reading)
            else:
                if not one.is_growing:
                    growing.append(reading)
                self._unsettled[path] = _Unsettled(reading, now_s, is_growing=True)
        return Judgement(settled=tuple(settled), growing=tuple(growing))
