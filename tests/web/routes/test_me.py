"""The one who asks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.model.key import digest
from actors.model.user import Role
from web.attempts import FREE_OF_PAIR
from web.errors import ProblemError
from web.routes.me import MOST_CUSTOM, Preferences, PreferencesPatch, merged

ME = "/api/v1/users/me"


async def patched(peopled, body, *, path=ME, role=Role.LISTENER, if_match="*"):
    return await peopled.client.patch(path, json=body, headers=peopled.headers(role) | {"If-Match": if_match})


async def test_one_sees_and_names_oneself(peopled, refused) -> None:
    own = peopled.headers(Role.LISTENER)
    seen = await peopled.client.get(ME, headers=own)
    assert seen.json()["id"] == peopled.users[Role.LISTENER].id
    changed = await patched(peopled, {"shownName": "Lis"}, if_match=seen.headers["etag"])
    assert changed.json()["shownName"] == "Lis"

    refused(await patched(peopled, {"shownName": "x"}, if_match=seen.headers["etag"]), 412, "PRECONDITION_FAILED")
    refused(await peopled.client.patch(ME, json={}, headers=own), 428, "PRECONDITION_REQUIRED")
    assert (await patched(peopled, {"shownName": None})).json()["shownName"] is None


@pytest.mark.parametrize("body", [{"role": "admin"}, {"name": "x"}, {"password": "short"}, {"shownName": 7}])
async def test_one_cannot_make_oneself_anything(peopled, refused, body) -> None:
    refused(await patched(peopled, body), 422, "VALIDATION_ERROR")


async def test_a_new_password_needs_the_old_one_and_ends_the_other_logins(peopled, refused) -> None:
    user = peopled.users[Role.LISTENER]
    await peopled.served.store.tokens.add(user.id, digest("rt_other"), lifetime_s=60)
    other = {"Authorization": "Bearer rt_other"}
    assert (await peopled.client.get(ME, headers=other)).status_code == 200

    for wrong in ({}, {"oldPassword": "wrong"}):
        told = refused(await patched(peopled, {"password": "new password", **wrong}), 422, "VALIDATION_ERROR")
        assert [error["field"] for error in told["errors"]] == ["oldPassword"]
    assert (await patched(peopled, {"password": "new password", "oldPassword": "correct horse"})).status_code == 200
    refused(await peopled.client.get(ME, headers=other), 401, "UNAUTHENTICATED")
    assert (await peopled.client.get(ME, headers=peopled.headers(Role.LISTENER))).status_code == 200
    login = {"name": user.name, "password": "new password"}
    assert (await peopled.client.post("/api/v1/auth/login", json=login)).status_code == 200


async def test_old_passwords_cannot_be_guessed_without_end(peopled, refused) -> None:
    guess = {"password": "new password", "oldPassword": "guess"}
    for _ in range(FREE_OF_PAIR):
        refused(await patched(peopled, guess), 422, "VALIDATION_ERROR")

    refused(await patched(peopled, guess), 429, "RATE_LIMITED")


async def test_the_local_user_has_no_password(fresh_store, served_over, refused) -> None:
    async with served_over(fresh_store) as served:
        any_version = {"If-Match": "*"}
        body = {"password": "new password", "oldPassword": "x"}
        refused(await served.client.patch(ME, json=body, headers=any_version), 409, "CONFLICT")
        changed = await served.client.patch(f"{ME}/preferences", json={"theme": "dark"}, headers=any_version)
        assert changed.json()["theme"] == "dark"


async def test_preferences_are_ones_own_and_changed_in_parts(peopled, refused) -> None:
    path = f"{ME}/preferences"
    before = await peopled.client.get(path, headers=peopled.headers(Role.LISTENER))
    assert before.json() == {
        "theme": "system",
        "language": "en",
        "pageSize": 50,
        "notifications": {"imports": True, "failures": True, "supervision": False},
        "custom": {},
    }
    change = {"theme": "dark", "notifications": {"imports": False}, "custom": {"a": 1, "b": "x", "c": True}}
    after = await patched(peopled, change, path=path, if_match=before.headers["etag"])
    again = await patched(peopled, {"custom": {"b": None, "d": ""}, "language": "de-AT"}, path=path)

    assert after.json()["notifications"] == {"imports": False, "failures": True, "supervision": False}
    assert again.json() == after.json() | {"custom": {"a": 1, "c": True, "d": ""}, "language": "de-AT"}
    assert (await peopled.client.get(path, headers=peopled.headers(Role.LISTENER))).json() == again.json()
    assert (await peopled.client.get(path, headers=peopled.headers(Role.ADMIN))).json() == before.json()
    refused(await patched(peopled, {}, path=path, if_match=before.headers["etag"]), 412, "PRECONDITION_FAILED")


@pytest.mark.parametrize(
    "body",
    [
        {"theme": "pink"},
        {"theme": None},
        {"language": "english!"},
        {"language": ""},
        {"pageSize": 0},
        {"pageSize": 501},
        {"pageSize": True},
        {"notifications": {"imports": 1}},
        {"notifications": {"other": True}},
        {"notifications": []},
        {"custom": {"": 1}},
        {"custom": {"a": {}}},
        {"custom": {"a": 1.5}},
        {"custom": {"a": 2**60}},
        {"custom": {"a" * 65: 1}},
        {"custom": {"a": "x" * 1001}},
        {"custom": {"a": "\0"}},
        {"custom": {str(number): number for number in range(MOST_CUSTOM + 1)}},
        {"other": 1},
    ],
    ids=lambda body: str(body)[:40],
)
async def test_other_preferences_are_refused(peopled, refused, body) -> None:
    refused(await patched(peopled, body, path=f"{ME}/preferences"), 422, "VALIDATION_ERROR")


def test_custom_settings_are_bounded_over_all_changes() -> None:
    full = Preferences(custom={str(number): number for number in range(MOST_CUSTOM)})
    assert merged(full, PreferencesPatch(custom={"0": None, "new": 1})).custom.keys() >= {"new"}

    with pytest.raises(ProblemError):
        merged(full, PreferencesPatch(custom={"new": 1}))


@given(
    st.dictionaries(st.text(max_size=3), st.integers(-9, 9) | st.booleans() | st.text(max_size=3), max_size=5),
    st.dictionaries(st.text(max_size=3), st.none() | st.integers(-9, 9) | st.booleans(), max_size=5),
)
def test_custom_settings_are_merged_by_name(before, patch) -> None:
    after = merged(Preferences(custom=before), PreferencesPatch(custom=patch)).custom

    assert after == {k: v for k, v in {**before, **patch}.items() if v is not None}
    assert merged(Preferences(custom=after), PreferencesPatch(custom=patch)).custom == after
