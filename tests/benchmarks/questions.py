"""What a catalogue of a million tracks is asked: kinds of questions, each with as many different ones as are wanted."""

import random
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlencode

import asyncpg
import attrs

from actors.store.bridge import open_bridge
from tests.benchmarks.client import Line, Question
from tests.benchmarks.library import GENRES
from web.paging import Cursor, sealed

LIST = "/api/v1/tracks"
SAMPLE = """
SELECT id, tags ->> 'title' AS title, tags -> 'artists' ->> 0 AS artist, title_key FROM track
WHERE id >= $1 AND presence = 'present' ORDER BY id LIMIT 1500
"""
"""Ids are random, so neighbors have nothing in common."""
STRETCHES = 8
SORTS = (
    *("addedAt", "title", "artist", "album", "changedAt", "duration", "year", "bpm", "key", "loudness", "size"),
    *("rating", "plays", "lastPlayedAt"),
)
DEEP = 0.9
"""So much of a list lies before what is deep in it."""


@attrs.frozen(kw_only=True)
class Samples:
    """Tracks that there are, in an order without meaning."""

    rows: Sequence[tuple[str, str, str]]
    """Id, title, artist."""
    deep: Sequence[tuple[str, str]]
    """Title as it is sorted, and id, of those behind most others by title."""

    @classmethod
    async def of(cls, url: str) -> "Samples":
        """A few thousand from all over the table."""

        async def read() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(url)
            try:
                starts = [f"{number * 16 // STRETCHES:x}" for number in range(STRETCHES)]
                return [row for start in starts for row in await connection.fetch(SAMPLE, start)]
            finally:
                await connection.close()

        async with open_bridge() as bridge:
            rows = await bridge.run(read)
        deep = sorted((row["title_key"], row["id"]) for row in rows)[int(DEEP * len(rows)) :]
        dice = random.Random(1)
        dice.shuffle(rows)
        dice.shuffle(deep)
        return cls(rows=[(row["id"], row["title"], row["artist"]) for row in rows], deep=deep)

    def some(self, number: int, count: int) -> Sequence[tuple[str, str, str]]:
        """Other ones for every number, as far as there are."""
        first = (number + 1) * count % (len(self.rows) - count)
        return self.rows[first : first + count]


Prepared = Callable[[Line, Question], Awaitable[Question]]


@attrs.frozen(kw_only=True)
class Case:
    """One kind of question."""

    what: str
    questions: Callable[[Samples, int, int], list[Question]]
    """Of a number and a count: so many, other ones for every number."""
    is_kept: bool = False
    is_same: bool = True
    """Whether both servers give the same to the same question."""
    prepared: Prepared | None = None
    """Makes the question ready, which is not measured."""


def _found(words: Callable[[random.Random, str, str], str], **filters: str) -> Callable[..., list[Question]]:
    """Questions by words of tracks that there are."""

    def questions(samples: Samples, number: int, count: int) -> list[Question]:
        dice = random.Random(number)
        return [
            Question(target=f"{LIST}?{urlencode({'q': words(dice, title, artist), **_some_of(dice, filters)})}")
            for _, title, artist in samples.some(number, count)
        ]

    return questions


def _some_of(dice: random.Random, filters: dict[str, str]) -> dict[str, str]:
    """Filters with numbers where they say so."""
    least = dice.randint(60, 200)
    places = {"genre": dice.choice(GENRES[:12]), "bpm": str(least), "faster": str(least + dice.randint(2, 30))}
    places |= {"year": str(least := dice.randint(1960, 2022)), "later": str(least + dice.randint(0, 8))}
    return {name: value.format(**places) for name, value in filters.items()}


def _word(dice: random.Random, title: str, artist: str) -> str:
    return dice.choice([word for word in f"{title} {artist}".split() if len(word) > 2] or [title])


def _two_words(dice: random.Random, title: str, artist: str) -> str:
    return f"{dice.choice(title.split())} {dice.choice(artist.split())}"


def _begun(dice: random.Random, title: str, artist: str) -> str:
    word = _word(dice, title, artist)
    return word[: max(2, len(word) // 2 + 1)]


def _misspelled(dice: random.Random, title: str, artist: str) -> str:
    """One letter another one, within the longest word."""
    word = max(f"{title} {artist}".split(), key=len)
    place = dice.randrange(1, max(2, len(word) - 1))
    return f"{word[:place]}{dice.choice('qxjwhg')}{word[place + 1 :]}"


def _kept(samples: Samples, number: int, count: int) -> list[Question]:
    # The first turn, which does not count, brings them into the cache.
    words = ("moon", "love+night", "fire")
    return [Question(target=f"{LIST}?q={words[place % len(words)]}") for place in range(count)]


def _filtered(samples: Samples, number: int, count: int) -> list[Question]:
    dice = random.Random(number)
    filters = {"genre": "{genre}", "minBpm": "{bpm}", "maxBpm": "{faster}", "minYear": "{year}", "sort": "bpm"}
    return [Question(target=f"{LIST}?{urlencode(_some_of(dice, filters))}") for _ in range(count)]


def _listed(*sorts: str) -> Callable[..., list[Question]]:
    """Pages of sorted lists, none twice."""

    def questions(samples: Samples, number: int, count: int) -> list[Question]:
        places = ((sorts[place % len(sorts)], (number + 1) * count + place) for place in range(count))
        return [Question(target=f"{LIST}?sort={sort}&page={page // len(sorts) + 1}") for sort, page in places]

    return questions


def _deep(samples: Samples, number: int, count: int) -> list[Question]:
    """Pages by cursor, of the kind that the page before would have given."""
    questions = []
    for place in range(count):
        title, track_id = samples.deep[((number + 1) * count + place) % len(samples.deep)]
        cursor = Cursor(form=2, path=LIST, sort="title", order="asc", filters={}, value=f"0={title}", id=track_id)
        questions.append(Question(target=f"{LIST}?cursor={sealed(cursor)}"))
    return questions


def _many(samples: Samples, number: int, count: int) -> list[Question]:
    return [
        Question(
            target=f"{LIST}/batch-get",
            method="POST",
            body={"trackIds": [row[0] for row in samples.some(number * count + place, 100)]},
        )
        for place in range(count)
    ]


def _rated(samples: Samples, number: int, count: int) -> list[Question]:
    return [
        Question(target=f"{LIST}/{row[0]}/rating", method="PUT", body={"rating": 1 + number % 5})
        for row in samples.some(number, count)
    ]


def _edited(samples: Samples, number: int, count: int) -> list[Question]:
    return [
        Question(target=f"{LIST}/{row[0]}", method="PATCH", body={"comment": f"{number} {place}"})
        for place, row in enumerate(samples.some(number, count))
    ]


async def _with_tag(asking: Line, question: Question) -> Question:
    """An edit of the version that there is."""
    seen = await asking.ask(Question(target=question.target))
    try:
        tag = seen.header(b"etag")
    except KeyError:
        tag = f'"{seen.value["version"]}"'
    return attrs.evolve(question, headers={"If-Match": tag})


CASES = (
    Case(what="search for a word", questions=_found(_word)),
    Case(what="search for two words", questions=_found(_two_words)),
    Case(what="search for a word begun", questions=_found(_begun)),
    Case(what="search for a word misspelled", questions=_found(_misspelled)),
    Case(
        what="search for a word, of a genre and some years",
        questions=_found(_word, genre="{genre}", minYear="{year}", maxYear="{later}"),
    ),
    Case(what="search for a word, of a range of bpm", questions=_found(_word, minBpm="{bpm}", maxBpm="{faster}")),
    Case(what="search, kept", questions=_kept, is_kept=True),
    Case(what="list of 50, newest", questions=_listed("addedAt")),
    Case(what="list of 50, every sort in turn", questions=_listed(*SORTS)),
    Case(what="list of 50 of a genre, a range of bpm and some years", questions=_filtered),
    Case(
        what="list of 50, kept",
        questions=lambda samples, number, count: [Question(target=f"{LIST}?sort=title&page=7")] * count,
        is_kept=True,
    ),
    Case(what="page by cursor behind 900,000 tracks", questions=_deep),
    Case(what="100 tracks by their ids", questions=_many),
    Case(what="rating put", questions=_rated, is_same=False),
    Case(what="edit with If-Match", questions=_edited, prepared=_with_tag, is_same=False),
)
