"""The caller's own player and its queue. Every command is the same as on the live socket, and told to all of their devices."""

from contextlib import suppress
from typing import Any, Union

import msgspec
from quart import Blueprint, Response

from actors.errors import InvalidError, RookeryError
from actors.model.player import Deck
from actors.model.player_commands import COMMANDS, AddTrack, ClearQueue, Command, RemoveTrack, ReorderQueue
from actors.model.player_view import PlayerView, QueueView, player_view, queue_view
from actors.model.user import Role
from supervision import SupervisionError
from web.auth import caller
from web.conditions import conditional
from web.encoding import answer, entity_tag, now
from web.endpoints import Answer, endpoint
from web.exchange import timed
from web.openapi import examples
from web.orders import commanded
from web.services import services

blueprint = Blueprint("players", __name__, url_prefix="/api/v1")

_PRIVATE = {"Cache-Control": "private, no-cache"}


class PlayerCommand(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One command, as on the live socket: `type` tells which, `payload` what belongs to it. Base of all."""

    payload: Command


def _told(name: str, payload: type[Command]) -> type[PlayerCommand]:
    """The body that tells one command; its payload may be left out where nothing in it is required."""
    needs = any(field.required for field in msgspec.structs.fields(payload))
    made: Any = msgspec.defstruct(
        f"{payload.__name__}Command",
        [("payload", payload) if needs else ("payload", payload, msgspec.field(default_factory=payload))],
        bases=(PlayerCommand,),
        module=__name__,
        namespace={"__doc__": payload.__doc__},
        tag_field="type",
        tag=name,
        kw_only=True,
        frozen=True,
    )
    kind: type[PlayerCommand] = made
    return kind


_BODY: Any = Union[tuple(_told(name, payload) for name, payload in COMMANDS.items())]  # noqa: UP007 — made, not written
_PLAYER = Answer(meaning="The player as it is now.", model=PlayerView, headers=("ETag",), example=examples.PLAYER)
_QUEUE = Answer(meaning="The queue as it is now.", model=QueueView, headers=("ETag",), example=examples.QUEUE)
_SAME = Answer(meaning="You have it already.", headers=("ETag",))


@endpoint(
    blueprint,
    "GET",
    "/player",
    tag="Player",
    answers={200: _PLAYER, 304: _SAME},
    asks=("If-None-Match",),
    problems=("PRECONDITION_FAILED",),
)
async def find_player() -> Response:
    """What your player does, on whichever device.

    While it plays, the position goes on with the clock from `at`. The entity tag stays the same as long as nobody tells the
    player anything and no track ends.
    """
    deck = await _deck()
    return conditional(_player_tag(deck), lambda: _player(deck))


@endpoint(
    blueprint,
    "POST",
    "/player",
    tag="Player",
    role=Role.LISTENER,
    body=_BODY,
    example={"type": "SEEK", "payload": {"position": 61.5}},
    is_repeatable=True,
    answers={200: _PLAYER},
    problems=("NOT_FOUND", "TRACK_NOT_FOUND", "CONFLICT"),
)
async def command_player(body: PlayerCommand) -> Response:
    """Tell your player something; all of your devices hear of it.

    `CONFLICT` where the player cannot do it as it is, or where `version` is not the queue's: `details.version` is.
    """
    try:
        deck = await commanded(body.payload)
    except InvalidError as error:
        raise InvalidError(f"payload.{error.field}", error.message) from error
    return _player(deck)


@endpoint(
    blueprint,
    "GET",
    "/queue",
    tag="Player",
    answers={200: _QUEUE, 304: _SAME},
    asks=("If-None-Match",),
    problems=("PRECONDITION_FAILED",),
)
async def find_queue() -> Response:
    """What your player plays, in this order, and what of it can be played now."""
    with timed("db"):
        deck, is_told = await services().store.player_queues.check(caller().user_id, now=now())
    if not is_told:
        # What one device is shown the others hear of, and what changes from there on is told to all.
        with suppress(RookeryError, SupervisionError):
            deck = await commanded(None)
    return conditional(_queue_tag(deck), lambda: _queue(deck))


@endpoint(
    blueprint,
    "POST",
    "/queue/add",
    tag="Player",
    role=Role.LISTENER,
    body=AddTrack,
    example={"trackId": examples.TRACK_ID, "position": 0},
    is_repeatable=True,
    answers={200: _QUEUE},
    problems=("TRACK_NOT_FOUND", "CONFLICT"),
)
async def add_to_queue(body: AddTrack) -> Response:
    """Put a track into your queue: at a position, or at its end. It may stand there twice; a queue holds 1,000."""
    return _queue(await commanded(body))


@endpoint(
    blueprint,
    "POST",
    "/queue/remove",
    tag="Player",
    role=Role.LISTENER,
    body=RemoveTrack,
    example={"itemId": "3"},
    answers={200: _QUEUE},
    problems=("NOT_FOUND", "CONFLICT"),
)
async def remove_from_queue(body: RemoveTrack) -> Response:
    """Take an item out of your queue. Where it plays just now, the next one goes on."""
    return _queue(await commanded(body))


@endpoint(
    blueprint,
    "POST",
    "/queue/clear",
    tag="Player",
    role=Role.LISTENER,
    body=ClearQueue,
    example={"version": 7},
    answers={200: _QUEUE},
    problems=("CONFLICT",),
)
async def clear_queue(body: ClearQueue) -> Response:
    """Empty your queue; the player stops."""
    return _queue(await commanded(body))


@endpoint(
    blueprint,
    "POST",
    "/queue/reorder",
    tag="Player",
    role=Role.LISTENER,
    body=ReorderQueue,
    example={"itemId": "3", "position": 0, "version": 7},
    answers={200: _QUEUE},
    problems=("NOT_FOUND", "CONFLICT"),
)
async def reorder_queue(body: ReorderQueue) -> Response:
    """Move an item of your queue to another place.

    It is done only in the queue that you saw: when another device changed it meanwhile, the answer is `CONFLICT`, and
    `details.version` tells the present version. Nothing was changed then; look again.
    """
    return _queue(await commanded(body))


async def _deck() -> Deck:
    with timed("db"):
        return await services().store.player_queues.find(caller().user_id, now=now())


def _player(deck: Deck) -> Response:
    return answer(player_view(deck, now()), headers={"ETag": _player_tag(deck), **_PRIVATE})


def _queue(deck: Deck) -> Response:
    return answer(queue_view(deck), headers={"ETag": _queue_tag(deck), **_PRIVATE})


def _player_tag(deck: Deck) -> str:
    # Weak: position and moment are said anew each time, but the same of the same player.
    return f"W/{entity_tag('player', services().version, caller().user_id, deck.player.version, deck.queue.version)}"


def _queue_tag(deck: Deck) -> str:
    return entity_tag(
        "queue", services().version, caller().user_id, deck.queue.version, *sorted(deck.obstacles.items())
    )
