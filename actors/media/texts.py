"""Cleans what tags say: whatever bytes a file brought, what comes out is bounded and fit for JSON, logs and PostgreSQL."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from actors.model.track import Tags

MAX_TEXT = 10_000
MAX_NAME = 1_000
MAX_NAMES = 32
MAX_NUMBER = 100_000

Texts = Mapping[str, Sequence[str]]
"""Raw values by field: `title`, `artist`, `album_artist`, `album`, `genre`, `composer`, `date`, `track`, `track_total`,
`disc`, `disc_total`, `isrc`, `musicbrainz_recording_id`, `comment`."""

SURROGATE = re.compile("[\ud800-\udfff]")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
"""All but tab and newline, which a comment may keep; with the byte order mark and what is no character at all."""
NUMBER = re.compile(r"\s*(\d{1,6})(?:\s*(?:/|of)\s*(\d{1,6}))?")
YEAR = re.compile(r"(?<!\d)([12]\d{3})(?!\d)")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")


def clean(found: Texts, *, has_picture: bool) -> Tags:
    """Tags of raw texts: control characters gone, broken encodings mended where that is certain, everything bounded."""
    track, track_total = _numbers(found, "track")
    disc, disc_total = _numbers(found, "disc")
    date = _first(found, "date", limit=64)
    year = YEAR.search(date or "")
    isrc = ISRC.fullmatch((_first(found, "isrc", limit=64) or "").upper().replace("-", "").replace(" ", ""))
    recording_id = UUID.search((_first(found, "musicbrainz_recording_id", limit=64) or "").lower())
    return Tags(
        title=_first(found, "title"),
        artists=_all(found, "artist"),
        album_artists=_all(found, "album_artist"),
        album=_first(found, "album"),
        genres=_all(found, "genre"),
        composers=_all(found, "composer"),
        date=date,
        year=int(year[1]) if year else None,
        track_number=track,
        track_total=track_total,
        disc_number=disc,
        disc_total=disc_total,
        isrc=isrc[0] if isrc else None,
        musicbrainz_recording_id=recording_id[0] if recording_id else None,
        comment=_comment(found),
        has_picture=has_picture,
    )


def clean_line(text: str, *, limit: int = MAX_TEXT) -> str:
    """One line of text without control characters, at most `limit` characters; runs of white space become one space."""
    return " ".join(clean_text(text, limit=4 * limit).split())[:limit].rstrip()


def clean_text(text: str, *, limit: int = MAX_TEXT) -> str:
    """Text that may have several lines, at most `limit` characters, composed (NFC)."""
    # Cut first: what a file brings may be megabytes.
    text = _mended(text[: 2 * limit].replace("\r\n", "\n").replace("\r", "\n"))
    text = CONTROL.sub(" ", SURROGATE.sub("\ufffd", text))
    return unicodedata.normalize("NFC", text).strip()[:limit].rstrip()


def _mended(text: str) -> str:
    """UTF-8 that was read as Latin-1 is read anew; other text hardly ever happens to be valid UTF-8 with long sequences."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _first(found: Texts, field: str, *, limit: int = MAX_TEXT) -> str | None:
    for text in found.get(field, ())[:MAX_NAMES]:
        if line := clean_line(text, limit=limit):
            return line
    return None


def _all(found: Texts, field: str) -> tuple[str, ...]:
    lines = (clean_line(text, limit=MAX_NAME) for text in found.get(field, ())[:MAX_NAMES])
    return tuple(dict.fromkeys(line for line in lines if line))


def _comment(found: Texts) -> str | None:
    texts = (clean_text(text) for text in found.get("comment", ())[:MAX_NAMES])
    return next((text for text in texts if text), None)


def _numbers(found: Texts, field: str) -> tuple[int | None, int | None]:
    both = NUMBER.match(_first(found, field, limit=64) or "")
    total = NUMBER.match(_first(found, f"{field}_total", limit=64) or "")
    number = int(both[1]) if both else None
    of = int(total[1]) if total else int(both[2]) if both and both[2] else None
    return _counted(number), _counted(of)


def _counted(number: int | None) -> int | None:
    return number if number is not None and 0 < number <= MAX_NUMBER else None
