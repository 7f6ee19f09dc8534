"""Brings a database to the schema of this program: numbered SQL files, forward only, under one lock."""

import re
from importlib.resources import files

import asyncpg
import attrs
import structlog

from actors.config import MINUTES
from actors.errors import DatabaseError

OLDEST_SERVER = 15
LOCK = 7_301_519_302_662_581
"""Key of the advisory lock; any number that no other program uses."""
LOCK_LIMIT_S = 2 * MINUTES
NAME = re.compile(r"(?P<number>\d{4})_(?P<title>[a-z0-9_]+)\.sql")

log = structlog.get_logger(__name__)


@attrs.frozen(kw_only=True)
class Migration:
    """One step of the schema; `number` counts from 1 without gaps."""

    number: int
    title: str
    sql: str


def migrations() -> tuple[Migration, ...]:
    """All steps that this program knows, in order."""
    found = []
    for file in files("actors.store").joinpath("migrations").iterdir():
        if match := NAME.fullmatch(file.name):
            sql = file.read_text(encoding="utf-8")
            found.append(Migration(number=int(match["number"]), title=match["title"], sql=sql))
    return tuple(sorted(found, key=lambda migration: migration.number))


async def migrate(connection: asyncpg.Connection, known: tuple[Migration, ...]) -> int:
    """Apply what is not applied yet; several programs may do so at once, one does the work.

    On the asyncio side. Each step is one transaction together with its entry, so a kill leaves whole steps.

    Returns: how many were applied.

    Raises:
        DatabaseError: the server is older than `OLDEST_SERVER`, the database is not in UTF-8, or its schema is newer
            than this program.
    """
    await _check_server(connection)
    await connection.execute(f"SET lock_timeout = '{round(LOCK_LIMIT_S)}s'")
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    try:
        applied = await _applied(connection)
        newest = known[-1].number if known else 0
        if applied > newest:
            raise DatabaseError(
                f"The database has schema {applied}, this Rookery knows {newest}. "
                "It was used by a newer version; run that one, or give this one another database."
            )
        for migration in known[applied:]:
            await _apply(connection, migration)
        if applied < newest:
            log.info("database.migrated", was=applied, now=newest)
        return newest - applied
    finally:
        if not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)


async def _check_server(connection: asyncpg.Connection) -> None:
    version = connection.get_server_version()
    if version.major < OLDEST_SERVER:
        raise DatabaseError(
            f"The server is PostgreSQL {version.major}.{version.minor}; Rookery needs {OLDEST_SERVER} or newer."
        )
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise DatabaseError(
            f"The database's encoding is {encoding}; Rookery needs UTF8. "
            "Create one: createdb --encoding=UTF8 --template=template0 NAME"
        )


async def _applied(connection: asyncpg.Connection) -> int:
    try:
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migration ("
            "number int PRIMARY KEY, title text NOT NULL, at timestamptz NOT NULL DEFAULT now())"
        )
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseError(
            f"The database user may not create tables ({error}). Make it the owner of the database."
        ) from error
    applied: int = await connection.fetchval("SELECT coalesce(max(number), 0) FROM migration")
    return applied


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO migration (number, title) VALUES ($1, $2)", migration.number, migration.title
        )
    log.debug("database.step", number=migration.number, title=migration.title)
