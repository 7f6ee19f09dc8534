"""Accounts and keys as clients see them."""

from datetime import UTC, datetime

import msgspec

from actors.model.key import Key
from actors.model.user import Role, User
from actors.model.user_view import api_key_view, person_view, user_view

NOW = datetime(2026, 3, 1, tzinfo=UTC)
USER = User(id="1", name="ada", shown_name="Ada", role=Role.EDITOR, added_at=NOW, changed_at=NOW, version=3)
KEY = Key(id="2", user_id="1", name="script", role=Role.LISTENER, added_at=NOW)


def test_an_account_shows_all_but_its_version():
    assert msgspec.to_builtins(user_view(USER)) == {
        "id": "1",
        "name": "ada",
        "shownName": "Ada",
        "role": "editor",
        "addedAt": "2026-03-01T00:00:00Z",
        "changedAt": "2026-03-01T00:00:00Z",
    }


def test_others_see_only_the_names():
    assert msgspec.to_builtins(person_view(USER)) == {"id": "1", "name": "ada", "shownName": "Ada"}


def test_a_key_shows_everything_but_its_secret():
    assert msgspec.to_builtins(api_key_view(KEY)) == {
        "id": "2",
        "userId": "1",
        "name": "script",
        "role": "listener",
        "addedAt": "2026-03-01T00:00:00Z",
        "expiresAt": None,
        "lastUsedAt": None,
    }
