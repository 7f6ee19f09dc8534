"""Watched folders as clients see them."""

from datetime import UTC, datetime

import msgspec

from actors.model.root import Root
from actors.model.root_view import RootView, root_view


def test_a_root_is_shown_as_text() -> None:
    view = root_view(Root(id="r1", path=b"/m\xff", added_at=datetime(2026, 3, 1, tzinfo=UTC)))

    assert (view.path, view.state) == ("/m\ufffd", "waiting")
    assert msgspec.json.decode(msgspec.json.encode(view), type=RootView) == view
