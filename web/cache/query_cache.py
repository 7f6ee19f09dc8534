"""The query cache: an answer is computed once for everybody who asks the same of the same state of the catalogue."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import attrs
import structlog
import trio

from actors.errors import RedisAwayError
from web.cache.entry import Edition, Entry, entry_of
from web.cache.shelf import Shelf, ShelfSize

MOST_REMEMBERED = 500
"""So many questions are remembered with how often they came, to be asked again by `warm`."""

Make = Callable[[], Awaitable[bytes]]
Repeat = Callable[[], Awaitable[bool]]

_log = structlog.get_logger("rookery.cache")


@attrs.frozen(kw_only=True)
class CacheStatistics:
    """What became of the questions since the start."""

    shelf: str
    hits: int
    misses: int
    joined: int
    """Misses that waited for another's answer instead of computing their own."""
    troubles: int
    """Times that the shelf could not be reached."""
    size: ShelfSize


@attrs.define(eq=False)
class _Flight:
    """One answer being computed."""

    is_over: trio.Event = attrs.field(factory=trio.Event)
    entry: Entry | None = None
    error: Exception | None = None


@attrs.define(eq=False)
class _Question:
    count: int
    repeat: Repeat


class QueryCache:
    """Kept answers over a shelf. What is served was compared with the catalogue's revision by whoever asks."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._flights: dict[tuple[str, str], _Flight] = {}
        self._questions: OrderedDict[str, _Question] = OrderedDict()
        self._hits = self._misses = self._joined = self._troubles = 0

    async def find(self, key: str, revision: str, *, edition: Edition | None = None) -> Entry | None:
        """The kept answer to a question; None where there is none that may be served.

        Args:
            key: of the question; equal questions of callers who may not see the same have different ones.
            revision: what the catalogue is called, read in this very request.
            edition: that no other will do; whoever asks so asks again without it, and only what is found counts.
        """
        kept = await self._find(key)
        if kept is not None and edition is not None and kept.edition != edition:
            return None
        if kept is not None and kept.is_fresh(revision, now=datetime.now(UTC)):
            self._hits += 1
            return kept
        if edition is None:
            self._misses += 1
        return None

    async def made(self, key: str, revision: str, make: Make) -> Entry:
        """The answer to a question of which `find` has found none, kept for those who ask later.

        Args:
            key: as for `find`.
            revision: the same.
            make: computes the body. Of equal questions at once one computes and the others wait for it; when that one is
                cancelled, another takes over. Its error is everybody's.
        """
        flight_key = (key, revision)
        while (flight := self._flights.get(flight_key)) is not None:
            await flight.is_over.wait()
            if flight.error is not None:
                raise flight.error.with_traceback(None)
            if flight.entry is not None:
                self._joined += 1
                return flight.entry
        flight = self._flights[flight_key] = _Flight()
        try:
            flight.entry = entry_of(await make(), revision=revision, made_at=datetime.now(UTC))
        except Exception as error:
            flight.error = error
            raise
        finally:
            del self._flights[flight_key]
            flight.is_over.set()
        await self._put(key, flight.entry)
        return flight.entry

    def remember(self, key: str, repeat: Repeat) -> None:
        """Count a question; `repeat` asks it again and says whether it had to be computed."""
        known = self._questions.get(key)
        if known is not None:
            known.count += 1
            known.repeat = repeat
            self._questions.move_to_end(key)
            return
        self._questions[key] = _Question(1, repeat)
        if len(self._questions) > MOST_REMEMBERED:
            self._questions.popitem(last=False)

    def most_asked(self, most: int) -> list[Repeat]:
        """Ways to ask again what is asked most often, at most so many."""
        ranked = sorted(self._questions.values(), key=lambda question: question.count, reverse=True)
        return [question.repeat for question in ranked[:most]]

    async def clear(self) -> int | None:
        """Drop every kept answer; gives how many, or None if the shelf cannot be reached."""
        try:
            return await self._shelf.clear()
        except RedisAwayError:
            self._troubles += 1
            return None

    def statistics(self) -> CacheStatistics:
        """What became of the questions."""
        return CacheStatistics(
            shelf=self._shelf.name,
            hits=self._hits,
            misses=self._misses,
            joined=self._joined,
            troubles=self._troubles,
            size=self._shelf.size(),
        )

    async def _find(self, key: str) -> Entry | None:
        try:
            return await self._shelf.find(key)
        except RedisAwayError as error:
            self._note(error)
            return None

    async def _put(self, key: str, entry: Entry) -> None:
        try:
            await self._shelf.put(key, entry)
        except RedisAwayError as error:
            self._note(error)

    def _note(self, error: RedisAwayError) -> None:
        self._troubles += 1
        _log.debug("shelf away", error=str(error))
