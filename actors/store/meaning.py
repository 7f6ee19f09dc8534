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
IS_FOUND = "SELECT EXISTS (SELECT FROM track WHERE words @@ $1::text::tsquery AND removed_at IS NULL)"
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


async def understand(connection: asyncpg.Connection, text: str) -> Meaning:
    """What a text means, inside a read function.

    Words count as they stand, the last one also as the beginning of a word. Only where nothing holds them all do words
    near the unknown ones count in their place, or near any of them if all are known.
    """
    row = await connection.fetchrow(SPELLED, ENDING.sub("", storable(text)))
    asked = question(row["spelled"])
    if asked.is_empty:
        return Meaning(key=row["key"])
    plain = tsquery(asked)
    if await connection.fetchval(IS_FOUND, plain):
        return Meaning(
            key=row["key"],
            in_names=tsquery(asked, sign="=", is_begun=False),
            begun_in_names=tsquery(asked, sign="="),
            anywhere=plain,
        )
    meant = await _meant(connection, asked)
    return Meaning(key=row["key"], begun_in_names=tsquery(asked, meant, sign="="), anywhere=tsquery(asked, meant))


async def _meant(connection: asyncpg.Connection, asked: Question) -> dict[str, tuple[str, ...]]:
    """By word: those near it."""
    words = {part for chunk in asked.chunks for part in chunk.parts if typos(part)}
    known = {row["asked"] for row in await connection.fetch(KNOWN, list(words), asked.last, BEHIND_ALL)}
    meant = {}
    for word in sorted(words - known or words):
        first, last = ends(word)
        is_begun = word == asked.last
        least, most = len(word) - typos(word), 64 if is_begun else len(word) + typos(word)
        rows = await connection.fetch(ALIKE, first, last[::-1], least, most)
        meant[word] = near(word, [row["word"] for row in rows], is_begun=is_begun, most=MOST_NEAR)
    return meant


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
