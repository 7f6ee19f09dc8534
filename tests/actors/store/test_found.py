"""What is near, where nothing is as asked for."""

from actors.store.filters import TrackFilter
from actors.store.store import Store

BY_RELEVANCE = {"sort": "relevance", "descending": True}


async def test_pages_of_what_is_near_go_on(fresh_store: Store, add_track):
    ids = [await add_track(fresh_store, title=f"Smells {number}", artists=["Nirvana"]) for number in range(3)]
    await add_track(fresh_store, title="Smelt")
    choice = {"wanted": TrackFilter(text="nirvana smelt"), "page_size": 2, **BY_RELEVANCE}
    first = await fresh_store.tracks.list_(**choice)
    rest = await fresh_store.tracks.list_(after=first.after, **choice)
    assert [track.id for page in (first, rest) for track in page.items] == ids
    second = await fresh_store.tracks.list_(page=2, **choice)
    assert ([track.id for track in second.items], second.total) == (ids[2:], 3)
    past = await fresh_store.tracks.list_(page=9, **choice)
    assert (past.items, past.total) == ((), 3)
