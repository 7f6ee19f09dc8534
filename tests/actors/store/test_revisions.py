"""The catalogue is called otherwise after every change that an answer shows."""

import secrets

import pytest

from actors.model.change import AddTrack, Content, Reading, SetContent
from actors.model.event import NewEvent
from actors.model.probe import Probe
from actors.model.track import Sound, Stage, Tags
from actors.store.store import Store

BELONGINGS = """
CREATE TABLE belonging (person_id text, note text);
CREATE TRIGGER belonging_revision AFTER INSERT OR UPDATE OR DELETE ON belonging
  FOR EACH ROW EXECUTE FUNCTION revise_person();
INSERT INTO person (id, name, role) VALUES ('ada', 'ada', 'listener')
"""
SOUND = Sound(container="mp3", codec="mp3", duration_s=61.5, rate_hz=44_100, channels=2)


async def run(store: Store, sql: str) -> None:
    await store.pool.write(lambda connection: connection.execute(sql))


async def test_it_stays_while_nothing_changes(fresh_store: Store):
    assert await fresh_store.revisions.current() == await fresh_store.revisions.current()


async def test_an_event_changes_it(fresh_store: Store):
    before = await fresh_store.revisions.current()
    await fresh_store.events.add(NewEvent(type="TRACK_UPDATED", payload={}))
    assert await fresh_store.revisions.current() != before


async def test_roots_change_it_without_an_event(fresh_store: Store):
    seen = {await fresh_store.revisions.current()}
    root = await fresh_store.roots.add(b"/music")
    seen.add(await fresh_store.revisions.current())
    await fresh_store.roots.remove(root.id)
    seen.add(await fresh_store.revisions.current())
    assert len(seen) == 3


async def test_a_size_that_no_event_tells_changes_it(fresh_store: Store):
    root = await fresh_store.roots.add(b"/music")
    content = Content(stage=Stage.PENDING, probe=Probe(audio_hash=secrets.token_hex(32), sound=SOUND, tags=Tags()))

    def reading(size_bytes: int) -> Reading:
        return Reading(root_id=root.id, path=b"/music/a", size_bytes=size_bytes, mtime_ns=1, device=1, inode=1)

    await fresh_store.changes.apply([AddTrack(track_id="t", reading=reading(1), content=content)])
    before = await fresh_store.revisions.current()
    assert await fresh_store.changes.apply([SetContent(track_id="t", reading=reading(2), content=content)]) == 0

    assert await fresh_store.revisions.current() != before


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO belonging VALUES ('local', 'b')",
        "UPDATE belonging SET note = 'c' WHERE person_id = 'local'",
        "DELETE FROM belonging WHERE person_id = 'local'",
        "UPDATE belonging SET person_id = 'ada' WHERE person_id = 'local'",
    ],
    ids=["added", "changed", "removed", "given away"],
)
async def test_what_belongs_to_one_changes_it_for_that_one(fresh_store: Store, sql: str):
    await run(fresh_store, BELONGINGS)
    await run(fresh_store, "INSERT INTO belonging VALUES ('local', 'a'), ('ada', 'a')")
    revisions = fresh_store.revisions
    shared, own, other = await revisions.current(), await revisions.current("local"), await revisions.current("ada")

    await run(fresh_store, sql)

    assert await revisions.current() == shared
    assert await revisions.current("local") != own
    assert (await revisions.current("ada") == other) is ("ada" not in sql)


async def test_what_is_undone_leaves_it(fresh_store: Store):
    before = await fresh_store.revisions.current()

    async def fail(connection):
        await connection.execute("UPDATE feed SET revision = gen_random_uuid()")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 — any would do
        await fresh_store.pool.write(fail)
    assert await fresh_store.revisions.current() == before
