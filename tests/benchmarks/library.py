"""Made-up tracks by the million, as rows.

Words, artists, albums and genres are spread as they are in libraries: by Zipf's law. The same seed gives the same tracks.
"""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

COMMON = [
    "the", "love", "of", "you", "a", "me", "my", "in", "to", "and", "i", "it", "on", "for", "your", "remix", "live",
    "night", "all", "no", "time", "we", "be", "up", "down", "heart", "world", "one", "day", "baby", "blue", "black",
    "version", "feat", "mix", "dance", "song", "life", "out", "go", "girl", "away", "home", "light", "man", "fire",
    "rain", "moon", "sun", "never",
]  # fmt: skip
SYLLABLES = [
    "ba", "be", "bi", "bo", "bu", "da", "de", "di", "do", "ka", "ke", "ki", "ko", "la", "le", "li", "lo", "ma",
    "me", "mi", "mo", "na", "ne", "ni", "no", "ra", "re", "ri", "ro", "sa", "se", "si", "so", "ta", "te", "ti",
    "to", "va", "ve", "vi", "xe", "yu", "zo", "ön", "ré", "ül", "án",
]  # fmt: skip
KANJI = "東京事変夜空星風花雨海月山川光影夢心愛歌"
CYRILLIC = [
    "гроб", "ночь", "день", "мир", "снег", "вода", "земля", "огонь", "ветер", "город", "любовь", "весна", "песня",
    "дорога",
]  # fmt: skip
GENRES = [
    "Rock", "Pop", "Jazz", "Electronic", "Classical", "Hip-Hop", "Folk", "Metal", "Soul", "Blues", "Techno",
    "House", "Ambient", "Country", "Reggae", "Punk", "Funk", "Latin", "Soundtrack", "Podcast", "Indie", "Disco",
    "Dub", "Trance", "World", "Gospel", "Audiobook", "Ska", "Swing", "Opera",
]  # fmt: skip
CODECS = (
    ("mp3", "mp3", 0.55),
    ("flac", "flac", 0.3),
    ("mov", "aac", 0.1),
    ("ogg", "vorbis", 0.04),
    ("wav", "pcm_s16le", 0.01),
)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
BATCH = 20_000


def zipf(count: int, exponent: float) -> np.ndarray:
    """Cumulative chances of ranks 0 … count - 1."""
    chances = 1.0 / np.power(np.arange(count) + 2.7, exponent)
    return np.cumsum(chances / chances.sum())


def vocabulary(dice: random.Random, count: int) -> list[str]:
    """Distinct words, the common ones first."""
    words = dict.fromkeys(COMMON)
    while len(words) < count:
        kind = dice.random()
        if kind < 0.02:
            words["".join(dice.choices(KANJI, k=dice.randint(2, 4)))] = None
        elif kind < 0.05:
            words[dice.choice(CYRILLIC) + dice.choice(("", "а", "ы", "ов", "ка", "ная")) * dice.randint(0, 3)] = None
        else:
            words["".join(dice.choices(SYLLABLES, k=dice.randint(2, 5)))] = None
    return list(words)


class Library:
    """Rows of tracks, in batches, as COPY takes them."""

    def __init__(self, count: int, seed: int = 1) -> None:
        self.count = count
        self.numbers = np.random.default_rng(seed)
        dice = random.Random(seed)
        size = max(2_000, count // 6)
        self.words = vocabulary(dice, size)
        self.chances = zipf(size, 1.05)
        self.artists = [
            " ".join(self.some_words(self.ranks(self.chances, 1 + number % 3))).title()
            for number in range(max(50, count // 15))
        ]
        self.artist_chances = zipf(len(self.artists), 0.9)
        self.genre_chances = zipf(len(GENRES), 1.0)

    def ranks(self, chances: np.ndarray, count: int) -> np.ndarray:
        """Ranks drawn by their chances."""
        return np.minimum(np.searchsorted(chances, self.numbers.random(count)), len(chances) - 1)

    def some_words(self, ranks: np.ndarray) -> list[str]:
        """Words by their ranks."""
        return [self.words[rank] for rank in ranks]

    def batches(self) -> Iterator[tuple[list[tuple[Any, ...]], ...]]:
        """Tracks, their locations and their features."""
        for first in range(0, self.count, BATCH):
            yield self.batch(first, min(BATCH, self.count - first))

    def batch(self, first: int, size: int) -> tuple[list[tuple[Any, ...]], ...]:
        """One batch."""
        lengths = self.numbers.integers(1, 6, size)
        words = iter(self.some_words(self.ranks(self.chances, int(lengths.sum()))))
        artists, genres = self.ranks(self.artist_chances, size), self.ranks(self.genre_chances, size)
        albums, years = self.numbers.integers(0, 12, size), 2025 - self.numbers.geometric(0.05, size)
        durations = np.where(
            self.numbers.random(size) < 0.02,
            self.numbers.uniform(1200, 7200, size),
            self.numbers.lognormal(5.45, 0.35, size),
        )
        bpms, loudness = (
            np.clip(self.numbers.normal(118, 25, size), 40, 240),
            np.clip(self.numbers.normal(-11, 3.5, size), -40, -3),
        )
        fates, ages = self.numbers.random(size), self.numbers.exponential(500, size)
        codecs = np.searchsorted(np.cumsum([share for *_, share in CODECS]), self.numbers.random(size))
        ids = [self.numbers.bytes(10).hex() for _ in range(size)]
        tracks, locations, features = [], [], []
        for at, track_id in enumerate(ids):
            named = list(itertools.islice(words, int(lengths[at])))
            if len(named) == 1 and named[0] in COMMON:
                # Hardly anything is called `The`.
                named.append(self.words[(first + at) * 7919 % len(self.words)])
            title = " ".join(named).capitalize()
            artist = self.artists[artists[at]]
            album = f"{self.words[(artists[at] * 13 + albums[at]) % len(self.words)]} {COMMON[albums[at]]}".title()
            container, codec, _ = CODECS[min(codecs[at], len(CODECS) - 1)]
            duration, year = round(float(durations[at]), 2), int(max(1950, years[at]))
            tags = {
                "title": title, "artists": [artist], "album": album, "genres": [GENRES[genres[at]]],
                "date": str(year), "year": year, "track_number": int(albums[at]) + 1, "track_total": 12, "has_picture": True,
            }  # fmt: skip
            sound = {
                "container": container,
                "codec": codec,
                "duration_s": duration,
                "rate_hz": 44100,
                "channels": 2,
                "bit_rate": 256000,
            }
            is_measured = fates[at] < 0.95
            stage = "analyzed" if is_measured else "failed" if fates[at] > 0.998 else "pending"
            presence = "missing" if fates[at] < 0.005 else "present"
            bpm = round(float(bpms[at]), 1) if is_measured else None
            tonic = int(bpms[at] * 100) % 12 if is_measured else None
            is_minor = bool(int(bpms[at] * 1000) % 2) if is_measured else None
            lufs = round(float(loudness[at]), 1) if is_measured else None
            added_at = NOW - timedelta(days=float(ages[at]), microseconds=first + at)
            file_name = f"{albums[at] + 1:02} {title}.{codec[:4]}"
            size_bytes = int(duration * 32_000)
            audio_hash = track_id * 3
            tracks.append(
                (track_id, stage, presence, audio_hash, tags, tags, sound, file_name, size_bytes, bpm, tonic, is_minor, lufs,
                 duration if is_measured else None, added_at, added_at)
            )  # fmt: skip
            path = f"/music/{artist}/{album}/{file_name}.{first + at}"
            locations.append((track_id, "million", path.encode(), path, size_bytes, 1, 1, first + at, presence))
            if is_measured:
                features.append(
                    (
                        track_id,
                        audio_hash,
                        1,
                        duration,
                        lufs,
                        6.0,
                        -1.0,
                        -1.2,
                        -8.0,
                        -9.0,
                        bpm,
                        0.9,
                        [],
                        tonic,
                        is_minor,
                        0.8,
                        b"\x01\x02" * 40,
                    )
                )
        return tracks, locations, features
