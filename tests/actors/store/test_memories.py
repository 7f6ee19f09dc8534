"""People's memories: any sequence of changes gives what a model of plain values gives, and nobody sees another's."""

from datetime import UTC, datetime

import attrs
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.errors import ConflictError, InvalidError, StaleError
from actors.model import memory as bounds
from actors.model.memory import MemoryFilter, Note
from actors.store import memories
from actors.store.store import open_store

TRACKS = ("t1", "t2")
WORDS = ("Bass", "bäss", "drop", "İstanbul", "ß", "\0x", "100%", "_")


async def add_track(store, track_id, name="A.mp3"):
    sql = "INSERT INTO track (id, stage, file_name) VALUES ($1, 'pending', $2) ON CONFLICT DO NOTHING"
    await store.pool.write(lambda connection: connection.execute(sql, track_id, name))
    return track_id


async def add_person(store, person_id):
    sql = "INSERT INTO person (id, name, role) VALUES ($1, $1, 'listener')"
    await store.pool.write(lambda connection: connection.execute(sql, person_id))
    return person_id


async def execute(store, sql, *arguments):
    await store.pool.write(lambda connection: connection.execute(sql, *arguments))


async def listed(store, wanted=MemoryFilter(), *, person="local", sort="addedAt", is_descending=False, page_size=3):  # noqa: B008
    """All memories of a list, taken by cursor, and again by number; both must be the same."""
    order = {"sort": sort, "is_descending": is_descending, "page_size": page_size}
    by_cursor, after = [], None
    while True:
        page = await store.memories.list_(person, wanted, page=None, after=after, **order)
        by_cursor += page.items
        if (after := page.after) is None:
            break
        assert len(page.items) == page_size
    by_number, number = [], 1
    while (page := await store.memories.list_(person, wanted, page=number, after=None, **order)).items:
        by_number += page.items
        number += 1
    assert page.total == len(by_number)
    assert by_number == by_cursor
    return by_cursor


async def test_a_memory_is_kept_as_it_was_given_and_changed_as_it_was_seen(fresh_store):
    track = await add_track(fresh_store, "t1", "Rook.flac")
    note = Note(text="The bass comes in", track_id=track, position_s=61.5, tags=("mix", "Bass"))
    added = await fresh_store.memories.add("local", note)
    other = attrs.evolve(note, text="Or later", tags=())
    changed = await fresh_store.memories.change("local", added.id, other, version=1)

    assert (added.track_title, added.position_s, added.tags, added.version) == ("Rook", 61.5, ("mix", "Bass"), 1)
    assert await fresh_store.memories.find("local", added.id) == changed
    assert (changed.text, changed.tags, changed.version, changed.added_at) == ("Or later", (), 2, added.added_at)
    assert changed.changed_at > added.changed_at
    with pytest.raises(StaleError):
        await fresh_store.memories.change("local", added.id, note, version=1)
    with pytest.raises(StaleError):
        await fresh_store.memories.remove("local", added.id, version=1)
    assert await fresh_store.memories.remove("local", added.id, version=2)
    assert not await fresh_store.memories.remove("local", added.id, version=None)
    assert await fresh_store.memories.change("local", added.id, note, version=None) is None


async def test_nobody_sees_or_changes_what_is_another_s(fresh_store):
    other = await add_person(fresh_store, "other")
    memory = await fresh_store.memories.add("local", Note(text="mine"))

    assert await fresh_store.memories.find(other, memory.id) is None
    assert await fresh_store.memories.change(other, memory.id, Note(text="theirs"), version=None) is None
    assert not await fresh_store.memories.remove(other, memory.id, version=None)
    assert await listed(fresh_store, person=other) == []
    assert await fresh_store.memories.find("local", memory.id) == memory


async def test_memories_outlive_their_track_and_still_say_what_it_was(fresh_store):
    track = await add_track(fresh_store, "t1", "Rook.flac")
    memory = await fresh_store.memories.add("local", Note(text="here", track_id=track, position_s=2.0))
    await execute(fresh_store, "UPDATE track SET removed_at = now() WHERE id = $1", track)
    in_trash = await fresh_store.memories.find("local", memory.id)
    await execute(fresh_store, """UPDATE track SET tags = '{"title": "Raven"}' WHERE id = $1""", track)
    await execute(fresh_store, "DELETE FROM track WHERE id = $1", track)
    left = await fresh_store.memories.find("local", memory.id)
    note = Note(text="still", position_s=2.0)
    changed = await fresh_store.memories.change("local", memory.id, note, version=None)

    assert in_trash == memory
    assert left == attrs.evolve(memory, track_id=None, track_title="Raven")
    assert (changed.text, changed.track_title, changed.position_s) == ("still", "Raven", 2.0)


async def test_a_track_must_be_there_to_note_something_about_it(fresh_store):
    track = await add_track(fresh_store, "t1")
    memory = await fresh_store.memories.add("local", Note(text="x", track_id=track))
    await execute(fresh_store, "UPDATE track SET removed_at = now() WHERE id = $1", track)

    for unknown in (track, "nope", "no\0id"):
        with pytest.raises(InvalidError) as refused:
            await fresh_store.memories.add("local", Note(text="x", track_id=unknown))
        assert refused.value.field == "trackId"
    assert await fresh_store.memories.change("local", memory.id, Note(text="y", track_id=track), version=None)


async def test_cue_points_come_in_the_order_of_the_track(fresh_store):
    track = await add_track(fresh_store, "t1")
    for position in (30.0, None, 2.5, 30.0):
        await fresh_store.memories.add("local", Note(text="x", track_id=track, position_s=position))
    wanted = MemoryFilter(track_id=track)
    positions = [memory.position_s for memory in await listed(fresh_store, wanted, sort="position")]
    cues = await listed(fresh_store, attrs.evolve(wanted, is_cue=True), sort="position", is_descending=True)

    assert positions == [2.5, 30.0, 30.0, None]
    assert [memory.position_s for memory in cues] == [30.0, 30.0, 2.5]


async def test_words_and_tags_are_found_whatever_their_case_and_accents(fresh_store):
    await fresh_store.memories.add("local", Note(text="Der schöne VOGEL singt 100%", tags=("Früh",)))
    await fresh_store.memories.add("local", Note(text="x" * 300 + " Vogel"))

    async def count(**wanted):
        return len(await listed(fresh_store, MemoryFilter(**wanted)))

    assert [await count(text=text) for text in ("schone vogel", "vögel", "fruh", "schöne raven", "0%", "_", " ")] == [
        *(1, 2, 1, 0, 1, 0, 0)
    ]
    assert [await count(tag=tag) for tag in ("FRUH", "früh", "fru")] == [1, 1, 0]


@pytest.mark.parametrize(
    "sort, text", [("addedAt", "x"), ("addedAt", "2026-01-01T00:00:00"), ("position", "nan"), ("position", "\0")]
)
async def test_a_cursor_of_another_list_is_refused(store, sort, text):
    with pytest.raises(InvalidError) as refused:
        await store.memories.list_(
            "local", MemoryFilter(), sort=sort, is_descending=False, page=None, after=(text, "x"), page_size=3
        )

    assert refused.value.field == "cursor"


async def test_there_is_no_other_sort(store):
    with pytest.raises(InvalidError, match="addedAt"):
        await store.memories.list_(
            "local", MemoryFilter(), sort="text", is_descending=False, page=1, after=None, page_size=3
        )


async def test_a_person_has_a_bounded_number_whoever_asks_at_once(fresh_store, monkeypatch):
    monkeypatch.setattr(memories, "MOST_MEMORIES", 5)
    refusals = []

    async def add():
        try:
            await fresh_store.memories.add("local", Note(text="x"))
        except ConflictError as error:
            refusals.append(error)

    async with trio.open_nursery() as nursery:
        for _ in range(9):
            nursery.start_soon(add)

    assert len(refusals) == 4
    assert len(await listed(fresh_store)) == 5
    assert bounds.MOST_MEMORIES >= 1_000


async def test_every_change_gives_the_person_another_revision(fresh_store):
    async def revision():
        sql = "SELECT revision FROM person WHERE id = 'local'"
        return await fresh_store.pool.read(lambda connection: connection.fetchval(sql))

    seen = [await revision()]
    memory = await fresh_store.memories.add("local", Note(text="x"))
    seen.append(await revision())
    await fresh_store.memories.change("local", memory.id, Note(text="y"), version=None)
    seen.append(await revision())
    await fresh_store.memories.remove("local", memory.id, version=None)
    seen.append(await revision())

    assert len(set(seen)) == 4


NOTES = st.builds(
    lambda text, track, position, tags: Note(
        text=text, track_id=track, position_s=position if track else None, tags=tuple(dict.fromkeys(tags))
    ),
    st.text(min_size=1, max_size=8) | st.sampled_from(WORDS),
    st.none() | st.sampled_from(TRACKS),
    st.none() | st.sampled_from((0.0, 1.5, 1e7)),
    st.lists(st.sampled_from(WORDS), max_size=3),
)
STEPS = st.lists(
    st.tuples(st.just("add"), NOTES)
    | st.tuples(st.just("change"), st.integers(0, 9), NOTES, st.booleans())
    | st.tuples(st.just("remove"), st.integers(0, 9), st.booleans()),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_sequence_of_changes_gives_what_a_model_gives(database_url, store_config, steps):
    async def play():
        async with open_store(store_config, url=database_url) as store:
            await _play(store, steps)

    trio.run(play)


async def _play(store, steps):
    for track in TRACKS:
        await add_track(store, track)
    await execute(store, "DELETE FROM memory")
    model: dict[str, tuple[Note, int]] = {}
    for step in steps:
        match step:
            case ("add", note):
                model[(await store.memories.add("local", note)).id] = (note, 1)
            case (what, number, *more) if model:
                memory_id = list(model)[number % len(model)]
                before, version = model[memory_id]
                meant = version + 1 if more[-1] else version
                try:
                    if what == "change":
                        await store.memories.change("local", memory_id, more[0], version=meant)
                        model[memory_id] = (more[0], version + 1)
                    else:
                        await store.memories.remove("local", memory_id, version=meant)
                        del model[memory_id]
                except StaleError:
                    assert more[-1]
                    assert model[memory_id] == (before, version)

    for sort in ("addedAt", "changedAt", "position"):
        for is_descending in (False, True):
            found = await listed(store, sort=sort, is_descending=is_descending, page_size=2)
            assert {memory.id: (as_note(memory), memory.version) for memory in found} == {
                memory_id: (clean(note), version) for memory_id, (note, version) in model.items()
            }
            keys = [(_key(memory, sort), memory.id) for memory in found]
            assert keys == sorted(keys, reverse=is_descending)


def as_note(memory):
    return Note(text=memory.text, track_id=memory.track_id, position_s=memory.position_s, tags=memory.tags)


def clean(note):
    """What PostgreSQL does not take is replaced."""
    return attrs.evolve(
        note, text=note.text.replace("\0", "\ufffd"), tags=tuple(tag.replace("\0", "\ufffd") for tag in note.tags)
    )


def _key(memory, sort):
    if sort == "position":
        return float("inf") if memory.position_s is None else memory.position_s
    return {"addedAt": memory.added_at, "changedAt": memory.changed_at}[sort]


def test_moments_are_written_so_that_they_come_back():
    moment = datetime(2026, 3, 1, 1, 2, 3, 456789, tzinfo=UTC)
    for sort, value in (("addedAt", moment), ("changedAt", moment), ("position", 0.1), ("position", float("inf"))):
        _, _, write, read = memories.SORTS[sort]
        assert read(write(value)) == value
