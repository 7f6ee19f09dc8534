"""Opening the store."""

from actors.store.store import Store


async def test_an_opened_store_of_an_empty_database_is_empty(fresh_store: Store):
    assert await fresh_store.tracks.count() == 0
    assert await fresh_store.events.bounds() == (1, 0)
    assert await fresh_store.features.claim() is None
    assert await fresh_store.roots.list_() == []
    page = await fresh_store.tracks.list_(page=1)
    assert page.items == ()
    root = await fresh_store.roots.add(b"/music")
    assert await fresh_store.roots.add(b"/music") == root


async def test_store_two(store: Store):
    assert await store.tracks.count() == 0
