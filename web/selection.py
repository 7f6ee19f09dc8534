"""Which tracks a request wants: filters as parameters of an address or as JSON, and how a cursor and links carry them.

Both forms are one `Selection`, so a list that was asked for by JSON has addresses too.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec

from actors.model.kind import Kind
from actors.model.time import Time
from actors.model.track import Presence, Stage
from actors.model.wheel import KEY_PATTERN, place
from actors.store.filters import Range, TrackFilter
from web.errors import ProblemError

Value = TypeVar("Value")

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200, examples=["blue heron"])]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
KeyName = Annotated[str, msgspec.Meta(pattern=KEY_PATTERN, max_length=16, examples=["8A", "Am", "F♯ major"])]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Year = Annotated[int, msgspec.Meta(ge=-100_000, le=100_000)]
Bpm = Annotated[float, msgspec.Meta(ge=0, le=1_000)]
Lufs = Annotated[float, msgspec.Meta(ge=-1_000, le=1_000)]
Stars = Annotated[int, msgspec.Meta(ge=1, le=5)]
Plays = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
MOST_NAMES = 50


def _said(text: str) -> Any:
    return msgspec.Meta(description=text)


class Selection(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True):
    """Which tracks, as parameters; what is not said does not restrict. Ranges include both ends."""

    q: (
        Annotated[
            Text,
            _said(
                "Only those found by these words, in title, artists, album, genres or file name: accents and case aside, the last "
                "word may be only begun, and where nothing holds all words, misspelled ones are mended."
            ),
        ]
        | None
    ) = None
    artist: Annotated[
        tuple[Name, ...], msgspec.Meta(max_length=MOST_NAMES, description="One of their artists is one of these.")
    ] = ()
    album: Annotated[Name, _said("Of this album.")] | None = None
    genre: Annotated[
        tuple[Name, ...], msgspec.Meta(max_length=MOST_NAMES, description="One of their genres is one of these.")
    ] = ()
    kind: (
        Annotated[Kind, _said("Music, speech (by genre), or mixes: no speech, and twenty minutes or longer.")] | None
    ) = None
    key: Annotated[
        tuple[KeyName, ...],
        msgspec.Meta(max_length=24, description="In one of these keys, by standard or Camelot names."),
    ] = ()
    codec: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=50, description="Encoded so, such as `flac`.")] | None
    ) = None
    presence: Annotated[Presence, _said("Only those whose file is there, or is not.")] | None = None
    stage: Annotated[Stage, _said("Only those that have come so far.")] | None = None
    root_id: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=128, description="With a file in this root.")] | None
    ) = None
    min_duration: Annotated[Seconds, _said("Of so many seconds at least.")] | None = None
    max_duration: Annotated[Seconds, _said("Of so many seconds at most.")] | None = None
    min_added_at: Annotated[Time, _said("Added then or later.")] | None = None
    max_added_at: Annotated[Time, _said("Added then or earlier.")] | None = None
    min_year: Annotated[Year, _said("Of this year or later.")] | None = None
    max_year: Annotated[Year, _said("Of this year or earlier.")] | None = None
    min_bpm: Annotated[Bpm, _said("Of so many beats a minute at least.")] | None = None
    max_bpm: Annotated[Bpm, _said("Of so many beats a minute at most.")] | None = None
    min_loudness: Annotated[Lufs, _said("Integrated loudness in LUFS.")] | None = None
    max_loudness: Annotated[Lufs, _said("Integrated loudness in LUFS.")] | None = None
    min_rating: Annotated[Stars, _said("Your rating, 1–5 stars.")] | None = None
    max_rating: Annotated[Stars, _said("Your rating, 1–5 stars.")] | None = None
    min_plays: Annotated[Plays, _said("How often you have listened.")] | None = None
    max_plays: Annotated[Plays, _said("How often you have listened.")] | None = None

    seed: Annotated[Text, _said("Of the order `random`: another one begins elsewhere.")] | None = None


TrackSort = Literal[
    "relevance", "random", "title", "artist", "album", "addedAt", "changedAt", "duration", "year", "bpm", "key", "loudness",
    "size", "rating", "plays", "lastPlayedAt",
]  # fmt: skip
SORTED_BY = (
    "By what they are ordered: `relevance` if there are words to find and it is not said, else `addedAt`. `rating`, `plays` and "
    "`lastPlayedAt` are your own; `key` goes around the Camelot wheel. What has no value comes last."
)
ORDERED = "`desc` if not said: the largest, the newest, the most relevant first."
RANGES = ("duration", "added_at", "year", "bpm", "loudness", "rating", "plays")


class Between(msgspec.Struct, Generic[Value], rename="camel", frozen=True, forbid_unknown_fields=True):
    """What lies between two values, both included; an end that is not said is open."""

    min: Value | None = None
    """The least that counts; null for no such end."""
    max: Value | None = None
    """The most that counts; null for no such end."""


class SecondsRange(Between[Seconds], frozen=True):
    """A range of lengths, in seconds."""


class MomentRange(Between[Time], frozen=True):
    """A range of moments."""


class YearRange(Between[Year], frozen=True):
    """A range of years."""


class BpmRange(Between[Bpm], frozen=True):
    """A range of beat rates, in beats per minute."""


class LufsRange(Between[Lufs], frozen=True):
    """A range of integrated loudness, in LUFS."""


class StarsRange(Between[Stars], frozen=True):
    """A range of ratings."""


class PlaysRange(Between[Plays], frozen=True):
    """A range of numbers of plays."""


class Filters(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tracks; what is not said does not restrict. What has no value, such as a recording without a year, lies in no range.

    `kind`: music, speech (by genre), or mixes, which are no speech and twenty minutes or longer. `key`: standard or Camelot
    names. `loudness` in LUFS, `duration` in seconds. `rating` and `plays` are your own.
    """

    artists: Annotated[tuple[Name, ...], msgspec.Meta(max_length=MOST_NAMES)] = ()
    """One of their artists is one of these."""
    album: Name | None = None
    """Of this album; null for any."""
    genres: Annotated[tuple[Name, ...], msgspec.Meta(max_length=MOST_NAMES)] = ()
    """One of their genres is one of these."""
    kind: Kind | None = None
    """Music, speech or mixes; null for any."""
    key: Annotated[tuple[KeyName, ...], msgspec.Meta(max_length=24)] = ()
    """In one of these keys, by standard or Camelot names."""
    codec: Annotated[str, msgspec.Meta(min_length=1, max_length=50)] | None = None
    """Encoded so; null for any."""
    presence: Presence | None = None
    """Whether their file is there; null for either."""
    stage: Stage | None = None
    """How far they have come; null for anywhere."""
    root_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    """With a file in this root; null for any."""
    duration: SecondsRange | None = None
    """How long they are, in seconds; null for any."""
    added_at: MomentRange | None = None
    """When they were added; null for any."""
    year: YearRange | None = None
    """Of which years; null for any."""
    bpm: BpmRange | None = None
    """How fast they are, in beats per minute; null for any."""
    loudness: LufsRange | None = None
    """How loud they are, in LUFS; null for any."""
    rating: StarsRange | None = None
    """Your rating, 1–5 stars; null for any."""
    plays: PlaysRange | None = None
    """How often you listened; null for any."""


ALIKE = ("album", "kind", "key", "codec", "presence", "stage", "root_id")


def selection_of(query: str | None, filters: Filters, seed: str | None) -> Selection:
    """What a body says, as a selection."""
    chosen = Selection(q=query, artist=filters.artists, genre=filters.genres, seed=seed)
    for name in ALIKE:
        setattr(chosen, name, getattr(filters, name))
    for name in RANGES:
        between = getattr(filters, name)
        if between is not None:
            setattr(chosen, f"min_{name}", between.min)
            setattr(chosen, f"max_{name}", between.max)
    return chosen


def told(selection: Selection) -> dict[str, str | list[str]]:
    """A selection as the parameters that say it, for cursors and links."""
    names = {field.encode_name for field in msgspec.structs.fields(Selection)}
    values = msgspec.to_builtins(selection)
    return {
        name: [str(one) for one in value] if isinstance(value, list | tuple) else str(value)
        for name, value in values.items()
        if name in names
    }


def understood(filters: Any) -> Selection:
    """A selection from what `told` made of it.

    Raises:
        ProblemError: INVALID_CURSOR, because only a cursor could bring anything else.
    """
    try:
        return msgspec.convert(filters, Selection, strict=False)
    except msgspec.ValidationError:
        raise ProblemError("INVALID_CURSOR", "It was not made here; start again without a cursor") from None


def track_filter(selection: Selection) -> TrackFilter:
    """A selection as the store understands it."""

    def between(name: str) -> Range[Any]:
        return Range(getattr(selection, f"min_{name}"), getattr(selection, f"max_{name}"))

    return TrackFilter(
        text=selection.q,
        artists=selection.artist,
        album=selection.album,
        genres=selection.genre,
        kind=selection.kind,
        camelot=tuple(map(place, selection.key)),
        codec=selection.codec,
        presence=selection.presence,
        stage=selection.stage,
        root_id=selection.root_id,
        duration_s=between("duration"),
        added_at=Range(_utc(selection.min_added_at), _utc(selection.max_added_at)),
        year=between("year"),
        bpm=between("bpm"),
        loudness_lufs=between("loudness"),
        rating=between("rating"),
        plays=between("plays"),
    )


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        # Within a day of the first or the last moment that there is.
        return moment.replace(tzinfo=UTC)
