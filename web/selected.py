"""The page of tracks that a request asks for, read for the one who asks."""

from actors.model.page import Page
from actors.model.track import Track
from web.auth import caller
from web.paging import Position
from web.selection import track_filter, understood
from web.services import services


async def selected(asked: Position) -> Page[Track]:
    """One page of tracks.

    Raises:
        InvalidError: the order does not fit the selection, or the cursor does not fit the order.
    """
    chosen = understood(asked.filters)
    return await services().store.tracks.list_(
        sort=asked.sort,
        descending=asked.order == "desc",
        page=asked.page,
        after=asked.after,
        page_size=asked.page_size,
        wanted=track_filter(chosen),
        person_id=caller().user_id,
        seed=chosen.seed or "",
    )
