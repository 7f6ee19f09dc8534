"""The waiting room: so many requests are worked at, so many wait for a limited time, and the rest is sent away at once."""

from typing import Self

import attrs
import trio


class FullError(Exception):
    """There is no place, or none came free in time; come again later."""


@attrs.frozen(kw_only=True)
class RoomStatistics:
    """A moment of the room; `turned_away` counts since the start."""

    working: int
    waiting: int
    turned_away: int


class WaitingRoom:
    """First come, first served.

    Args:
        places: requests worked at at once.
        chairs: requests that may wait for a place.
        patience_s: how long each waits at most.
    """

    def __init__(self, *, places: int, chairs: int, patience_s: float) -> None:
        self._places = trio.CapacityLimiter(places)
        self._chairs = chairs
        self._patience_s = patience_s
        self._waiting = 0
        self._turned_away = 0

    async def take(self) -> "Place":
        """A place, to be given back, or held by `with`.

        Raises:
            FullError: see there.
        """
        place = Place(self._places)
        if self._places.available_tokens > 0:
            self._places.acquire_on_behalf_of_nowait(place)
        else:
            await self._wait(place)
        return place

    def statistics(self) -> RoomStatistics:
        """How full it is."""
        return RoomStatistics(
            working=self._places.borrowed_tokens, waiting=self._waiting, turned_away=self._turned_away
        )

    async def _wait(self, place: "Place") -> None:
        if self._waiting < self._chairs:
            self._waiting += 1
            try:
                with trio.move_on_after(self._patience_s):
                    await self._places.acquire_on_behalf_of(place)
                    return
            finally:
                self._waiting -= 1
        self._turned_away += 1
        raise FullError("too many requests at once")


@attrs.define(eq=False)
class Place:
    """One request's place, held until its block ends or it is given back before."""

    _places: trio.CapacityLimiter
    _is_held: bool = True

    def give_back(self) -> None:
        """Let the next one work; further calls do nothing."""
        if self._is_held:
            self._is_held = False
            self._places.release_on_behalf_of(self)

    def __enter__(self) -> Self:
        """It is held already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self.give_back()
