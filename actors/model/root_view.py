"""Watched folders as clients see them."""

import msgspec

from actors.model.root import Root, RootState
from actors.model.time import Time
from actors.model.track import shown_path


class RootView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One watched folder; `reason` says why it is unavailable or held."""

    id: str
    path: str
    """The folder, absolute."""
    state: RootState
    """How it is doing."""
    reason: str | None
    """Why it is unavailable or held; null otherwise."""
    added_at: Time
    scanned_at: Time | None
    """When it was last compared with the catalogue as a whole; null if never."""


def root_view(root: Root) -> RootView:
    """One root as clients see it."""
    return RootView(
        id=root.id,
        path=shown_path(root.path),
        state=root.state,
        reason=root.reason,
        added_at=root.added_at,
        scanned_at=root.scanned_at,
    )
