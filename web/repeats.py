"""Idempotency-Key: a request that creates something, sent again, gets the same answer and creates nothing more."""

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import trio
from quart import Response

from actors.config import SECONDS
from actors.errors import DatabaseError
from actors.store.repeats import Claim, Kept
from web.errors import FieldError, ProblemError, invalid
from web.exchange import exchange, timed
from web.services import services

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
PROBLEMS = ("CONFLICT", "IDEMPOTENCY_MISMATCH")

LEASE_S = 60 * SECONDS
"""Who has not renewed a claim for so long is dead; a try after that begins anew."""
RENEW_S = 15 * SECONDS
RELEASE_LIMIT_S = 3 * SECONDS

_USABLE = re.compile(r"[\x21-\x7e]{1,255}")
_NOT_KEPT = frozenset({"content-length", "date", "x-request-id", "server-timing"})
"""Headers that belong to one exchange."""


class Repeat:
    """One request that may come again. Answers of success are kept; a refusal changed nothing, and is found anew."""

    def __init__(self, claim: Claim | None, kept: Kept | None) -> None:
        self._claim = claim
        self._kept = kept

    @property
    def is_answered(self) -> bool:
        """Whether the request was answered before: then `again` has the answer, and nothing may be done."""
        return self._kept is not None

    def again(self, fingerprint: bytes) -> Response:
        """The answer that it got.

        Raises:
            ProblemError: IDEMPOTENCY_MISMATCH when it asked for something else then.
        """
        assert self._kept is not None
        if self._kept.fingerprint != fingerprint:
            raise ProblemError("IDEMPOTENCY_MISMATCH", f"This {HEADER} came with another request before")
        response = Response(self._kept.body, self._kept.status)
        response.headers.clear()
        response.headers.extend(self._kept.headers)
        response.headers[REPLAYED] = "true"
        return response

    async def keep(self, fingerprint: bytes, response: Response) -> None:
        """Keep a good answer."""
        if self._claim is None:
            return
        body = await response.get_data(as_text=False)
        assert isinstance(body, bytes)
        headers = tuple((name, value) for name, value in response.headers if name.lower() not in _NOT_KEPT)
        answer = Kept(fingerprint=fingerprint, status=response.status_code, headers=headers, body=body)
        with timed("db"):
            await services().store.repeats.keep(self._claim, answer)


@asynccontextmanager
async def repeat() -> AsyncIterator[Repeat]:
    """Take the present request on, if it carries a key; within the block nobody else answers the same one.

    A block that ends without `Repeat.keep` gives the key free again.

    Raises:
        ProblemError: VALIDATION_ERROR for a key that cannot be used, CONFLICT while the first one is still worked on.
    """
    keys = exchange().sent.getlist(HEADER)
    if not keys:
        yield Repeat(None, None)
        return
    key = keys[0]
    if len(keys) > 1:
        raise invalid(FieldError(field=HEADER, message="Given more than once"))
    if not _USABLE.fullmatch(key):
        raise invalid(FieldError(field=HEADER, message="Must be 1–255 visible ASCII characters", value=key))
    current, repeats = exchange(), services().store.repeats
    with timed("db"):
        assert current.caller is not None  # operations that create are open to nobody unknown
        begun = await repeats.begin(current.caller.user_id, f"{current.method} {current.path}", key, lease_s=LEASE_S)
    if begun is None:
        raise ProblemError("CONFLICT", f"The first request with this {HEADER} is still worked on")
    if isinstance(begun, Kept):
        yield Repeat(None, begun)
        return
    failure: Exception | None = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_renewing, begun)
        try:
            yield Repeat(begun, None)
        except Exception as error:  # noqa: BLE001 — raised below, outside the nursery, which would wrap it in a group
            failure = error
        finally:
            nursery.cancel_scope.cancel()
            with trio.move_on_after(RELEASE_LIMIT_S, shield=True):
                await _released(begun)
    if failure is not None:
        raise failure


async def repeated(asked: Any, work: Callable[[], Awaitable[Response]], *, limit_s: float) -> Response:
    """The answer to the present request: an earlier one, or what `work` gives, which is done as a whole even if the client leaves.

    Args:
        asked: all that the request says, JSON-ready; equal ones are the same request.
        work: gives an answer of success, or raises.
        limit_s: it takes no longer.
    """
    fingerprint = hashlib.sha256(msgspec.json.encode(asked, order="deterministic")).digest()
    async with repeat() as one:
        if one.is_answered:
            return one.again(fingerprint)
        with trio.fail_after(limit_s) as scope:
            scope.shield = HEADER in exchange().sent
            response = await work()
            await one.keep(fingerprint, response)
            return response


async def _renewing(claim: Claim) -> None:
    while True:
        await trio.sleep(RENEW_S)
        try:
            await services().store.repeats.renew(claim, lease_s=LEASE_S)
        except DatabaseError:
            continue


async def _released(claim: Claim) -> None:
    try:
        await services().store.repeats.release(claim)
    except DatabaseError:
        # It ends by itself.
        return
