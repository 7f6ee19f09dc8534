"""How much of what the library holds."""

import enum

import attrs


class Noun(enum.StrEnum):
    """Under what tracks are found together."""

    ARTIST = "artist"
    ALBUM = "album"
    GENRE = "genre"


@attrs.frozen(kw_only=True)
class Amount:
    """How many tracks, how long together, how large."""

    tracks: int = 0
    duration_s: float = 0.0
    size_bytes: int = 0


@attrs.frozen(kw_only=True)
class Heading:
    """One artist, album or genre, as it was written last."""

    name: str
    artist: str | None = None
    """Whose album; None for other nouns and where nobody is named."""
    amount: Amount
