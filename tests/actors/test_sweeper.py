"""What is kept for a time only."""

import attrs
import pytest
import trio

from actors.librarian import Librarian
from actors.nudge import Nudge
from actors.sweeper import Sweeper
from supervision import Child, Supervisor, run


@pytest.mark.parametrize("kept_s, left", [(0, 0), (3600, 3)])
async def test_only_what_lies_there_too_long_goes(fresh_store, store_config, kept_s, left):
    sql = "INSERT INTO track (id, stage, removed_at) SELECT 't' || n, 'pending', now() FROM generate_series(1, 3) AS n"
    await fresh_store.pool.write(lambda connection: connection.execute(sql))
    config = attrs.evolve(store_config, trash_kept_s=kept_s)
    swept = trio.Event()

    class Watched(Sweeper):
        async def sweep(self):
            await super().sweep()
            swept.set()

    house = Supervisor(
        "house",
        children=[
            Child("librarian", lambda: Librarian(store=fresh_store, work_waits=Nudge())),
            Child("sweeper", lambda: Watched(store=fresh_store, config=config, librarian="house/librarian")),
        ],
    )
    async with run(house, signals=False):
        with trio.fail_after(20):
            await swept.wait()

    assert (await fresh_store.trash.list_(page=1, page_size=10)).total == left
