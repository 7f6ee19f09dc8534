"""Tokens in PostgreSQL."""

from datetime import UTC, datetime, timedelta

import trio

from actors.model.user import LOCAL_USER_ID, Role, UserChange
from actors.store import tokens as module
from actors.store.store import Store


async def test_a_token_lets_in_whom_it_was_given_to_until_it_is_revoked(fresh_store: Store):
    ada = await fresh_store.users.add(name="ada", role=Role.ADMIN, password_hash="h")
    token = await fresh_store.tokens.add(ada.id, b"a" * 32, lifetime_s=3600)
    caller = await fresh_store.tokens.find(b"a" * 32)

    assert (caller.user_id, caller.name, caller.role, caller.token_id) == (ada.id, "ada", Role.ADMIN, token.id)
    assert caller.expires_at == token.expires_at
    assert timedelta(minutes=59) < token.expires_at - datetime.now(UTC) < timedelta(minutes=61)
    assert await fresh_store.tokens.find(b"b" * 32) is None
    assert await fresh_store.tokens.remove(token.id)
    assert not await fresh_store.tokens.remove(token.id)
    assert await fresh_store.tokens.find(b"a" * 32) is None


async def test_an_expired_token_lets_nobody_in_and_is_forgotten_at_the_next_login(fresh_store: Store):
    expired = await fresh_store.tokens.add(LOCAL_USER_ID, b"a" * 32, lifetime_s=-1)
    assert await fresh_store.tokens.find(b"a" * 32) is None

    await fresh_store.tokens.add(LOCAL_USER_ID, b"b" * 32, lifetime_s=60)
    assert not await fresh_store.tokens.remove(expired.id)


async def test_nobody_has_endlessly_many(fresh_store: Store, monkeypatch):
    monkeypatch.setattr(module, "MOST_PER_USER", 2)
    for name in (b"a", b"b", b"c"):
        await fresh_store.tokens.add(LOCAL_USER_ID, name * 32, lifetime_s=60)

    assert [await fresh_store.tokens.find(name * 32) is not None for name in (b"a", b"b", b"c")] == [False, True, True]


async def test_tokens_go_with_their_user(fresh_store: Store):
    for name in ("ada", "eve"):
        await fresh_store.users.add(name=name, role=Role.ADMIN, password_hash="h")
    ada = (await fresh_store.users.find_account(name="ada")).user
    await fresh_store.tokens.add(ada.id, b"a" * 32, lifetime_s=60)
    await fresh_store.users.remove(ada.id)

    assert await fresh_store.tokens.find(b"a" * 32) is None
    assert await fresh_store.tokens.add(ada.id, b"b" * 32, lifetime_s=60) is None


async def test_no_login_by_an_old_password_outlives_a_new_one(fresh_store: Store):
    ada = await fresh_store.users.add(name="ada", role=Role.ADMIN, password_hash="old")

    async def log_in(number: int):
        await fresh_store.tokens.add(ada.id, bytes([number]) * 32, lifetime_s=9, password_hash="old")

    async with trio.open_nursery() as nursery:
        for number in range(4):
            nursery.start_soon(log_in, number)
        nursery.start_soon(fresh_store.users.change, ada.id, UserChange(password_hash="new"))
        for number in range(4, 8):
            nursery.start_soon(log_in, number)

    assert [await fresh_store.tokens.find(bytes([number]) * 32) for number in range(8)] == [None] * 8
    assert await fresh_store.tokens.add(ada.id, b"n" * 32, lifetime_s=9, password_hash="new") is not None
