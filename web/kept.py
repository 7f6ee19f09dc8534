"""Answers of declared operations through the query cache."""

import enum
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from quart import Response
from quart.wrappers.response import DataBody

from actors.config import KIB
from actors.model.user import Caller
from web.auth import caller as present_caller
from web.auth import identify
from web.cache import CacheInfo, Entry
from web.cache.entry import Edition, cache_info
from web.cache.query_cache import Repeat
from web.conditions import conditional
from web.encoding import JSON, now, raw_answer
from web.exchange import Exchange, exchange, serving, timed, unless_left
from web.rates import count_caller
from web.services import Services, services, using

Handler = Callable[..., Awaitable[Response]]

LARGEST_REMEMBERED_BYTES = 4 * KIB
"""A longer question is answered from the cache like others, but not asked again by `warm`."""


class Depends(enum.Enum):
    """On what an answer that is kept depends, besides the question and the role of who asks."""

    CATALOGUE = enum.auto()
    """Tracks, roots and all else that the events of the feed tell of."""
    CALLER = enum.auto()
    """That, and what belongs to the one who asks: ratings, plays, memories."""


def unkept() -> CacheInfo:
    """What a list says of itself that was just made; where its operation is cached, the cache says it anew."""
    moment = now()
    return cache_info(is_hit=False, made_at=moment, expires_at=moment)


async def kept(name: str, depends: Depends, arguments: Mapping[str, Any], handler: Handler) -> Response:
    """The answer of a handler to the present request, kept from an earlier one if nothing that it shows has changed.

    Args:
        name: of the operation.
        depends: what ends a kept answer.
        arguments: of the handler; equal ones are the same question.
        handler: gives an answer of JSON with status 200, or raises.
    """
    held = services()
    caller = present_caller()
    question = _question(held, name, depends, arguments, caller)
    key = hashlib.blake2b(question, digest_size=20).hexdigest()

    async def make() -> bytes:
        response = await handler(**arguments)
        body = await response.get_data(as_text=False)
        assert isinstance(body, bytes)
        return body

    async def ask() -> tuple[Entry, bool]:
        with timed("revision"):
            revision = await held.store.revisions.current(caller.user_id if depends is Depends.CALLER else None)
        entry = await held.cache.find(key, revision)
        if entry is not None:
            return entry, True
        return await unless_left(partial(held.cache.made, key, revision, make)), False

    async def repeat() -> bool:
        # As the one who asked then, whoever warms the cache now.
        present = exchange()
        with serving(Exchange(request_id=present.request_id, method="GET", path=present.path, caller=caller)):
            _, is_hit = await ask()
        return not is_hit

    is_remembered = len(question) <= LARGEST_REMEMBERED_BYTES
    if is_remembered:
        held.cache.remember(key, repeat)
    entry, is_hit = await ask()
    held.hits.note(caller.user_id, is_hit=is_hit)
    if exchange().method == "POST":
        # A question in a body has no representation that a client could have already.
        return raw_answer(entry.told(is_hit=is_hit), content_type=JSON)
    response = conditional(entry.etag, lambda: raw_answer(entry.told(is_hit=is_hit), content_type=JSON))
    if is_hit:
        exchange().still = partial(_still, held, key, entry.edition, depends, caller, repeat if is_remembered else None)
    return response


def lasting(response: Response) -> Response:
    """An answer of ready bytes that says the same to everybody as long as the program runs."""
    body = response.response
    assert isinstance(body, DataBody)

    async def still() -> bytes:
        return body.data

    exchange().still = still
    return response


async def _still(  # noqa: PLR0917  # what a kept answer depends on
    held: Services, key: str, edition: Edition, depends: Depends, caller: Caller, repeat: Repeat | None
) -> bytes | None:
    """The body of the answer that `kept` gave, if it would give it again."""
    with using(held):
        await identify()
        if present_caller() != caller:
            return None
        if repeat is not None:
            held.cache.remember(key, repeat)
        with timed("revision"):
            revision = await held.store.revisions.current(caller.user_id if depends is Depends.CALLER else None)
        entry = await held.cache.find(key, revision, edition=edition)
        if entry is None:
            return None
        await count_caller()
        held.hits.note(caller.user_id, is_hit=True)
        return entry.told(is_hit=True)


def _question(held: Services, name: str, depends: Depends, arguments: Mapping[str, Any], caller: Caller) -> bytes:
    who = caller.user_id if depends is Depends.CALLER else None
    # Another version of the program may answer otherwise.
    return msgspec.json.encode([held.version, name, arguments, caller.role, who], order="deterministic")
