"""Coming in and going again."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import argon2
import attrs
import pytest
import structlog
import trio

from actors.model.key import digest
from actors.model.user import Role
from actors.passwords import is_outdated
from web.attempts import FREE_OF_PAIR

RIGHT = "correct horse"


async def log_in(peopled, name="the-editor", password=RIGHT, **headers):
    body = {"name": name, "password": password}
    return await peopled.client.post("/api/v1/auth/login", json=body, headers=headers)


async def test_a_login_gives_a_token_that_lets_in_until_the_logout(peopled, refused) -> None:
    response = await log_in(peopled, name="THE-editor")
    told = response.json()
    assert response.status_code == 200
    assert told["tokenType"] == "Bearer"
    assert told["user"]["name"] == "the-editor"
    left = datetime.fromisoformat(told["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=13) < left < timedelta(days=15)
    assert RIGHT not in response.text

    bearer = {"Authorization": f"Bearer {told['token']}"}
    profile = (await peopled.client.get("/api/v1/auth/profile", headers=bearer)).json()
    assert profile == {"user": told["user"], "role": "editor", "by": "token", "expiresAt": told["expiresAt"]}
    peopled.client.cookies.clear()
    assert (await peopled.client.post("/api/v1/auth/logout", headers=bearer)).status_code == 204
    refused(await peopled.client.get("/api/v1/auth/profile", headers=bearer), 401, "UNAUTHENTICATED")
    other = await peopled.client.get("/api/v1/auth/profile", headers=peopled.headers(Role.EDITOR))
    assert other.status_code == 200


async def test_the_page_gets_a_cookie_that_scripts_and_other_sites_cannot_use(peopled) -> None:
    plain = (await log_in(peopled, Origin=peopled.served.url)).headers["set-cookie"]
    assert re.fullmatch(
        r"rookery_session=rt_[\w-]{43}; Expires=[^;]+; Max-Age=1209600; HttpOnly; Path=/; SameSite=Strict", plain
    )
    host = peopled.served.url.removeprefix("http://")
    behind_tls = await log_in(peopled, Origin=f"https://{host}")
    assert "; Secure;" in behind_tls.headers["set-cookie"]

    peopled.client.cookies.clear()
    cookie = {"Cookie": plain.partition(";")[0], "Origin": peopled.served.url}
    assert (await peopled.client.get("/api/v1/auth/profile", headers=cookie)).json()["by"] == "token"
    out = await peopled.client.post("/api/v1/auth/logout", headers=cookie)
    assert out.headers["set-cookie"].startswith("rookery_session=; Expires=Thu, 01 Jan 1970")
    assert (await peopled.client.get("/api/v1/auth/profile", headers=cookie)).status_code == 401


async def test_a_cookie_from_before_does_not_keep_from_logging_in(peopled) -> None:
    assert (await log_in(peopled, Cookie="rookery_session=rt_old")).status_code == 200
    assert (await log_in(peopled, Authorization="Bearer rt_old")).status_code == 200


@pytest.mark.parametrize("name", ["the-editor", "nobody", "local", "thé-editor", "ｔｈｅ-editor", "\n"])
async def test_an_unknown_name_and_a_wrong_password_are_answered_alike(peopled, refused, name) -> None:
    response = await log_in(peopled, name=name, password="wrong")
    told = refused(response, 401, "UNAUTHENTICATED")

    assert told["message"] == "Name or password is wrong"
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    "body,fields",
    [
        ({}, ["name", "password"]),
        ({"name": "ada"}, ["password"]),
        ({"name": 1, "password": "x"}, ["name"]),
        ({"name": "", "password": ""}, ["name", "password"]),
        ({"name": "a" * 65, "password": "x" * 257}, ["name", "password"]),
        ({"name": "a\0", "password": "b\0"}, ["name", "password"]),
        ({"name": "ada", "password": "x", "role": "admin"}, ["role"]),
    ],
)
async def test_bad_bodies_are_refused_by_their_fields_without_the_password(peopled, refused, body, fields) -> None:
    response = await peopled.client.post("/api/v1/auth/login", json=body)
    told = refused(response, 422, "VALIDATION_ERROR")

    assert sorted(error["field"] for error in told["errors"]) == fields
    assert [error["value"] for error in told["errors"] if error["field"] == "password"] in ([], [None])


async def test_other_bodies_are_refused(peopled, refused) -> None:
    post = peopled.client.post
    refused(await post("/api/v1/auth/login", content=b"{"), 415, "UNSUPPORTED_MEDIA_TYPE")
    json = {"Content-Type": "application/json"}
    refused(await post("/api/v1/auth/login", content=b"{", headers=json), 400, "MALFORMED_JSON")
    refused(await post("/api/v1/auth/login", content=b'{"name": "\xff"}', headers=json), 400, "MALFORMED_JSON")
    refused(await peopled.client.get("/api/v1/auth/login"), 405, "METHOD_NOT_ALLOWED")
    form = {"name": "the-editor", "password": RIGHT}
    refused(await post("/api/v1/auth/login", data=form), 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_guesses_at_once_are_no_way_around_the_limit(peopled) -> None:
    answers = []

    async def guess(number: int):
        answers.append(await log_in(peopled, password=f"guess{number}"))

    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(guess, number)

    assert Counter(one.status_code for one in answers) == {401: FREE_OF_PAIR, 429: 20 - FREE_OF_PAIR}
    assert {one.headers.get("retry-after") for one in answers if one.status_code == 429} == {"1"}
    assert (await log_in(peopled)).status_code == 429  # the right one must wait too
    assert (await log_in(peopled, name="the-admin")).status_code == 200


async def test_many_may_log_in_at_once(peopled) -> None:
    answers = []

    async def enter(name: str):
        answers.append(await log_in(peopled, name=name))

    async with trio.open_nursery() as nursery:
        for role in [*Role] * 4:
            nursery.start_soon(enter, f"the-{role}")

    assert [one.status_code for one in answers] == [200] * 12
    assert len({one.json()["token"] for one in answers}) == 12


async def test_a_hash_at_old_costs_is_made_anew_at_the_login(peopled) -> None:
    before = await peopled.served.store.users.find_account(name="the-editor")
    assert is_outdated(before.password_hash)
    token = (await log_in(peopled)).json()["token"]
    after = await peopled.served.store.users.find_account(name="the-editor")

    assert not is_outdated(after.password_hash)
    assert argon2.PasswordHasher().verify(after.password_hash, RIGHT)
    assert await peopled.served.store.tokens.find(digest(token)) is not None
    assert (await log_in(peopled)).status_code == 200


async def test_a_key_is_not_logged_out(peopled, refused) -> None:
    key = await peopled.served.store.keys.add(
        peopled.users[Role.EDITOR].id, digest("rk_k"), name="k", role=Role.EDITOR, expires_at=None
    )
    response = await peopled.client.post("/api/v1/auth/logout", headers={"X-API-Key": "rk_k"})

    assert key.id
    refused(response, 409, "CONFLICT")


async def test_logging_out_without_having_logged_in_is_nothing(fresh_store, served_over) -> None:
    async with served_over(fresh_store) as served:
        assert (await served.client.post("/api/v1/auth/logout")).status_code == 204


async def test_a_key_of_the_configuration_has_a_profile(fresh_store, served_over, store_config, monkeypatch) -> None:
    async with served_over(fresh_store) as served:
        access = served.services.access
        monkeypatch.setattr(access, "_admin_digests", (digest("s" * 32),))
        profile = await served.client.get("/api/v1/auth/profile", headers={"X-API-Key": "s" * 32})

        assert (profile.json()["by"], profile.json()["role"], profile.json()["expiresAt"]) == ("key", "admin", None)
        assert (await served.client.get("/api/v1/auth/profile")).status_code == 401


async def test_an_expired_token_lets_nobody_in(peopled, refused) -> None:
    user = peopled.users[Role.ADMIN]
    await peopled.served.store.tokens.add(user.id, digest("rt_expired"), lifetime_s=-1)
    response = await peopled.client.get("/api/v1/tracks", headers={"Authorization": "Bearer rt_expired"})

    refused(response, 401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == 'Bearer realm="rookery", error="invalid_token"'


async def test_no_secret_is_logged(peopled) -> None:
    with structlog.testing.capture_logs() as logs:
        token = (await log_in(peopled)).json()["token"]
        await peopled.client.get("/api/v1/tracks", headers={"Authorization": f"Bearer {token}"})
        await log_in(peopled, password="wrong password")
        await peopled.client.post("/api/v1/auth/login", json={"name": 1, "password": "wrong password"})
    said = str(logs)

    assert "/api/v1/auth/login" in said
    assert "the-editor" in said
    assert token not in said
    assert RIGHT not in said
    assert "wrong password" not in said


def test_settings_show_no_key(store_config) -> None:
    assert "s" * 32 not in repr(attrs.evolve(store_config, admin_key="s" * 32))
