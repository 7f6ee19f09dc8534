"""Why a track cannot be played: the one decision by which players pass over tracks, and by which they say so."""

from enum import StrEnum

from actors.model.track import Presence, Stage


class Obstacle(StrEnum):
    """Why a track cannot be played now: its file is not there (`missing`), its folder cannot be looked into (`unverified`), the file is
    still being written (`growing`), has nothing in it (`empty`) or nothing that can be read (`unreadable`), or the track lies in the trash or
    is gone from the catalogue (`removed`).
    """

    MISSING = "missing"
    UNVERIFIED = "unverified"
    GROWING = "growing"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    REMOVED = "removed"


_OF_PRESENCE = {Presence.MISSING: Obstacle.MISSING, Presence.UNVERIFIED: Obstacle.UNVERIFIED}
_OF_STAGE = {Stage.GROWING: Obstacle.GROWING, Stage.EMPTY: Obstacle.EMPTY}
_FAILED = (Stage.FAILED, Stage.QUARANTINED)


def obstacle(*, presence: Presence, stage: Stage, is_read: bool) -> Obstacle | None:
    """What keeps a track that is in the catalogue from being played; None where nothing does.

    Args:
        presence: of its file.
        stage: how far it has come. One whose analysis failed can be played, if it could be read at all.
        is_read: whether its sound is known from its bytes as they are.
    """
    if presence in _OF_PRESENCE:
        return _OF_PRESENCE[presence]
    if stage in _FAILED and not is_read:
        return Obstacle.UNREADABLE
    return _OF_STAGE.get(stage)
