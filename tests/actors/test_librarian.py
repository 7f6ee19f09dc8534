"""Orders, and what comes back."""

import pytest

from actors.errors import StaleError, TrackGoneError
from actors.librarian import Librarian
from actors.messages import EditTrack


@pytest.fixture
async def librarian(fresh_store):
    sql = "INSERT INTO track (id, stage, file_name) VALUES ('t', 'pending', 'A')"
    await fresh_store.pool.write(lambda connection: connection.execute(sql))
    return Librarian(store=fresh_store)


def edit(**more):
    given = {"track_id": "t", "version": None, "change": {"title": "B"}, "is_whole": False, "person_id": "local"}
    return EditTrack(**(given | more))


async def test_an_edit_is_answered_by_the_track_as_its_asker_sees_it(librarian):
    track = await librarian.receive(edit())

    assert track.title == "B"
    assert track.mine is not None


async def test_what_cannot_be_done_is_answered_not_raised(librarian):
    assert isinstance(await librarian.receive(edit(version=7)), StaleError)
    assert isinstance(await librarian.receive(edit(track_id="unknown")), TrackGoneError)
