"""API keys in PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest
import trio

from actors.errors import ConflictError
from actors.model.user import LOCAL_USER_ID, Role, UserChange
from actors.store.keys import MOST_PER_USER
from actors.store.store import Store


async def test_a_key_lets_in_its_owner_with_no_more_than_both_may(fresh_store: Store):
    await fresh_store.users.add(name="root", role=Role.ADMIN, password_hash="h")
    ada = await fresh_store.users.add(name="ada", role=Role.EDITOR, password_hash="h")
    for role in Role:
        await fresh_store.keys.add(ada.id, role.encode() * 4, name=role, role=role, expires_at=None)

    async def roles():
        return [(await fresh_store.keys.find_caller(role.encode() * 4)).role for role in Role]

    assert await roles() == [Role.LISTENER, Role.EDITOR, Role.EDITOR]
    await fresh_store.users.change(ada.id, UserChange(role=Role.LISTENER))
    assert await roles() == [Role.LISTENER] * 3


async def test_a_key_ends_when_it_was_said_or_revoked(fresh_store: Store):
    now = datetime.now(UTC)
    expired = await fresh_store.keys.add(
        LOCAL_USER_ID, b"a", name="a", role=Role.ADMIN, expires_at=now - timedelta(seconds=1)
    )
    good = await fresh_store.keys.add(
        LOCAL_USER_ID, b"b", name="b", role=Role.ADMIN, expires_at=now + timedelta(hours=1)
    )

    assert await fresh_store.keys.find_caller(b"a") is None
    caller = await fresh_store.keys.find_caller(b"b")
    assert (caller.key_id, caller.user_id, caller.expires_at) == (good.id, LOCAL_USER_ID, good.expires_at)
    assert await fresh_store.keys.remove(good.id)
    assert not await fresh_store.keys.remove(good.id)
    assert await fresh_store.keys.find_caller(b"b") is None
    assert await fresh_store.keys.find(expired.id) == expired
    assert await fresh_store.keys.find("\0") is None


async def test_lists_hold_the_keys_of_one_or_of_all(fresh_store: Store):
    ada = await fresh_store.users.add(name="ada", role=Role.ADMIN, password_hash="h")
    one = await fresh_store.keys.add(LOCAL_USER_ID, b"1", name="one", role=Role.ADMIN, expires_at=None)
    two = await fresh_store.keys.add(ada.id, b"2", name="two\0", role=Role.ADMIN, expires_at=None)

    assert two.name == "two\ufffd"
    assert await fresh_store.keys.list_(None, limit=10, offset=0) == ([one, two], 2)
    assert await fresh_store.keys.list_(None, limit=10, offset=1) == ([two], 2)
    assert await fresh_store.keys.list_(ada.id, limit=10, offset=0) == ([two], 1)


async def test_use_is_noted(fresh_store: Store):
    key = await fresh_store.keys.add(LOCAL_USER_ID, b"1", name="one", role=Role.ADMIN, expires_at=None)
    assert key.last_used_at is None
    await fresh_store.keys.note_use(key.id)
    noted = (await fresh_store.keys.find(key.id)).last_used_at
    assert noted is not None

    await fresh_store.keys.note_use(key.id)
    assert (await fresh_store.keys.find(key.id)).last_used_at == noted  # to the minute


async def test_nobody_has_endlessly_many_however_many_are_made_at_once(fresh_store: Store):
    for number in range(MOST_PER_USER - 2):
        await fresh_store.keys.add(LOCAL_USER_ID, bytes([number]), name="k", role=Role.ADMIN, expires_at=None)
    refused = []

    async def add(digest: bytes):
        try:
            await fresh_store.keys.add(LOCAL_USER_ID, digest, name="k", role=Role.ADMIN, expires_at=None)
        except ConflictError:
            refused.append(digest)

    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(add, b"more" + bytes([number]))

    assert len(refused) == 4
    assert (await fresh_store.keys.list_(None, limit=1, offset=0))[1] == MOST_PER_USER


async def test_there_is_no_key_for_one_who_is_gone(fresh_store: Store):
    with pytest.raises(ConflictError, match="gone"):
        await fresh_store.keys.add("nobody", b"1", name="k", role=Role.LISTENER, expires_at=None)


async def test_no_key_is_made_by_one_that_is_gone(fresh_store: Store):
    with pytest.raises(ConflictError, match="is gone"):
        await fresh_store.keys.add(
            LOCAL_USER_ID, b"x" * 32, name="x", role=Role.LISTENER, expires_at=None, made_by="gone"
        )
