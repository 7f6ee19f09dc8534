"""The file of a track, wherever one of it lies."""

import os

import pytest

from actors.model.change import LoseLocations
from web.delivery.located import located
from web.errors import ProblemError
from web.services import using


async def test_the_first_file_that_is_there_is_opened(served, shelf) -> None:
    track_id = await shelf.put("a.mp3", b"sound")
    with using(served.services):
        track = await served.store.tracks.find(track_id, person_id="local")
        location, file = await opened(track)

    assert location.path == os.fsencode(shelf.folder / "a.mp3")
    assert file.size == 5
    file.close()


@pytest.mark.parametrize("is_known", [False, True])
async def test_a_file_that_is_gone_is_not_there(served, shelf, is_known) -> None:
    track_id = await shelf.put("gone.mp3", b"sound")
    (shelf.folder / "gone.mp3").unlink()
    if is_known:
        await shelf.store.changes.apply([LoseLocations(paths=(os.fsencode(shelf.folder / "gone.mp3"),))])
    with using(served.services):
        track = await served.store.tracks.find(track_id, person_id="local")
        with pytest.raises(ProblemError) as refused:
            await opened(track)

    assert refused.value.refusal.code == "NOT_FOUND"


async def opened(track):
    from web.exchange import Exchange, serving

    with serving(Exchange(request_id="a", method="GET", path="/")):
        return await located(track)
