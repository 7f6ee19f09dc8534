"""The words of a question, by the same rules as those of the tracks (`words` in migrations). Pure, but for `near`'s library."""

import re
from collections.abc import Iterable

import attrs
from rapidfuzz.distance import OSA

PUNCTUATION = (
    r"\u0021-\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u007e\u00a1-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf"
    r"\u00d7\u00f7\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u2bff\u2e00-\u2e7f\u3001-\u3003\u3008-\u3020\u30fb\ufe0f"
)
"""Divides words; what it divides is a word as a whole too."""
SPACE = r"\u0001-\u0020\u005f\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30fa\u30fc-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Scripts that write no spaces, or hardly any."""
LONGEST_JOINED = 24
LONGEST_WORD = 64
ENDING = re.compile(
    r"\.(?:aac|ac3|aif|aiff|alac|ape|dsf|flac|m4a|m4b|mka|mkv|mp2|mp3|mp4|mpc|oga|ogg|opus|wav|webm|wma|wv)$",
    re.IGNORECASE,
)
"""Of a file's name, by which files are not found."""

_punctuation = re.compile(f"[{PUNCTUATION}]+")
_space = re.compile(f"[{SPACE}]+")
_unspaced = re.compile(f"[{UNSPACED}]+")


@attrs.frozen(kw_only=True)
class Chunk:
    """What stands between two spaces: `AC/DC` is the parts `ac` and `dc`, joined `acdc`."""

    parts: tuple[str, ...]
    joined: str | None = None


@attrs.frozen(kw_only=True)
class Question:
    """What is asked for: every chunk and every run of an unspaced script."""

    chunks: tuple[Chunk, ...]
    runs: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether it has no word at all, like `!!!`."""
        return not self.chunks and not self.runs

    @property
    def last(self) -> str | None:
        """The word that may be only begun."""
        return self.chunks[-1].parts[-1] if self.chunks else None


def question(spelled: str) -> Question:
    """The words of a text as the function `spelled` of the database gives it."""
    runs = tuple(dict.fromkeys(_unspaced.findall(spelled)))
    chunks = []
    for text in _space.split(_unspaced.sub(" ", spelled)):
        parts = tuple(part[:LONGEST_WORD] for part in _punctuation.split(text) if part)
        joined = _punctuation.sub("", text)
        if parts:
            is_whole = len(parts) > 1 and len(joined) <= LONGEST_JOINED
            chunks.append(Chunk(parts=parts, joined=joined if is_whole else None))
    return Question(chunks=tuple(chunks), runs=runs)


def pairs(run: str) -> tuple[str, ...]:
    """The pairs of neighboring characters of a run in an unspaced script; of one character, itself."""
    return tuple(dict.fromkeys(run[at : at + 2] for at in range(max(1, len(run) - 1))))


def typos(word: str) -> int:
    """How many slips of the keyboard a word of this length is forgiven."""
    if len(word) < 4 or any(sign.isdigit() for sign in word):
        return 0
    return 1 if len(word) < 8 else 2


def ends(word: str) -> tuple[str, str]:
    """What a near word begins with, or ends with: slips seldom touch both ends."""
    size = len(word) // (typos(word) + 1)
    return word[:size], word[len(word) - size :]


def near(word: str, known: Iterable[str], *, is_begun: bool, most: int) -> tuple[str, ...]:
    """Those of the known words that may be meant, nearest first, the shorter first.

    Args:
        word: as it was typed.
        known: to choose from.
        is_begun: whether the word may be the beginning of a longer one.
        most: how many.
    """
    limit = typos(word)
    ranked = sorted((_distance(word, one, limit, is_begun=is_begun), len(one), one) for one in set(known) - {word})
    return tuple(one for distance, _, one in ranked[:most] if distance <= limit)


def _distance(word: str, other: str, limit: int, *, is_begun: bool) -> int:
    forms = {other}
    if is_begun:
        forms |= {other[: len(word) + off] for off in range(-limit, limit + 1)}
    return min(OSA.distance(word, form, score_cutoff=limit) for form in forms)
