"""Bringing a database to the newest schema."""

import secrets

import asyncpg
import pytest
import trio

from actors.config import Config
from actors.errors import DatabaseError
from actors.store.bridge import open_bridge
from actors.store.migrate import Migration, migrate, migrations
from actors.store.store import Store, bring_up_to_date, open_store
from tests.urls import other_database

STEPS = (
    Migration(number=1, title="one", sql="CREATE TABLE one (id int)"),
    Migration(number=2, title="two", sql="CREATE TABLE two (id int); INSERT INTO two VALUES (1)"),
    Migration(number=3, title="broken", sql="CREATE TABLE three (id int); SELECT no_such_column"),
)


@pytest.fixture
async def empty_url(postgres_url: str, store: Store):
    """A database without any schema."""
    name = f"empty_{secrets.token_hex(6)}"
    await store.pool.read(lambda connection: connection.execute(f"CREATE DATABASE {name} TEMPLATE template0"))
    return other_database(postgres_url, name)


def test_the_programs_own_migrations_are_numbered_without_gaps():
    steps = migrations()
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert steps[0].title == "catalogue"


async def test_only_missing_steps_are_applied(empty_url: str):
    async with open_bridge() as bridge:
        assert await bring_up_to_date(bridge, empty_url, STEPS[:1]) == 1
        assert await bring_up_to_date(bridge, empty_url, STEPS[:2]) == 1
        assert await bring_up_to_date(bridge, empty_url, STEPS[:2]) == 0


async def test_a_step_that_fails_leaves_the_ones_before_and_nothing_of_itself(empty_url: str):
    async with open_bridge() as bridge:
        with pytest.raises(DatabaseError, match="no_such_column"):
            await bring_up_to_date(bridge, empty_url, STEPS)

        async def tables() -> list[str]:
            connection = await asyncpg.connect(empty_url)
            try:
                rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            finally:
                await connection.close()
            return sorted(row["tablename"] for row in rows)

        assert await bridge.run(tables) == ["migration", "one", "two"]


async def test_several_programs_at_once_apply_each_step_once(empty_url: str):
    counts = []

    async with open_bridge() as bridge:

        async def start() -> None:
            counts.append(await bring_up_to_date(bridge, empty_url, STEPS[:2]))

        async with trio.open_nursery() as nursery:
            for _ in range(6):
                nursery.start_soon(start)
    assert sorted(counts) == [0, 0, 0, 0, 0, 2]


async def test_a_newer_schema_is_refused(fresh_database_url: str, fresh_store: Store, store_config: Config):
    await fresh_store.pool.write(
        lambda connection: connection.execute("INSERT INTO migration (number, title) VALUES (9999, 'future')")
    )
    with pytest.raises(DatabaseError, match="schema 9999, this Rookery knows"):
        async with open_store(store_config, url=fresh_database_url):
            pass


async def test_a_database_that_is_not_in_utf8_is_refused(store: Store, postgres_url: str, store_config: Config):
    await store.pool.read(
        lambda connection: connection.execute(
            "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
        )
    )
    with pytest.raises(DatabaseError, match="encoding is LATIN1; Rookery needs UTF8"):
        async with open_store(store_config, url=other_database(postgres_url, "latin")):
            pass


async def test_a_server_that_is_too_old_is_refused(empty_url: str, monkeypatch: pytest.MonkeyPatch):
    """No such server is at hand, so the program asks for one that does not exist yet."""
    monkeypatch.setattr("actors.store.migrate.OLDEST_SERVER", 99)

    async def apply() -> None:
        connection = await asyncpg.connect(empty_url)
        try:
            await migrate(connection, STEPS[:1])
        finally:
            await connection.close()

    async with open_bridge() as bridge:
        with pytest.raises(DatabaseError, match="needs 99 or newer"):
            await bridge.run(apply)
