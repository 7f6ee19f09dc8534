"""API keys."""

from datetime import UTC, datetime, timedelta

import pytest

from actors.model.key import digest
from actors.model.user import Role

KEYS = "/api/v1/auth/keys"


async def made(peopled, maker=Role.EDITOR, headers=None, **body):
    headers = headers or peopled.headers(maker)
    return await peopled.client.post(KEYS, json={"name": "script", **body}, headers=headers)


async def test_a_key_is_shown_once_and_kept_as_a_digest(peopled) -> None:
    response = await made(peopled)
    told = response.json()
    secret = told.pop("secret")
    assert response.status_code == 201
    assert secret.startswith("rk_")
    assert (told["name"], told["role"], told["userId"]) == ("script", "editor", peopled.users[Role.EDITOR].id)

    found = await peopled.client.get(response.headers["location"], headers=peopled.headers(Role.EDITOR))
    assert found.json() == told
    assert found.headers["etag"] == response.headers["etag"]
    pool = peopled.served.store.pool
    rows = await pool.read(lambda connection: connection.fetch("SELECT api_key::text AS row, hash FROM api_key"))
    assert [row["hash"] for row in rows] == [digest(secret)]
    assert all(secret not in row["row"] for row in rows)
    tracks = await peopled.client.get("/api/v1/tracks", headers={"X-API-Key": secret})
    assert tracks.status_code == 200
    used = await peopled.client.get(response.headers["location"], headers=peopled.headers(Role.EDITOR))
    assert used.json()["lastUsedAt"] is not None


async def test_no_key_allows_more_than_its_maker_may(peopled, refused) -> None:
    for maker in Role:
        for role in Role:
            response = await made(peopled, maker, role=role)
            if maker.includes(role):
                assert response.json()["role"] == role
            else:
                refused(response, 403, "FORBIDDEN")
    listener = (await made(peopled, Role.ADMIN, role="listener")).json()["secret"]
    refused(await made(peopled, headers={"X-API-Key": listener}, role="editor"), 403, "FORBIDDEN")


async def test_a_key_made_by_a_key_ends_with_it(peopled) -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    secret = (await made(peopled, expiresAt=end.isoformat())).json()["secret"]
    for asked in (None, (end + timedelta(days=1)).isoformat()):
        inner = await made(peopled, headers={"X-API-Key": secret}, expiresAt=asked)
        assert datetime.fromisoformat(inner.json()["expiresAt"]) == end
    sooner = end - timedelta(minutes=5)
    inner = await made(peopled, headers={"X-API-Key": secret}, expiresAt=sooner.isoformat())
    assert datetime.fromisoformat(inner.json()["expiresAt"]) == sooner


@pytest.mark.parametrize(
    "expires_at",
    [
        "2000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00",
        "2026-01-01T00:00:00",
        "soon",
        7,
    ],
)
async def test_an_end_that_cannot_be_is_refused(peopled, refused, expires_at) -> None:
    told = refused(await made(peopled, expiresAt=expires_at), 422, "VALIDATION_ERROR")
    assert [error["field"] for error in told["errors"]] == ["expiresAt"]


@pytest.mark.parametrize("body", [{"name": ""}, {"name": "x" * 101}, {"name": None}, {"role": "king"}, {"secret": "x"}])
async def test_other_bad_values_are_refused(peopled, refused, body) -> None:
    told = refused(await made(peopled, **body), 422, "VALIDATION_ERROR")
    assert [error["field"] for error in told["errors"]] == list(body)


async def test_everybody_sees_their_own_and_administrators_all(peopled, refused) -> None:
    places = {role: (await made(peopled, role)).headers["location"] for role in Role}

    async def listed(role):
        page = (await peopled.client.get(KEYS, headers=peopled.headers(role))).json()
        assert page["meta"]["total"] == len(page["data"])
        return [key["userId"] for key in page["data"]]

    assert await listed(Role.EDITOR) == [peopled.users[Role.EDITOR].id]
    assert await listed(Role.ADMIN) == [peopled.users[role].id for role in Role]
    editor = peopled.headers(Role.EDITOR)
    refused(await peopled.client.get(places[Role.ADMIN], headers=editor), 404, "NOT_FOUND")
    refused(await peopled.client.delete(places[Role.ADMIN], headers=editor | {"If-Match": "*"}), 404, "NOT_FOUND")
    assert (await peopled.client.get(places[Role.LISTENER], headers=peopled.headers(Role.ADMIN))).status_code == 200


async def test_a_revoked_key_lets_nobody_in_from_then_on(peopled, refused) -> None:
    response = await made(peopled)
    shown, place = {"X-API-Key": response.json()["secret"]}, response.headers["location"]
    assert (await peopled.client.get(KEYS, headers=shown)).status_code == 200
    own = peopled.headers(Role.EDITOR)

    refused(await peopled.client.delete(place, headers=own), 428, "PRECONDITION_REQUIRED")
    refused(await peopled.client.delete(place, headers=own | {"If-Match": '"x"'}), 412, "PRECONDITION_FAILED")
    etag = (await peopled.client.get(place, headers=own)).headers["etag"]
    assert (await peopled.client.delete(place, headers=own | {"If-Match": etag})).status_code == 204
    refused(await peopled.client.get(KEYS, headers=shown), 401, "UNAUTHENTICATED")
    refused(await peopled.client.get(place, headers=own), 404, "NOT_FOUND")
    refused(await peopled.client.delete(place, headers=own | {"If-Match": "*"}), 404, "NOT_FOUND")


async def test_a_key_that_was_made_by_a_revoked_one_lets_nobody_in(peopled, refused) -> None:
    first = await made(peopled)
    second = await made(peopled, headers={"X-API-Key": first.json()["secret"]})
    third = {"X-API-Key": (await made(peopled, headers={"X-API-Key": second.json()["secret"]})).json()["secret"]}
    assert (await peopled.client.get(KEYS, headers=third)).status_code == 200

    own = peopled.headers(Role.EDITOR) | {"If-Match": "*"}
    assert (await peopled.client.delete(first.headers["location"], headers=own)).status_code == 204
    refused(await peopled.client.get(KEYS, headers=third), 401, "UNAUTHENTICATED")
    assert (await peopled.client.get(KEYS, headers=own)).json()["meta"]["total"] == 0


@pytest.mark.parametrize("key_id", ["nobody", "%00", "%F0%9F%8E%B5", "a" * 200])
async def test_there_is_no_other_key(peopled, refused, key_id) -> None:
    refused(await peopled.client.get(f"{KEYS}/{key_id}", headers=peopled.headers(Role.ADMIN)), 404, "NOT_FOUND")


async def test_pages_follow_one_another(peopled) -> None:
    for number in range(3):
        await made(peopled, name=f"key{number}")
    own, names, address = peopled.headers(Role.EDITOR), [], f"{KEYS}?pageSize=2"
    while address:
        page = (await peopled.client.get(address, headers=own)).json()
        names += [key["name"] for key in page["data"]]
        address = page["links"]["next"]

    assert names == ["key0", "key1", "key2"]
    beyond = (await peopled.client.get(f"{KEYS}?page=10000000&pageSize=500", headers=own)).json()
    assert (beyond["data"], beyond["meta"]["total"]) == ([], 3)
