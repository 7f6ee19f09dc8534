"""Who may come in, over real accounts."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
import trio

from actors.errors import DatabaseAwayError
from actors.model.key import digest, fresh_secret
from actors.model.user import Role, UserChange
from actors.store.keys import Keys
from actors.store.store import Store
from actors.store.tokens import Tokens
from actors.store.users import Users
from web import access as module
from web.access import Access, Kind, Shown

TOKEN, KEY = fresh_secret("rt_"), fresh_secret("rk_")


@pytest.fixture
async def ada(fresh_store: Store):
    ada = await fresh_store.users.add(name="ada", role=Role.ADMIN, password_hash="h")
    await fresh_store.tokens.add(ada.id, digest(TOKEN), lifetime_s=3600)
    return ada


class Tapped:
    """A pool that counts what it is asked, and can be away."""

    def __init__(self, store: Store) -> None:
        self._pool = store.pool
        self.asked = 0
        self.is_away = False
        self.store = attrs.evolve(store, users=Users(self), tokens=Tokens(self), keys=Keys(self))

    async def read(self, fn):
        """As the pool does."""
        self.asked += 1
        if self.is_away:
            raise DatabaseAwayError("away")
        return await self._pool.read(fn)


async def test_a_caller_is_looked_up_once_as_long_as_nothing_changes(fresh_store, store_config, ada):
    tapped = Tapped(fresh_store)
    access = Access(tapped.store, store_config)
    first = await access.caller_of(Shown.of(TOKEN))
    for _ in range(50):
        assert await access.caller_of(Shown.of(TOKEN)) is first

    assert first.user_id == ada.id
    assert tapped.asked <= 3  # the caller and the revision, and that again should a second have passed


async def test_what_is_revoked_here_counts_at_once(fresh_store, store_config, ada):
    access = Access(fresh_store, store_config)
    caller = await access.caller_of(Shown.of(TOKEN))
    await fresh_store.tokens.remove(caller.token_id)
    access.change()

    assert await access.caller_of(Shown.of(TOKEN)) is None


async def test_what_is_revoked_elsewhere_counts_when_the_revision_is_read_again(
    fresh_store, store_config, ada, monkeypatch
):
    monkeypatch.setattr(module, "FRESH_S", 0.0)
    here, there = Access(fresh_store, store_config), Access(fresh_store, store_config)
    await fresh_store.users.add(name="eve", role=Role.ADMIN, password_hash="h")
    assert (await here.caller_of(Shown.of(TOKEN))).role is Role.ADMIN
    await fresh_store.users.change(ada.id, UserChange(role=Role.LISTENER))
    assert (await here.caller_of(Shown.of(TOKEN))).role is Role.LISTENER
    await there.caller_of(Shown.of(TOKEN))
    await fresh_store.users.remove(ada.id)

    assert await here.caller_of(Shown.of(TOKEN)) is await there.caller_of(Shown.of(TOKEN)) is None


async def test_one_who_is_remembered_ends_in_time(fresh_store, store_config, ada):
    access = Access(fresh_store, store_config)
    await access.caller_of(Shown.of(TOKEN))
    known = access._remembered[digest(TOKEN)]
    known.caller = attrs.evolve(known.caller, expires_at=datetime.now(UTC) - timedelta(seconds=1))

    assert await access.caller_of(Shown.of(TOKEN)) is None


async def test_many_at_once_ask_for_the_revision_once(fresh_store, store_config, ada):
    tapped = Tapped(fresh_store)
    access = Access(tapped.store, store_config)
    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(access.is_open_to, "127.0.0.1")

    assert tapped.asked == 1


async def test_those_remembered_are_bounded(fresh_store, store_config, ada, monkeypatch):
    monkeypatch.setattr(module, "MOST_REMEMBERED", 3)
    access = Access(fresh_store, store_config)
    for number in range(10):
        await fresh_store.tokens.add(ada.id, digest(f"rt_{number}"), lifetime_s=60)
        await access.caller_of(Shown.of(f"rt_{number}"))
        await access.caller_of(Shown.of(f"rt_unknown{number}"))

    assert list(access._remembered) == [digest(f"rt_{number}") for number in (7, 8, 9)]


async def test_use_of_a_key_is_noted_once_a_minute(fresh_store, store_config, ada):
    access = Access(fresh_store, store_config)
    key = await fresh_store.keys.add(ada.id, digest(KEY), name="k", role=Role.EDITOR, expires_at=None)
    await access.caller_of(Shown.of(KEY))
    noted = (await fresh_store.keys.find(key.id)).last_used_at
    assert noted is not None
    await access.caller_of(Shown.of(KEY))

    assert (await fresh_store.keys.find(key.id)).last_used_at == noted


async def test_keys_of_the_configuration_let_in_administrators(fresh_store, store_config):
    keys = "a" * 32 + "," + "b" * 40
    access = Access(fresh_store, attrs.evolve(store_config, admin_key=keys))
    for key in keys.split(","):
        caller = await access.caller_of(Shown.of(key))
        assert (caller.user_id, caller.role, caller.token_id, caller.key_id) == ("local", Role.ADMIN, None, None)

    for wrong in (keys, "a" * 31, "", "rk_" + "a" * 32):
        assert await access.caller_of(Shown.of(wrong)) is None
    assert not await access.is_open_to("127.0.0.1")


@pytest.mark.parametrize(
    "client,is_here",
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.0.2.1", False),
        ("::ffff:192.0.2.1", False),
        ("fe80::1%eth0", False),
        ("", False),
        ("unix:", False),
        (None, False),
    ],
)
async def test_nothing_is_needed_on_loopback_while_there_is_no_account(fresh_store, store_config, client, is_here):
    access = Access(fresh_store, store_config)
    assert await access.is_open_to(client) is is_here
    await fresh_store.users.add(name="ada", role=Role.ADMIN, password_hash="h")
    access.change()

    assert not await access.is_open_to(client)
    assert await Access(fresh_store, attrs.evolve(store_config, no_auth=True)).is_open_to(client)


async def test_while_the_database_is_away_what_was_known_counts(fresh_store, store_config, ada):
    tapped = Tapped(fresh_store)
    known, fresh = Access(tapped.store, store_config), Access(tapped.store, store_config)
    caller = await known.caller_of(Shown.of(TOKEN))

    tapped.is_away = True
    known.change()
    assert await known.caller_of(Shown.of(TOKEN)) == caller
    assert not await known.is_open_to("127.0.0.1")
    with pytest.raises(DatabaseAwayError):
        await known.caller_of(Shown.of("rt_new"))
    with pytest.raises(DatabaseAwayError):
        await fresh.is_open_to("127.0.0.1")


async def test_what_changes_elsewhere_is_noticed_by_the_watch(fresh_store, store_config, ada, nursery, monkeypatch):
    monkeypatch.setattr(module, "FRESH_S", 0.0)
    monkeypatch.setattr(module, "LOOK_AGAIN_S", 0.01)
    access = Access(fresh_store, store_config)
    await access.is_open_to("127.0.0.1")
    nursery.start_soon(access.keep_watch)
    seen = access.changes
    await fresh_store.users.add(name="eve", role=Role.ADMIN, password_hash="h")
    with trio.fail_after(10):
        await access.until_changed(seen)

    assert access.changes == seen + 1
    nursery.cancel_scope.cancel()


async def test_what_changes_here_wakes_whoever_waits(fresh_store, store_config, nursery):
    access = Access(fresh_store, store_config)
    nursery.start_soon(access.until_changed, access.changes)
    await trio.testing.wait_all_tasks_blocked()
    access.change()
    with trio.fail_after(10):
        await access.until_changed(0)


def test_secrets_are_told_apart_by_their_look_and_shown_by_none():
    assert [Shown.of(text).kind for text in (TOKEN, KEY, "other", "")] == [
        Kind.TOKEN, Kind.KEY, Kind.OTHER, Kind.OTHER,
    ]  # fmt: skip
    assert TOKEN not in repr(Shown.of(TOKEN))
