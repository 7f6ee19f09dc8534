"""Changes that wait while their root is removed."""

from collections.abc import Sequence

import asyncpg

from actors.model.change import (
    AddLocation,
    AddTrack,
    Change,
    DoubtFolder,
    Ignore,
    MoveLocation,
    SetContent,
    SetRoot,
)

KEEP_ROOTS = "SELECT id FROM root WHERE id = ANY($1) ORDER BY id FOR KEY SHARE"


async def under_known_roots(connection: asyncpg.Connection, changes: Sequence[Change]) -> list[Change]:
    """Those that can be carried out, inside a write function; their roots stay until its end.

    A copy, under another root, of a recording that was to be added under one that is gone becomes its first place.
    """
    named = {root_id for change in changes if (root_id := _root_of(change)) is not None}
    known = {row["id"] for row in await connection.fetch(KEEP_ROOTS, sorted(named))} if named else set()
    left_out = set()
    kept: list[Change] = []
    for change in changes:
        root_id = _root_of(change)
        if root_id is not None and root_id not in known:
            if isinstance(change, AddTrack):
                left_out.add(change.track_id)
        elif isinstance(change, AddLocation) and change.track_id in left_out:
            left_out.discard(change.track_id)
            kept.append(AddTrack(track_id=change.track_id, reading=change.reading, content=change.content))
        else:
            kept.append(change)
    return kept


def _root_of(change: Change) -> str | None:
    """The root that a change needs, if it needs one."""
    match change:
        case AddTrack() | SetContent() | AddLocation() | MoveLocation() | Ignore():
            return change.reading.root_id
        case DoubtFolder() | SetRoot():
            return change.root_id
        case _:
            return None
