"""Passwords: hashed by argon2 in threads, few at once. Knows no user."""

import unicodedata
from collections.abc import Callable
from typing import Annotated, TypeVar

import argon2
import msgspec
import trio

from actors.config import SECONDS
from actors.errors import BusyError

T = TypeVar("T")

SHORTEST_CHARACTERS = 8
LONGEST_CHARACTERS = 256
Password = Annotated[str, msgspec.Meta(min_length=SHORTEST_CHARACTERS, max_length=LONGEST_CHARACTERS)]
"""A new one; what is shown for one may be anything."""

AT_ONCE = 2
"""Each takes 64 MiB, and of up to four cores about 0.1 s."""
MOST_WAITING = 32
WAIT_S = 5 * SECONDS

_hasher = argon2.PasswordHasher()
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$FHNBxlwh29JcmFZAEQFwZQ$fdG33BNDKK79eqOgym7BxSdbLC/pLrrCtL5a3BOrNfs"
"""A hash that nobody has, of the same cost as all others: to find nobody takes as long as to find somebody."""


class Passwords:
    """Hashes and verifies: at most `AT_ONCE` in threads, `MOST_WAITING` in line.

    Cancellation: a call in its thread ends first, one that waits leaves the line.
    """

    def __init__(self) -> None:
        self._places = trio.CapacityLimiter(AT_ONCE)

    async def hashed(self, password: str) -> str:
        """The argon2 hash of a password, in its own text form.

        Raises:
            BusyError: too many are in line, or the line did not move for `WAIT_S`.
        """
        return await self._in_thread(_hash, password)

    async def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether a password belongs to a hash; nothing does to None, which takes as long to find.

        Raises:
            BusyError: as `hashed`.
        """
        is_right = await self._in_thread(_verify, password_hash or NOBODY, password)
        return is_right and password_hash is not None

    async def _in_thread(self, call: Callable[..., T], *arguments: str) -> T:
        if self._places.statistics().tasks_waiting >= MOST_WAITING:
            raise BusyError("Too many want to log in at once")
        with trio.move_on_after(WAIT_S):
            await self._places.acquire()
            try:
                # The place is this task's own; the thread's limiter counts beside it.
                return await trio.to_thread.run_sync(call, *arguments, limiter=trio.CapacityLimiter(1))
            finally:
                self._places.release()
        raise BusyError("Too many want to log in at once")


def is_outdated(password_hash: str) -> bool:
    """Whether a hash was made at other costs than new ones are."""
    return _hasher.check_needs_rehash(password_hash)


def _hash(password: str) -> str:
    return _hasher.hash(_composed(password))


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, _composed(password))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _composed(password: str) -> bytes:
    """The same bytes for the same password, however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
