"""Accounts in PostgreSQL."""

import pytest
import trio

from actors.errors import ConflictError
from actors.model.user import LOCAL_USER_ID, Role, UserChange
from actors.store.store import Store
from actors.store.users import Users

HASH = "$argon2id$"


@pytest.fixture
def users(fresh_store: Store) -> Users:
    return fresh_store.users


async def added(users: Users, name: str, role: Role = Role.ADMIN):
    return await users.add(name=name, role=role, password_hash=HASH)


async def test_an_account_is_found_by_name_whatever_its_case(users):
    ada = await users.add(name="Ada", role=Role.ADMIN, password_hash=HASH, shown_name="Ada Vale")

    account = await users.find_account(name="aDA")
    assert account.user == ada == await users.find(ada.id)
    assert account.password_hash == HASH
    assert HASH not in repr(account)
    assert (await users.find_account(user_id=ada.id)).user == ada
    assert await users.find_account(name="eve") is await users.find_account(name="\0") is None
    assert await users.find("\0") is None


async def test_a_name_is_given_once(users):
    ada = await added(users, "ada")
    eve = await added(users, "eve")

    with pytest.raises(ConflictError, match="taken"):
        await added(users, "ADA")
    with pytest.raises(ConflictError, match="taken"):
        await users.change(eve.id, UserChange(name="Ada"))
    with pytest.raises(ConflictError, match="taken"):
        await added(users, "local")
    assert await users.list_(limit=10, offset=0) == ([ada, eve], 2)


@pytest.mark.parametrize("role", [Role.LISTENER, Role.EDITOR])
async def test_the_first_account_is_an_administrators(users, role):
    with pytest.raises(ConflictError, match="first"):
        await added(users, "ada", role)
    await added(users, "eve")

    assert (await added(users, "ada", role)).role is role


async def test_the_local_user_is_no_account(users):
    before = await users.standing()
    assert not before.has_accounts
    assert await users.list_(limit=10, offset=0) == ([], 0)
    assert await users.search("local", limit=10, offset=0) == ([], 0)
    assert (await users.find(LOCAL_USER_ID)).role is Role.ADMIN

    await added(users, "ada")
    assert (await users.standing()).has_accounts


async def test_the_last_administrator_stays_one(users):
    ada = await added(users, "ada")
    await added(users, "bob", Role.EDITOR)

    with pytest.raises(ConflictError, match="last"):
        await users.change(ada.id, UserChange(role=Role.EDITOR))
    with pytest.raises(ConflictError, match="last"):
        await users.remove(ada.id)
    assert await users.find(ada.id) == ada
    await added(users, "eve")
    assert await users.remove(ada.id)


async def test_the_last_two_administrators_cannot_remove_each_other_at_once(users):
    keeper = None
    for turn in range(5):
        both = [await added(users, f"{name}{turn}") for name in ("ada", "eve")]
        if keeper is not None:
            await users.remove(keeper.id)
        refused = []

        async def remove(user_id, refused=refused):
            try:
                await users.remove(user_id)
            except ConflictError:
                refused.append(user_id)

        async with trio.open_nursery() as nursery:
            for user in both:
                nursery.start_soon(remove, user.id)
        (keeper,), _ = await users.list_(limit=10, offset=0)
        assert refused == [keeper.id]


async def test_a_change_is_of_the_version_that_was_seen(users):
    ada = await added(users, "ada")
    changed = await users.change(ada.id, UserChange(shown_name="Ada Vale", name="ada.vale"), version=ada.version)

    assert (changed.name, changed.shown_name, changed.version) == ("ada.vale", "Ada Vale", ada.version + 1)
    assert await users.change(ada.id, UserChange(shown_name="x"), version=ada.version) is None
    assert await users.change("nobody", UserChange(shown_name="x")) is None
    assert not await users.remove(ada.id, version=ada.version)
    assert not await users.remove("nobody")
    assert await users.change(ada.id, UserChange()) == changed == await users.find(ada.id)
    assert (await users.change(ada.id, UserChange(shown_name=None))).shown_name is None


async def test_a_new_password_ends_all_tokens_but_the_one_that_is_kept(fresh_store):
    ada = await added(fresh_store.users, "ada")
    eve = await added(fresh_store.users, "eve")
    tokens = [await fresh_store.tokens.add(ada.id, bytes([number]) * 32, lifetime_s=60) for number in range(3)]
    await fresh_store.tokens.add(eve.id, bytes([9]) * 32, lifetime_s=60)

    await fresh_store.users.change(ada.id, UserChange(password_hash="new"), kept_token=tokens[1].id)
    left = [await fresh_store.tokens.find(bytes([number]) * 32) is not None for number in (0, 1, 2, 9)]
    assert left == [False, True, False, True]

    await fresh_store.users.change(ada.id, UserChange(password_hash="newer"))
    assert await fresh_store.tokens.find(bytes([1]) * 32) is None


async def test_search_knows_names_and_shown_names(users):
    await users.add(name="ada", role=Role.ADMIN, password_hash=HASH, shown_name="Countess Lovelace")
    await users.add(name="canada", role=Role.LISTENER, password_hash=HASH)
    await users.add(name="zoe", role=Role.LISTENER, password_hash=HASH, shown_name="Zoë Ada")

    async def names(text, **page):
        found, total = await users.search(text, **{"limit": 10, "offset": 0, **page})
        return [user.name for user in found], total

    assert await names("ADA") == (["ada", "canada", "zoe"], 3)
    assert await names("zoe") == (["zoe"], 1)
    assert await names("lovelace") == (["ada"], 1)
    assert await names("ada", limit=1, offset=1) == (["canada"], 3)
    assert await names("%") == await names("\0") == ([], 0)


async def test_preferences_are_kept_by_version(users):
    ada = await added(users, "ada")
    assert await users.find_preferences(ada.id) == (ada, {})
    assert await users.find_preferences("nobody") is None

    changed = await users.change_preferences(ada.id, {"theme": "dark"}, version=1)
    assert await users.find_preferences(ada.id) == (changed, {"theme": "dark"})
    assert await users.change_preferences(ada.id, {"theme": "light"}, version=1) is None


async def test_a_hash_at_old_costs_is_replaced_unless_the_password_was(users):
    ada = await added(users, "ada")
    account = await users.find_account(name="ada")
    await users.rehash(account, "better")
    await users.rehash(account, "too late")

    assert (await users.find_account(name="ada")).password_hash == "better"
    assert await users.find(ada.id) == ada


async def test_the_revision_grows_when_somebody_may_do_more_or_less(fresh_store):
    users, seen = fresh_store.users, []

    async def grew() -> bool:
        seen.append((await users.standing()).revision)
        return len(seen) > 1 and seen[-1] > seen[-2]

    await grew()
    ada = await added(users, "ada")
    assert await grew()
    await users.change(ada.id, UserChange(shown_name="x"))
    assert not await grew()
    eve = await added(users, "eve")
    assert await grew()
    await users.change(eve.id, UserChange(role=Role.EDITOR))
    assert await grew()
    token = await fresh_store.tokens.add(eve.id, b"t" * 32, lifetime_s=60)
    key = await fresh_store.keys.add(eve.id, b"k" * 32, name="k", role=Role.EDITOR, expires_at=None)
    assert not await grew()
    await fresh_store.tokens.remove(token.id)
    assert await grew()
    await fresh_store.keys.note_use(key.id)
    assert not await grew()
    await fresh_store.keys.remove(key.id)
    assert await grew()
    await users.remove(eve.id)
    assert await grew()
