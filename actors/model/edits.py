"""What people say of a track in place of its file."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import attrs

from actors.model.track import Tags

EDITABLE = tuple(field.name for field in attrs.fields(Tags) if field.name != "has_picture")
"""Fields of `Tags` that people may edit."""

_LINES = frozenset({"comment"})
"""Texts that may have several lines."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_YEAR = re.compile(r"\d{4}")

Edits = Mapping[str, Any]
"""By field, the value that counts, JSON-ready; None says that there is none, whatever the file says."""


@attrs.frozen(kw_only=True)
class Metadata:
    """Both halves of a track's tags, and what becomes of them."""

    track_id: str
    version: int
    tags: Tags
    """What counts."""
    file_tags: Tags
    """What the file says."""
    edited: tuple[str, ...]
    """Fields that people edited."""


def merged(edits: Edits, change: Edits, *, is_whole: bool) -> dict[str, Any]:
    """The edits after a change of some.

    A new date brings its year along, unless the change says another one.

    Args:
        edits: those there are.
        change: by field; None takes an edit back, an empty text or list says that there is none. Texts are cleaned as
            those of files are: composed, without control characters, without needless space.
        is_whole: whether edits that the change does not name are taken back.
    """
    wanted = dict(change)
    if "date" in wanted and "year" not in wanted:
        date = wanted["date"]
        wanted["year"] = int(date[:4]) if date and _YEAR.match(date) else date
    kept = {} if is_whole else {name: value for name, value in edits.items() if name not in wanted}
    said = {name: _clean(name, value) for name, value in wanted.items() if value is not None}
    return {name: value for name, value in (kept | said).items() if name in EDITABLE}


def _clean(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return _text(value, has_lines=name in _LINES) or None
    if isinstance(value, list | tuple):
        return list(dict.fromkeys(text for one in value if (text := _text(one, has_lines=False))))
    return value


def _text(value: str, *, has_lines: bool) -> str:
    text = unicodedata.normalize("NFC", _CONTROL.sub(" ", value.replace("\r\n", "\n").replace("\r", "\n")))
    return text.strip() if has_lines else " ".join(text.split())
