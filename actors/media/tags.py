"""Tags of one open file: by mutagen where it knows the container, filled up with what FFmpeg saw."""

import struct
import zlib
from collections.abc import Callable, Mapping

import mutagen
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2
from mutagen.asf import ASF
from mutagen.dsf import DSF
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from mutagen.mp4 import MP4
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from actors.media.recording import Recording
from actors.media.texts import Texts, clean
from actors.model.track import Tags

# What mutagen lets through on malformed files, besides its own error.
MALFORMED = (
    mutagen.MutagenError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
LARGEST_TAG_BYTES = 16 * 1024 * 1024
"""Beyond this an ID3 tag is left to FFmpeg alone: mutagen loads it whole, and its time grows with size times frames."""

READERS: Mapping[str, Callable[..., object]] = {
    "aac": ID3,
    "aiff": AIFF,
    "ape": APEv2,
    "asf": ASF,
    "dsf": DSF,
    "flac": FLAC,
    "mov": MP4,
    "mp3": ID3,
    "mpc": APEv2,
    "mpc8": APEv2,
    "ogg/flac": OggFLAC,
    "ogg/opus": OggOpus,
    "ogg/speex": OggSpeex,
    "ogg/vorbis": OggVorbis,
    "tak": APEv2,
    "tta": ID3,
    "wav": WAVE,
    "wv": APEv2,
}
"""By FFmpeg's name of the container, and of the codec where one container has several kinds of tags."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "title": ("TIT2", "title", "©nam"),
    "artist": ("TPE1", "artist", "©ART", "author"),
    "album_artist": ("TPE2", "albumartist", "album artist", "album_artist", "aART", "wm/albumartist"),
    "album": ("TALB", "album", "©alb", "wm/albumtitle"),
    "genre": ("TCON", "genre", "©gen", "wm/genre"),
    "composer": ("TCOM", "composer", "©wrt", "wm/composer"),
    "date": ("TDRC", "TDRL", "TDOR", "date", "year", "©day", "wm/year"),
    "track": ("TRCK", "tracknumber", "track", "trkn", "wm/tracknumber"),
    "track_total": ("tracktotal", "totaltracks"),
    "disc": ("TPOS", "discnumber", "disc", "disk", "wm/partofset"),
    "disc_total": ("disctotal", "totaldiscs"),
    "isrc": ("TSRC", "isrc", "tsrc", "----:com.apple.itunes:isrc", "wm/isrc"),
    "musicbrainz_recording_id": (
        "UFID:http://musicbrainz.org",
        "musicbrainz_trackid",
        "----:com.apple.itunes:musicbrainz track id",
        "musicbrainz/track id",
    ),
    "comment": ("COMM", "comment", "description", "©cmt"),
}
"""Where each value stands, by the names of ID3, Vorbis and APE, MP4 and ASF; the first that is there counts."""


def read_tags(recording: Recording, container: InputContainer, stream: AudioStream) -> Tags:
    """What the file says of itself, cleaned and bounded; broken tags are as good as none. Pictures are only noticed."""
    found = _by_mutagen(recording, container.format.name, stream.codec_context.codec.canonical_name)
    for metadata in (stream.metadata, container.metadata):
        seen = {name.lower(): (value,) for name, value in metadata.items()}
        for field, texts in _by_field(seen).items():
            found.setdefault(field, texts)
    has_picture = any(other.disposition & Disposition.attached_pic for other in container.streams.video)
    return clean(found, has_picture=has_picture)


def _by_mutagen(recording: Recording, container: str, codec: str) -> dict[str, tuple[str, ...]]:
    family = container.partition(",")[0]
    reader = READERS.get(family) or READERS.get(f"{family}/{codec}")
    if reader is None or _id3_size(recording) > LARGEST_TAG_BYTES:
        return {}
    try:
        with open(recording.address, "rb") as file:
            held = reader(file)
        tags = held.tags if isinstance(held, mutagen.FileType) else held
        return _by_field(_texts(tags))
    except MALFORMED:
        return {}


def _id3_size(recording: Recording) -> int:
    with open(recording.address, "rb") as file:
        head = file.read(10)
    if len(head) < 10 or not head.startswith(b"ID3"):
        return 0
    return sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))


def _by_field(texts: Texts) -> dict[str, tuple[str, ...]]:
    found = {}
    for field, keys in KEYS.items():
        for key in keys:
            if values := texts.get(key):
                found[field] = tuple(values)
                break
    return found


def _texts(tags: object) -> dict[str, tuple[str, ...]]:
    if isinstance(tags, ID3):
        return _id3_texts(tags)
    if not isinstance(tags, Mapping | mutagen.Tags) or not hasattr(tags, "items"):
        return {}
    return {
        key if key.startswith("©") or key == "aART" else key.lower(): _strings(value)
        for key, value in tags.items()
        if isinstance(key, str) and "picture" not in key.lower() and "cover" not in key.lower() and key != "covr"
    }


def _id3_texts(tags: ID3) -> dict[str, tuple[str, ...]]:
    texts: dict[str, tuple[str, ...]] = {}
    for frame in dict(tags).values():
        name = frame.FrameID
        if name == "UFID":
            texts[f"UFID:{frame.owner}"] = (frame.data.decode("ascii", "replace"),)
        elif name == "TCON":
            texts[name] = tuple(frame.genres)
        elif name == "COMM":
            # The one without description is the comment; others are notes of programs to themselves.
            if not frame.desc or name not in texts:
                texts[name] = _strings(frame.text)
        elif name == "TXXX":
            texts.setdefault(str(frame.desc).lower(), _strings(frame.text))
        elif hasattr(frame, "text"):
            texts[name] = _strings(frame.text)
    return texts


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, bytes):
        return (value.decode("utf-8", "replace"),)
    if isinstance(value, str):
        return (value,)
    if isinstance(value, tuple):
        return ("/".join(str(part) for part in value if part),)
    if isinstance(value, list):
        return tuple(text for part in value for text in _strings(part))
    inner = getattr(value, "value", None)
    if isinstance(inner, str):
        return tuple(inner.split("\0"))
    return (str(value),)
