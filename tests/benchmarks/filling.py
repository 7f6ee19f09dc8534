"""Made-up tracks into a database: `python -m tests.benchmarks.filling DATABASE_URL COUNT`."""

import asyncio
import sys

import asyncpg

from actors.store.codec import set_codecs
from tests.benchmarks.library import Library

PERSON = "local"
"""Has rated and played one track in twenty."""
TABLES = {
    "track": (
        *("id", "stage", "presence", "audio_hash", "file_tags", "tags", "sound", "file_name", "size_bytes", "bpm"),
        *("tonic", "is_minor", "loudness_lufs", "measured_s", "added_at", "changed_at"),
    ),
    "location": ("track_id", "root_id", "path", "shown", "size_bytes", "mtime_ns", "device", "inode", "presence"),
    "features": (
        *("track_id", "audio_hash", "version", "duration_s", "integrated_lufs", "range_lu", "true_peak_dbtp"),
        *("sample_peak_dbfs", "max_momentary_lufs", "max_short_term_lufs", "bpm", "bpm_confidence"),
        *("bpm_alternatives", "tonic", "is_minor", "key_confidence", "peaks"),
    ),
}
INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS sql FROM pg_index
WHERE indrelid IN ('track'::regclass, 'location'::regclass) AND NOT indisunique
"""


async def fill(url: str, count: int, *, seed: int = 1) -> None:
    """Fill an empty, up-to-date database with tracks, and leave it as autovacuum would."""
    connection = await asyncpg.connect(url)
    await set_codecs(connection)
    await connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'")
    await connection.execute("INSERT INTO root (id, path, state) VALUES ('million', '/music', 'watched')")
    indexes = await connection.fetch(INDEXES)
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    for batch in Library(count, seed).batches():
        for (table, columns), rows in zip(TABLES.items(), batch, strict=True):
            await connection.copy_records_to_table(table, records=rows, columns=columns)
    for index in indexes:
        await connection.execute(index["sql"])
    for table, column, values in (
        ("rating", "stars", "1 + (hashtext(id) & 3)"),
        ("listened", "plays, last_played_at", "1 + (hashtext(id) & 31), added_at"),
    ):
        await connection.execute(
            f"INSERT INTO {table} (person_id, track_id, {column}) SELECT '{PERSON}', id, {values} FROM track WHERE hashtext(id) % 20 = 0"
        )
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


if __name__ == "__main__":
    # The URL of an empty database at the newest schema, and how many tracks.
    asyncio.run(fill(sys.argv[1], int(sys.argv[2])))
