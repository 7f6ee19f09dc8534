"""A small library of made-up recordings, for a first look without any music and for tests: tagged, in many formats."""

from pathlib import Path

import numpy as np

from actors.media.synthesis import RATE_HZ, Groove, Harmony, Piece, Samples, ambience, render, speech
from actors.media.writing import FORMATS, write_samples

ENDINGS = (".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav", ".aiff")
ARTISTS = ("The Corvids", "Zoë Rookwood", "Nest & Nightjar", "Señor Grajo", "Каркуша", "Jackdaw Trio")
GENRES = ("Techno", "Folk", "Jazz", "Electronica", "Rock", "House")
GROOVES = (Groove.FLOOR, Groove.BACKBEAT, Groove.SWING, Groove.BREAK, Groove.BACKBEAT, Groove.FLOOR)
TEMPOS_BPM = ((118, 132), (84, 112), (96, 150), (124, 172), (100, 140), (116, 128))
ADJECTIVES = ("Black", "Silver", "Hollow", "Distant", "Early", "Glass", "Windward", "Quiet", "Copper", "Sunken")
ALBUMS = ("Feathers", "Elms", "Belfries", "Colonies", "Furrows", "Twigs")
NOUNS = ("Feather", "Elm", "Belfry", "Colony", "Furrow", "Twig", "Dusk", "Steeple", "Meadow", "Signal")
SPEECH_EVERY = 8
"""One in so many is a voice, and another one an ambience; the rest is music."""


def make_demo(folder: Path, *, count: int = 24, seconds: float = 20.0, seed: int = 1) -> list[Path]:
    """Write the library, one folder an artist, and return its files; what is already there stays as it is.

    The same arguments give the same names and sounds. About a third of a second for each 20 s recording.

    Args:
        folder: made when it is not there.
        count: so many recordings, the formats in turn.
        seconds: length of each.
        seed: another one gives other music.

    Raises:
        OSError: the folder cannot be written.
    """
    paths = []
    for number in range(count):
        artist = ARTISTS[number % len(ARTISTS)]
        title = _title(number)
        path = folder / artist / f"{number + 1:02d} {title}{ENDINGS[number % len(ENDINGS)]}"
        paths.append(path)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            rate_hz = FORMATS[path.suffix].rate_hz or RATE_HZ
            samples, words = _recording(number, seconds, seed, rate_hz)
            tags = {
                "title": title,
                "artist": artist,
                "album": f"{ALBUMS[number % len(ARTISTS)]}, Volume {seed}",
                "album_artist": artist,
                "date": str(1990 + (number * 7 + seed) % 36),
                "track": str(number // len(ARTISTS) + 1),
                **words,
            }
            write_samples(path, samples, rate_hz=rate_hz, tags=tags)
    return paths


def demo_piece(number: int, *, seed: int = 1) -> Piece:
    """What the music at a place of the library is made of; voices and ambiences stand at some places instead."""
    rng = np.random.default_rng([seed, number])
    slot = number % len(ARTISTS)
    lowest, highest = TEMPOS_BPM[slot]
    is_minor = bool(rng.random() < 0.5)
    return Piece(
        bpm=float(rng.integers(lowest, highest + 1)),
        tonic=int(rng.integers(12)),
        is_minor=is_minor,
        groove=GROOVES[slot],
        harmony=Harmony.MODAL if rng.random() < 0.2 else Harmony.CADENCE,
        seed=seed * 1000 + number,
    )


def _title(number: int) -> str:
    noun = NOUNS[(number // len(ADJECTIVES) + number) % len(NOUNS)]
    title = f"{ADJECTIVES[number % len(ADJECTIVES)]} {noun}"
    part = number // (len(ADJECTIVES) * len(NOUNS))
    return f"{title}, Part {part + 1}" if part else title


def _recording(number: int, seconds: float, seed: int, rate_hz: int) -> tuple[Samples, dict[str, str]]:
    if number % SPEECH_EVERY == SPEECH_EVERY - 2:
        words = {"genre": "Speech", "comment": "A voice without words"}
        return speech(length_s=seconds, rate_hz=rate_hz, seed=seed * 1000 + number), words
    if number % SPEECH_EVERY == SPEECH_EVERY - 1:
        words = {"genre": "Ambient", "comment": "No beat at all"}
        return ambience(length_s=seconds, rate_hz=rate_hz, seed=seed * 1000 + number), words
    piece = demo_piece(number, seed=seed)
    words = {
        "genre": GENRES[number % len(GENRES)],
        "comment": f"Made at {piece.bpm:.0f} beats a minute",
    }
    return render(piece, length_s=seconds, rate_hz=rate_hz), words
