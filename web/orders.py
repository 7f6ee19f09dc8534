"""Orders to the librarian and to the callers' players, from routes."""

from typing import Any

from actors.config import SECONDS
from actors.errors import RookeryError
from actors.librarian import Order
from actors.messages import PlayerOrder
from actors.model.player import Deck
from actors.model.player_commands import Command, Device
from actors.model.track import Track
from actors.pipeline import LIBRARIAN
from web.auth import caller
from web.conditions import demanded
from web.exchange import timed
from web.named import track_tag
from web.services import services

ORDER_LIMIT_S = 15 * SECONDS
"""An order is carried out by then, orders before it included."""


def demanded_version(track: Track) -> int | None:
    """Which version of a track the present request means by its If-Match; None for any.

    Raises:
        ProblemError: PRECONDITION_REQUIRED, PRECONDITION_FAILED.
    """
    return demanded(track_tag(track), track.version)


async def ordered(order: Order, *, limit_s: float = ORDER_LIMIT_S) -> Any:
    """What the librarian answers to an order.

    Raises:
        RookeryError: what it refuses with.
        SendError: it did not answer.
    """
    with timed("order"):
        answer = await services().running.ref(LIBRARIAN).ask(order, timeout_s=limit_s)
    if isinstance(answer, RookeryError):
        raise answer
    return answer


async def commanded(command: Command | None) -> Deck:
    """The caller's player after a command, or after a look. Raises as `commanded_by`."""
    with timed("order"):
        return await commanded_by(caller().user_id, command)


async def commanded_by(user_id: str, command: Command | None, teller: Device | None = None) -> Deck:
    """A user's player after a command, which one of their devices may tell; it is carried out even if whoever sent it leaves meanwhile.
    Without a command it looks what can be played of its queue.

    Raises:
        RookeryError: what it refuses with.
        SendError: it did not answer.
    """
    here = services()
    answer = await here.players.ordered(
        here.running, user_id, PlayerOrder(command=command, teller=teller), limit_s=ORDER_LIMIT_S
    )
    if isinstance(answer, RookeryError):
        raise answer
    return answer
