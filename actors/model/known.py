"""What the catalogue knows of some paths and sounds: the ground for deciding which recording a file is."""

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class Holder:
    """A track, as far as identity needs it."""

    track_id: str
    audio_hash: str | None
    paths: tuple[bytes, ...]
    """All its locations, present or not."""
    is_removed: bool = False
    """Whether people put it into the trash."""


@attrs.frozen(kw_only=True)
class Known:
    """The tracks that some paths and hashes belong to."""

    at: Mapping[bytes, Holder | None]
    """By path; None for a file that is remembered as no recording; absent when the path is new."""
    by_hash: Mapping[str, Holder]
