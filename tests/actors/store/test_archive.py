"""Backups, put back: by real programs, on real servers."""

import os
import stat
from functools import partial

import pytest
import trio
import trio.testing

from actors.errors import ConfigurationError, DatabaseError
from actors.model.event import NewEvent
from actors.store.archive import _without_password, dump, restore
from actors.store.store import open_store
from tests.urls import other_database

TRACK = """
INSERT INTO track (id, stage, tags, file_name) VALUES ('t', 'pending', '{"title": "Über AC/DC", "artists": ["Ada"]}', 'x.flac')
"""


async def paths(store) -> list[bytes]:
    return [root.path for root in await store.roots.list_()]


async def run_sql(store, sql: str) -> None:
    await store.pool.write(lambda connection: connection.execute(sql))


@pytest.fixture
async def archive(fresh_database_url, store_config, tmp_path):
    """A backup of a catalogue with one root and three events, made while it was open."""
    async with open_store(store_config, url=fresh_database_url) as store:
        await store.roots.add(b"/music/kept")
        await run_sql(store, TRACK)
        await store.events.add(*[NewEvent(type="TRACK_ADDED", payload={"track": n}) for n in range(3)])
        size_bytes = await dump(fresh_database_url, tmp_path / "kept.rookery")
    assert size_bytes == (tmp_path / "kept.rookery").stat().st_size
    return tmp_path / "kept.rookery"


async def test_a_backup_is_private_and_leaves_nothing_else(archive) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert [path.name for path in archive.parent.glob("*.part")] == []


async def test_what_was_put_back_is_what_was_there(archive, fresh_database_url, store_config) -> None:
    async with open_store(store_config, url=fresh_database_url) as store:
        await store.roots.add(b"/music/later")
        await run_sql(store, "CREATE TABLE stray (id int); CREATE TYPE mood AS ENUM ('good'); DROP TABLE mark")

        await restore(fresh_database_url, archive)

        assert await paths(store) == [b"/music/kept"]
        assert (await store.tracks.find("t")).title == "Über AC/DC"
        await store.roots.add(b"/music/new")  # written through every table that a write needs
        assert await paths(store) == [b"/music/kept", b"/music/new"]
    async with open_store(store_config, url=fresh_database_url) as store:
        assert await store.pool.read(lambda connection: connection.fetchval("SELECT to_regclass('stray')")) is None


async def test_numbers_of_the_feed_are_never_given_out_twice(archive, fresh_database_url, store_config) -> None:
    async with open_store(store_config, url=fresh_database_url) as store:
        last = await store.events.add(*[NewEvent(type="TRACK_ADDED", payload={"track": n}) for n in range(7)])

        await restore(fresh_database_url, archive)

        assert await store.events.bounds() == (last + 2, last + 1)
        assert await store.events.add(NewEvent(type="TRACK_ADDED", payload={})) == last + 2


async def test_an_empty_database_takes_a_backup(archive, postgres_url, store_config) -> None:
    async with open_store(store_config, url=postgres_url) as store:
        await store.pool.read(lambda connection: connection.execute("CREATE DATABASE bare"))
    bare = other_database(postgres_url, "bare")

    await restore(bare, archive)

    async with open_store(store_config, url=bare) as store:
        assert await paths(store) == [b"/music/kept"]


async def test_those_who_wait_for_a_restoration_are_told(archive, fresh_database_url, store_config) -> None:
    async with open_store(store_config, url=fresh_database_url) as store, trio.open_nursery() as nursery:
        told = trio.Event()

        async def wait() -> None:
            await store.events.until_restored()
            told.set()

        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked(0.2)
        await run_sql(
            store,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        await store.events.add(NewEvent(type="TRACK_ADDED", payload={}))
        assert not told.is_set()

        await restore(fresh_database_url, archive)

        with trio.fail_after(20):
            await told.wait()


@pytest.mark.parametrize(
    "spoil,message",
    [
        (lambda file: file.write_bytes(b"no archive"), "is no backup"),
        (lambda file: file.unlink(), "cannot be read"),
        (lambda file: os.truncate(file, file.stat().st_size // 2), "pg_restore failed"),
    ],
    ids=["something else", "absent", "cut short"],
)
async def test_a_bad_file_changes_nothing(archive, spoil, message, fresh_database_url, store_config) -> None:
    spoil(archive)
    async with open_store(store_config, url=fresh_database_url) as store:
        await store.roots.add(b"/music/later")
        with pytest.raises((ConfigurationError, DatabaseError), match=message):
            await restore(fresh_database_url, archive)

        assert await paths(store) == [b"/music/kept", b"/music/later"]


@pytest.mark.parametrize(
    "spoil,message",
    [
        ("INSERT INTO migration (number, title) VALUES (9999, 'later')", "made by a newer Rookery"),
        ("DROP TABLE feed", "holds no catalogue"),
    ],
)
async def test_a_backup_of_something_else_changes_nothing(spoil, message, archive, postgres_url, store_config) -> None:
    async with open_store(store_config, url=postgres_url) as store:
        await store.pool.read(lambda connection: connection.execute("DROP DATABASE IF EXISTS strange"))
        await store.pool.read(lambda connection: connection.execute("CREATE DATABASE strange"))
    strange = other_database(postgres_url, "strange")
    async with open_store(store_config, url=strange) as store:
        await run_sql(store, spoil)
    await dump(strange, archive)

    with pytest.raises(DatabaseError, match=message):
        await restore(postgres_url, archive)


async def test_a_folder_that_cannot_be_written_to_is_named(fresh_database_url, tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        await dump(fresh_database_url, tmp_path / "nowhere" / "file")


async def test_a_cancelled_backup_leaves_nothing(fresh_database_url, tmp_path) -> None:
    with trio.move_on_after(0.01):
        await dump(fresh_database_url, tmp_path / "file")

    assert list(tmp_path.glob("file*")) in ([], [tmp_path / "file"])


async def test_writers_at_work_do_not_keep_a_backup_from_coming_back(archive, fresh_database_url, store_config) -> None:
    async with open_store(store_config, url=fresh_database_url) as store, trio.open_nursery() as nursery:

        async def write(n: int) -> None:
            while True:
                await store.roots.add(f"/music/{n}".encode())
                await store.events.add(NewEvent(type="TRACK_ADDED", payload={}))

        for n in range(3):
            nursery.start_soon(partial(write, n))
        for _ in range(3):
            await restore(fresh_database_url, archive)
        nursery.cancel_scope.cancel()


def test_no_password_stands_on_a_command_line() -> None:
    bare, environment = _without_password("postgresql://ada:s%40cret@db.example:5433/music?sslmode=require")

    assert bare == "postgresql://ada@db.example:5433/music?sslmode=require"
    assert environment == {"PGPASSWORD": "s@cret"}


async def test_a_server_that_is_away_is_said_once_to_be_so(archive) -> None:
    with pytest.raises(DatabaseError, match=r"^psql failed: connection to server .* port 1 failed"):
        await restore("postgresql://ann:secret@127.0.0.1:1/music", archive)
