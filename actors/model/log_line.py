"""One line of what the process logs, finished when it was written: nothing in it changes later, and all of it is bounded."""

import enum
from collections.abc import Mapping
from datetime import datetime

import attrs

MESSAGE_CHARACTERS = 2_000
FIELDS = 32
"""So many values of one line are kept."""
NAME_CHARACTERS = 100
"""Of a field or a logger."""
VALUE_CHARACTERS = 1_000
VALUES_CHARACTERS = 8_000
"""Of all values of one line together."""
TRACEBACK_CHARACTERS = 8_000
CUT = "…"
_SURELY_BYTES = 400
"""What a line takes beside its texts, about."""

Scalar = str | int | float | bool | None


class Level(enum.IntEnum):
    """How grave a line is; the numbers are those of the standard library."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50

    @classmethod
    def of(cls, number: int) -> "Level":
        """The highest that is not above a number of the standard library; the lowest for what is below all."""
        return max((level for level in cls if level <= number), default=cls.DEBUG)

    @property
    def word(self) -> str:
        """As clients and settings name it."""
        return self.name.lower()


@attrs.frozen(kw_only=True)
class LogLine:
    """What was logged; texts are well-formed Unicode and cut to their bounds."""

    at: datetime
    """UTC."""
    level: Level
    logger: str
    message: str
    request_id: str | None = None
    fields: Mapping[str, Scalar] = attrs.field(factory=dict)
    """Its values, in their order."""
    traceback: str | None = None
    """Of an error that nobody foresaw; without the values of variables."""
    size_bytes: int = attrs.field(init=False)
    """What it takes in memory, about."""

    def __attrs_post_init__(self) -> None:
        texts = len(self.message) + len(self.traceback or "") + sum(map(len, self.fields))
        values = sum([len(value) for value in self.fields.values() if isinstance(value, str)])
        object.__setattr__(self, "size_bytes", _SURELY_BYTES + texts + values)


@attrs.frozen(kw_only=True)
class Entry:
    """A line in its place: the number counts the lines of one process, from 1."""

    number: int
    line: LogLine


@attrs.frozen(kw_only=True)
class Heard:
    """A line as one reader gets it."""

    entry: Entry
    dropped: int
    """Lines right before it that were lost to this reader."""


def well_formed(text: str) -> str:
    """The text as it can be written in UTF-8: halves of characters, as they come from file names that are none, as escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def cut(text: str, characters: int) -> str:
    """The beginning of a text, well-formed; where something is left out, it ends with `…`."""
    if len(text) <= characters:
        return well_formed(text)
    return well_formed(text[: characters - 1] + CUT)


def cut_before(text: str, characters: int) -> str:
    """The end of a text, well-formed; where something is left out, it begins with `…`."""
    if len(text) > characters:
        text = CUT + text[1 - characters :]
    return well_formed(text)
