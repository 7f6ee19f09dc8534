"""What a text that is searched for means to the catalogue as it is: its words, or words near them where it has none like that."""

from collections.abc import Mapping

import asyncpg
import attrs

from actors.store.codec import storable
from actors.store.words import ENDING, Chunk, Question, ends, near, pairs, question, typos

MOST_NEAR = 12
"""Words that one misspelled word may mean."""
MOST_CANDIDATES = 5_000
BEHIND_ALL = "\U0010ffff"

SPELLED = "SELECT spelled($1::text) AS spelled, sort_key($1::text) AS key"
KNOWN = """
SELECT asked FROM unnest($1::text[]) AS asked
WHERE EXISTS (SELECT FROM word WHERE word = asked)
  OR asked = $2 AND EXISTS (SELECT FROM word WHERE word >= asked AND word < asked || $3)
"""
ALIKE = f"""
SELECT word FROM word
WHERE (word >= $1::text AND word < $1::text || '{BEHIND_ALL}' OR reversed >= $2::text AND reversed < $2::text || '{BEHIND_ALL}')
  AND length(word) BETWEEN $3 AND $4
LIMIT {MOST_CANDIDATES}
"""  # noqa: S608  # constants


@attrs.frozen(kw_only=True)
class Meaning:
    """What is searched for. The three questions are texts for `tsquery`, each one finding all that the one before finds."""

    key: str
    """The whole text, as titles and names are compared."""
    in_names: str | None = None
    """Title and artists hold every word as it stands; None where nothing does."""
    begun_in_names: str | None = None
    """The same, and the last word may be only begun, or words near misspelled ones count too."""
    anywhere: str | None = None
    """The same in all that a track is found by; None where the text has no word at all."""


async def understand(connection: asyncpg.Connection, text: str, *, is_near: bool = False) -> Meaning:
    """What a text means, inside a read function.

    Words count as they stand, the last one also as the beginning of a word. In place of unknown words count those near them.

    Args:
        connection: of the function.
        text: that is searched for.
        is_near: whether words near the known ones count too; for when nothing holds them all.
    """
    row = await connection.fetchrow(SPELLED, ENDING.sub("", storable(text)))
    asked = question(row["spelled"])
    if asked.is_empty:
        return Meaning(key=row["key"])
    words = {part for chunk in asked.chunks for part in chunk.parts if typos(part)}
    known = set()
    if words and not is_near:
        rows = await connection.fetch(KNOWN, list(words), asked.last, BEHIND_ALL)
        known = {row["asked"] for row in rows}
    meant = {word: await _near(connection, word, is_begun=word == asked.last) for word in sorted(words - known)}
    if any(meant.values()):
        return Meaning(key=row["key"], begun_in_names=tsquery(asked, meant, sign="="), anywhere=tsquery(asked, meant))
    return Meaning(
        key=row["key"],
        in_names=tsquery(asked, sign="=", is_begun=False),
        begun_in_names=tsquery(asked, sign="="),
        anywhere=tsquery(asked),
    )


async def _near(connection: asyncpg.Connection, word: str, *, is_begun: bool) -> tuple[str, ...]:
    first, last = ends(word)
    least, most = len(word) - typos(word), 64 if is_begun else len(word) + typos(word)
    rows = await connection.fetch(ALIKE, first, last[::-1], least, most)
    return near(word, [row["word"] for row in rows], is_begun=is_begun, most=MOST_NEAR)


def tsquery(
    asked: Question, meant: Mapping[str, tuple[str, ...]] | None = None, *, sign: str = "", is_begun: bool = True
) -> str:
    """A question as text for `tsquery`.

    Args:
        asked: at least one word.
        meant: words that count in place of others.
        sign: what stands before each word in the index.
        is_begun: whether the last word may be only the beginning of one.
    """
    every = []
    for place, chunk in enumerate(asked.chunks):
        every.append(_chunk(chunk, meant or {}, sign, is_begun=is_begun and place == len(asked.chunks) - 1))
    for run in asked.runs:
        star = ":*" if len(run) == 1 else ""
        every.extend(f"'{sign}{pair}'{star}" for pair in pairs(run))
    return " & ".join(every)


def _chunk(chunk: Chunk, meant: Mapping[str, tuple[str, ...]], sign: str, *, is_begun: bool) -> str:
    parts = []
    for place, part in enumerate(chunk.parts):
        star = ":*" if is_begun and place == len(chunk.parts) - 1 else ""
        forms = [f"'{sign}{part}'{star}", *(f"'{sign}{other}'" for other in meant.get(part, ()))]
        parts.append(f"({' | '.join(forms)})")
    together = " & ".join(parts)
    if chunk.joined is None:
        return together
    return f"('{sign}{chunk.joined}'{':*' if is_begun else ''} | {together})"
