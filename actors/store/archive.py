"""The whole database as one file, and back: PostgreSQL's own archive form, made and read by its own programs.

Making one holds up nothing. Putting one back is a single transaction: whoever reads meanwhile waits, and sees the old
catalogue or the new one, never a mixture; if anything fails, nothing has changed.
"""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
import trio

from actors.errors import ConfigurationError, DatabaseError
from actors.model.track import logged_path
from actors.store.cluster import child_environment
from actors.store.migrate import migrations
from actors.store.programs import newest_programs

MAGIC = b"PGDMP"
"""How PostgreSQL's custom archives begin."""
UNKNOWN_SETTING = b"SET transaction_timeout = 0;"
"""Every script that the programs write begins with it; servers before 17 refuse it, and it says what holds anyway."""
HEAD_BYTES = 4_096
"""It stands there, before any data."""
TRIES = 5
CALLED = "rookery restore"
"""The application name of the connections used here."""

log = structlog.get_logger(__name__)


async def dump(url: str, target: Path) -> int:
    """Write the whole database as it is at this moment; `target` appears only when it is complete, for its owner alone.

    Cancellation: what was begun is removed.

    Returns: its size in bytes.

    Raises:
        ConfigurationError: the file cannot be written.
        DatabaseError: the server refused; the text has pg_dump's words.
    """
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with open(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:  # noqa: ASYNC230 — the program writes
            await _run("pg_dump", "--format=custom", "--no-password", url=url, stdout=file)
            await trio.to_thread.run_sync(os.fsync, file.fileno())
            size_bytes = os.fstat(file.fileno()).st_size
        os.replace(unfinished, target)
    except OSError as error:
        raise ConfigurationError(f"{logged_path(target)} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return size_bytes


async def restore(url: str, source: Path) -> None:
    """Replace everything in the database by what an archive holds, in one transaction, also under a running service.

    The live feed goes on above every number that was ever given out, so that whoever follows is told to look anew; a
    running service begins anew on the new catalogue. Trust the archive: it may hold any SQL.

    Cancellation: nothing has changed.

    Raises:
        ConfigurationError: the file cannot be read, or is no archive.
        DatabaseError: the archive is damaged, no catalogue, or newer than this program; or the server refused.
    """
    _check_archive(source)
    with tempfile.TemporaryDirectory(prefix="rookery-restore-") as folder:
        script = Path(folder, "script.sql")
        options = ("--no-owner", "--no-privileges", "--no-comments", f"--file={script}")
        await _run("pg_restore", *options, str(source))
        await trio.to_thread.run_sync(_fit_older_servers, script)
        renew = RENEW.format(newest_schema=len(migrations()))
        for tries_left in reversed(range(TRIES)):
            try:
                await _psql(url, "--single-transaction", "--command", EMPTY, "--file", str(script), "--command", renew)
                break
            except DatabaseError as error:
                # Reads take their tables in orders of their own.
                if not tries_left or "deadlock detected" not in str(error):
                    raise
    await _psql(url, "--command", HANG_UP)


def _check_archive(source: Path) -> None:
    try:
        with open(source, "rb") as file:
            begins = file.read(len(MAGIC))
    except OSError as error:
        raise ConfigurationError(f"{logged_path(source)} cannot be read: {error.strerror}.") from error
    if begins != MAGIC:
        raise ConfigurationError(f"{logged_path(source)} is no backup: it was not made by `rookery backup`.")


def _fit_older_servers(script: Path) -> None:
    with open(script, "r+b") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        file.write(head.replace(UNKNOWN_SETTING, b"--".ljust(len(UNKNOWN_SETTING))))


async def _psql(url: str, *words: str) -> None:
    await _run("psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", *words, url=url)


async def _run(program: str, *words: str, url: str | None = None, stdout: Any = subprocess.DEVNULL) -> None:
    """Run one of PostgreSQL's programs to its end; cancellation ends it, and the server undoes what it was at."""
    location, secrets = _without_password(url) if url is not None else ("", {})
    command = [str(newest_programs().client(program)), *([f"--dbname={location}"] if url is not None else []), *words]
    done = await trio.run_process(
        command,
        check=False,
        stdout=stdout,
        capture_stderr=True,
        env={**child_environment(), **secrets, "PGAPPNAME": CALLED, "PGCONNECT_TIMEOUT": "10"},
    )
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        log.debug("database.program_failed", program=program, said=said)
        errors = [line for line in said if "error:" in line.lower()] or said[-1:] or [f"code {done.returncode}"]
        raise DatabaseError(f"{program} failed: {errors[0].removeprefix(f'{program}: error: ')}")


def _without_password(url: str) -> tuple[str, dict[str, str]]:
    """A URL whose password stands in the environment instead: everyone on the machine sees command lines."""
    parts = urlsplit(url)
    if parts.password is None:
        return url, {}
    before, _, place = parts.netloc.rpartition("@")
    bare = parts._replace(netloc=f"{before.partition(':')[0]}@{place}")
    return bare.geturl(), {"PGPASSWORD": unquote(parts.password)}


EMPTY = """
CREATE TEMPORARY TABLE before (newest bigint) ON COMMIT DROP;
DO $$
DECLARE
  thing text;
BEGIN
  -- Every write of a running service begins with its mark: here it waits, before it holds anything.
  IF to_regclass('public.mark') IS NOT NULL THEN
    LOCK TABLE public.mark;
  END IF;
  IF to_regclass('public.feed') IS NOT NULL THEN
    INSERT INTO pg_temp.before SELECT newest FROM public.feed;
  END IF;
  -- What an extension brought stays: it may belong to another user, and archives only ask for its presence. What belongs to
  -- a column goes with its table.
  FOR thing IN
    SELECT format('DROP %s IF EXISTS %s CASCADE', kind, name) FROM (
      SELECT 1 AS place, CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                         ELSE 'TABLE' END AS kind, pg_class.oid::regclass::text AS name, pg_class.oid
      FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
      UNION ALL
      SELECT 2, 'ROUTINE', oid::regprocedure::text, oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL
      SELECT 3, CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, pg_type.oid::regtype::text, pg_type.oid
      FROM pg_type LEFT JOIN pg_class AS row ON row.oid = typrelid
      WHERE typnamespace = 'public'::regnamespace AND (typtype IN ('e', 'd') OR row.relkind = 'c')
    ) AS own
    WHERE NOT EXISTS (SELECT FROM pg_depend WHERE objid = own.oid AND deptype IN ('e', 'i', 'a'))
    ORDER BY place
  LOOP
    EXECUTE thing;
  END LOOP;
END $$;
"""
RENEW = """
DO $$
BEGIN
  IF to_regclass('public.feed') IS NULL OR to_regclass('public.migration') IS NULL THEN
    RAISE 'this backup holds no catalogue of Rookery';
  END IF;
  IF (SELECT max(number) FROM public.migration) > {newest_schema} THEN
    RAISE 'this backup was made by a newer Rookery (schema %); this one knows {newest_schema}',
      (SELECT max(number) FROM public.migration);
  END IF;
  DELETE FROM public.event;
  UPDATE public.feed SET newest = greatest(newest, (SELECT max(newest) FROM pg_temp.before)) + 1;
  -- An older schema has none; the migration that adds it makes a new one.
  IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.feed'::regclass AND attname = 'generation') THEN
    UPDATE public.feed SET generation = gen_random_uuid();
  END IF;
END $$;
"""
# Connections of a running service hold plans for tables that are gone; it makes new ones at once.
HANG_UP = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'rookery' AND pid <> pg_backend_pid()
"""
