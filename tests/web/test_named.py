"""Things that addresses name."""

import pytest

from web.errors import ProblemError
from web.exchange import Exchange, serving
from web.named import named_root, named_track, wanted_track


@pytest.mark.parametrize("bad", ["", "nope", "\0", "ä", "x" * 129, "a/b", "a b", "a\n"])
async def test_what_is_not_there_is_refused(served, bad: str) -> None:
    async with served.app.app_context():
        with serving(Exchange(request_id="r", method="GET", path="/")):
            for find, code in (
                (named_track, "TRACK_NOT_FOUND"),
                (wanted_track, "TRACK_NOT_FOUND"),
                (named_root, "NOT_FOUND"),
            ):
                with pytest.raises(ProblemError) as caught:
                    await find(bad)
                assert caught.value.refusal.code == code


async def test_what_is_there_is_found(served, shelf) -> None:
    track_id = await shelf.put("named.mp3")
    async with served.app.app_context():
        with serving(Exchange(request_id="r", method="GET", path="/")) as current:
            assert (await named_track(track_id)).id == track_id
            assert await named_root(shelf.root.id) == shelf.root
            assert list(current.spent_s) == ["db"]


async def test_only_what_still_waits_is_brought_forward(served, shelf) -> None:
    done = await shelf.put("done.mp3", peaks=b"\0\0")
    waits = await shelf.put("waits.mp3")
    async with served.app.app_context():
        with serving(Exchange(request_id="r", method="GET", path="/")):
            for track_id in (done, waits):
                assert (await wanted_track(track_id)).id == track_id
    ranks = await shelf.store.pool.read(
        lambda connection: connection.fetch("SELECT id, priority FROM track WHERE id = ANY($1)", [done, waits])
    )

    assert {row["id"]: row["priority"] > 0 for row in ranks} == {done: False, waits: True}
