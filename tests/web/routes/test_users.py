"""Accounts."""

import pytest

from actors.model.key import digest
from actors.model.user import Role

USERS = "/api/v1/users"
NEW = {"name": "ada", "password": "correct horse"}


async def made(peopled, **body):
    return await peopled.client.post(USERS, json={**NEW, **body}, headers=peopled.headers(Role.ADMIN))


async def test_an_account_is_made_and_can_log_in(peopled) -> None:
    response = await made(peopled, shownName="Ada Vale")
    told = response.json()
    assert response.status_code == 201
    assert (told["name"], told["shownName"], told["role"]) == ("ada", "Ada Vale", "listener")
    assert "password" not in response.text

    found = await peopled.client.get(response.headers["location"], headers=peopled.headers(Role.ADMIN))
    assert (found.json(), found.headers["etag"]) == (told, response.headers["etag"])
    login = await peopled.client.post("/api/v1/auth/login", json=NEW)
    assert login.json()["user"] == told


async def test_the_first_account_is_an_administrators_and_closes_the_door(fresh_store, served_over, refused) -> None:
    async with served_over(fresh_store) as served:
        told = refused(await served.client.post(USERS, json=NEW), 409, "CONFLICT")
        assert "administrator" in told["message"]
        first = await served.client.post(USERS, json=NEW | {"role": "admin"})
        assert first.status_code == 201

        refused(await served.client.get(USERS), 401, "UNAUTHENTICATED")
        token = (await served.client.post("/api/v1/auth/login", json=NEW)).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await served.client.get(USERS, headers=bearer)).json()["meta"]["total"] == 1


@pytest.mark.parametrize(
    "body,field",
    [
        ({"name": ""}, "name"),
        ({"name": "two words"}, "name"),
        ({"name": "ada\n"}, "name"),
        ({"name": "ädä"}, "name"),
        ({"name": "-ada"}, "name"),
        ({"name": "a" * 65}, "name"),
        ({"name": 7}, "name"),
        ({"password": "seven77"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"password": None}, "password"),
        ({"role": "king"}, "role"),
        ({"shownName": ""}, "shownName"),
        ({"shownName": "x" * 101}, "shownName"),
        ({"shownName": "\0"}, "shownName"),
        ({"passwordHash": "x"}, "passwordHash"),
        ({"id": "x"}, "id"),
    ],
)
async def test_bad_values_are_refused(peopled, refused, body, field) -> None:
    told = refused(await made(peopled, **body), 422, "VALIDATION_ERROR")

    assert [error["field"] for error in told["errors"]] == [field]
    assert "seven77" not in str(told)
    assert await peopled.served.store.users.find_account(name="ada") is None


@pytest.mark.parametrize("name", ["the-admin", "THE-ADMIN", "local"])
async def test_a_name_is_given_once(peopled, refused, name) -> None:
    refused(await made(peopled, name=name), 409, "CONFLICT")


async def test_accounts_are_listed_by_name_in_pages(peopled) -> None:
    admin = peopled.headers(Role.ADMIN)
    first = (await peopled.client.get(f"{USERS}?pageSize=2", headers=admin)).json()
    second = (await peopled.client.get(first["links"]["next"], headers=admin)).json()

    assert [user["name"] for user in (*first["data"], *second["data"])] == ["the-admin", "the-editor", "the-listener"]
    assert (first["meta"]["total"], second["links"]["next"]) == (3, None)


async def test_everybody_finds_people_but_sees_only_names(peopled, refused) -> None:
    own = peopled.headers(Role.LISTENER)
    page = (await peopled.client.get(f"{USERS}/search?q=EDIT", headers=own)).json()
    editor = peopled.users[Role.EDITOR]

    assert page["data"] == [{"id": editor.id, "name": "the-editor", "shownName": None}]
    assert page["links"]["self"] == "/api/v1/users/search?q=EDIT&pageSize=50&page=1"
    for query in ("", "?q=", f"?q={'x' * 101}", "?q=%00", "?q=%FF", "?q=a&q=b", "?q=a&x=1"):
        refused(await peopled.client.get(f"{USERS}/search{query}", headers=own), 422, "VALIDATION_ERROR")
    for query in ("%25", "%F0%9F%8E%B5", "%27%3B--"):
        assert (await peopled.client.get(f"{USERS}/search?q={query}", headers=own)).json()["data"] == []


async def test_an_account_is_changed_by_the_version_that_was_seen(peopled, refused) -> None:
    admin, place = peopled.headers(Role.ADMIN), f"{USERS}/{peopled.users[Role.LISTENER].id}"
    etag = (await peopled.client.get(place, headers=admin)).headers["etag"]
    change = {"role": "editor", "shownName": "Ed", "name": "ed"}

    async def patch(**headers):
        return await peopled.client.patch(place, json=change, headers=admin | headers)

    refused(await patch(), 428, "PRECONDITION_REQUIRED")
    changed = await patch(**{"If-Match": etag})
    assert {name: changed.json()[name] for name in change} == change
    refused(await patch(**{"If-Match": etag}), 412, "PRECONDITION_FAILED")
    found = await peopled.client.get(place, headers=admin | {"If-None-Match": changed.headers["etag"]})
    assert found.status_code == 304
    profile = await peopled.client.get("/api/v1/auth/profile", headers=peopled.headers(Role.LISTENER))
    assert profile.json()["role"] == "editor"


async def test_a_new_password_ends_the_logins(peopled, refused) -> None:
    admin, place = peopled.headers(Role.ADMIN), f"{USERS}/{peopled.users[Role.LISTENER].id}"
    own = peopled.headers(Role.LISTENER)
    assert (await peopled.client.get("/api/v1/auth/profile", headers=own)).status_code == 200
    change = {"password": "new password"}
    response = await peopled.client.patch(place, json=change, headers=admin | {"If-Match": "*"})

    assert response.status_code == 200
    refused(await peopled.client.get("/api/v1/auth/profile", headers=own), 401, "UNAUTHENTICATED")
    login = {"name": "the-listener", "password": "new password"}
    assert (await peopled.client.post("/api/v1/auth/login", json=login)).status_code == 200


async def test_the_last_administrator_stays(peopled, refused) -> None:
    place = f"{USERS}/{peopled.users[Role.ADMIN].id}"
    any_version = peopled.headers(Role.ADMIN) | {"If-Match": "*"}

    refused(await peopled.client.delete(place, headers=any_version), 409, "CONFLICT")
    refused(await peopled.client.patch(place, json={"role": "editor"}, headers=any_version), 409, "CONFLICT")
    await made(peopled, role="admin")
    assert (await peopled.client.delete(place, headers=any_version)).status_code == 204


async def test_what_is_theirs_goes_with_an_account(peopled, refused) -> None:
    store, user = peopled.served.store, peopled.users[Role.EDITOR]
    await store.keys.add(user.id, digest("rk_k"), name="k", role=Role.EDITOR, expires_at=None)
    admin, place = peopled.headers(Role.ADMIN), f"{USERS}/{user.id}"
    refused(await peopled.client.delete(place, headers=admin), 428, "PRECONDITION_REQUIRED")
    refused(await peopled.client.delete(place, headers=admin | {"If-Match": '"x"'}), 412, "PRECONDITION_FAILED")
    assert (await peopled.client.delete(place, headers=admin | {"If-Match": "*"})).status_code == 204

    for shown in (peopled.headers(Role.EDITOR), {"X-API-Key": "rk_k"}):
        refused(await peopled.client.get("/api/v1/tracks", headers=shown), 401, "UNAUTHENTICATED")
    refused(await peopled.client.get(place, headers=admin), 404, "NOT_FOUND")
    assert await store.keys.list_(None, limit=10, offset=0) == ([], 0)


@pytest.mark.parametrize("user_id", ["nobody", "local", "%00", "%F0%9F%8E%B5", "a" * 200])
async def test_there_is_no_other_user(peopled, refused, user_id) -> None:
    any_version = peopled.headers(Role.ADMIN) | {"If-Match": "*"}
    place = f"{USERS}/{user_id}"

    refused(await peopled.client.get(place, headers=peopled.headers(Role.ADMIN)), 404, "NOT_FOUND")
    refused(await peopled.client.patch(place, json={}, headers=any_version), 404, "NOT_FOUND")
    refused(await peopled.client.delete(place, headers=any_version), 404, "NOT_FOUND")
