"""What people tell their player, by HTTP and WebSocket alike: the payload of each command."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

Id = Annotated[str, Meta(min_length=1, max_length=128)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]


_WITHOUT_NUL = "^[^\\u0000]*$"


class Device(Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something of a user's that can sound, as it calls itself: a page, a phone, a radio."""

    id: Annotated[str, Meta(min_length=1, max_length=128, pattern=_WITHOUT_NUL)]
    """The same at each of its connections, and no other device's of this user."""
    name: Annotated[str, Meta(max_length=200, pattern=_WITHOUT_NUL)] = ""
    """For people."""


class Command(Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One wish. Base of all."""


class Play(Command, frozen=True, kw_only=True):
    """Go on, or begin: with the item named, else where the player is, else with the first that can be played."""

    item_id: Id | None = None
    """Which; null: where the player is, or the first that can be played."""
    device: Device | None = None
    """Where it sounds from now on. Null: where it did; what was stopped, or sounded nowhere, does on the device that says this."""


class Pause(Command, frozen=True, kw_only=True):
    """Hold on."""


class Seek(Command, frozen=True, kw_only=True):
    """Go on from another moment of the track."""

    position: Annotated[float, Meta(ge=0, le=10_000_000)]
    """Seconds from its beginning."""


class NextTrack(Command, frozen=True, kw_only=True):
    """Go on with the next item that can be played."""


class PreviousTrack(Command, frozen=True, kw_only=True):
    """Back to the beginning of the track, or, within its first seconds, to the item before it."""


class SetVolume(Command, frozen=True, kw_only=True):
    """Louder or quieter."""

    volume: Annotated[float, Meta(ge=0, le=1)]
    """0 is silent, 1 as loud as it gets."""


class AddTrack(Command, frozen=True, kw_only=True):
    """Put a track into the queue."""

    track_id: Id
    """Which."""
    position: Count | None = None
    """Where, from 0; null: at the end. Where the queue is shorter, at its end too."""
    version: Count | None = None
    """Of the queue that you saw; null: whatever it is meanwhile."""


class RemoveTrack(Command, frozen=True, kw_only=True):
    """Take an item out of the queue; where it is playing, the next goes on."""

    item_id: Id
    """Which."""
    version: Count | None = None
    """Of the queue that you saw; null: whatever it is meanwhile."""


class ClearQueue(Command, frozen=True, kw_only=True):
    """Take everything out of the queue and stop."""

    version: Count | None = None
    """Of the queue that you saw; null: whatever it is meanwhile."""


class ReorderQueue(Command, frozen=True, kw_only=True):
    """Move an item to another place."""

    item_id: Id
    """Which."""
    position: Count
    """Where it stands afterwards, from 0."""
    version: Count
    """Of the queue that you saw."""


COMMANDS: Mapping[str, type[Command]] = {
    "PLAY": Play,
    "PAUSE": Pause,
    "SEEK": Seek,
    "NEXT_TRACK": NextTrack,
    "PREVIOUS_TRACK": PreviousTrack,
    "SET_VOLUME": SetVolume,
    "ADD_TRACK": AddTrack,
    "REMOVE_TRACK": RemoveTrack,
    "CLEAR_QUEUE": ClearQueue,
    "REORDER_QUEUE": ReorderQueue,
}
"""Every command by its name."""

EDITS = (AddTrack, RemoveTrack, ClearQueue, ReorderQueue)
"""Those that change the queue."""
