"""Who callers are and what they may do."""

import re
from datetime import UTC, datetime

import attrs
import httpx
import pytest
import trio

from actors.errors import BusyError, DatabaseError
from actors.feed import Feed
from actors.model.key import digest
from actors.model.user import Caller, Role
from web.application import create_app
from web.attempts import FREE_OF_PAIR
from web.auth import attempt, caller, demand
from web.errors import ProblemError
from web.exchange import Exchange, serving
from web.openapi.document import declarations
from web.services import Services, using


def make_services_without_auth(store, config):
    config = attrs.evolve(config, no_auth=True)
    feed = Feed(store.events, queue_bytes=config.client_queue_bytes)
    return Services(
        config=config, store=store, feed=feed, executor=None, running=None, started_at=datetime.now(UTC), version="1"
    )


def asked_by(who: Caller) -> Exchange:
    return Exchange(request_id="r", method="GET", path="/", caller=who)


def test_one_who_is_not_known_is_refused() -> None:
    with serving(Exchange(request_id="r", method="GET", path="/")):
        for refusing in (caller, lambda: demand(Role.LISTENER)):
            with pytest.raises(ProblemError) as refused:
                refusing()

            assert refused.value.refusal.code == "UNAUTHENTICATED"
            assert refused.value.refusal.headers == {"WWW-Authenticate": 'Bearer realm="rookery"'}


def test_too_low_a_role_is_refused() -> None:
    with serving(asked_by(Caller(user_id="1", name="ada", role=Role.LISTENER))):
        demand(Role.LISTENER)
        with pytest.raises(ProblemError) as refused:
            demand(Role.EDITOR)

    assert refused.value.refusal.code == "FORBIDDEN"


async def test_without_accounts_nothing_is_needed_on_loopback(fresh_store, served_over, refused) -> None:
    async with served_over(fresh_store) as served:
        profile = (await served.client.get("/api/v1/auth/profile")).json()
        assert (profile["user"]["id"], profile["role"], profile["by"]) == ("local", "admin", "nothing")

        wrong = await served.client.get("/api/v1/tracks", headers={"Authorization": "Bearer rt_forged"})
        refused(wrong, 401, "UNAUTHENTICATED")
        left = await served.client.get("/api/v1/tracks", headers={"Cookie": "rookery_session=rt_left_from_before"})
        assert left.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer rt_forged"},
        {"Authorization": "Bearer ä".encode()},
        {"Authorization": f"Bearer {'x' * 10_000}"},
        {"Authorization": "Basic YWRhOmFkYQ=="},
        {"X-API-Key": "rk_forged"},
        {"X-API-Key": ""},
        {"Cookie": "rookery_session=rt_forged"},
    ],
    ids=["nothing", "empty", "forged", "no ASCII", "long", "of a proxy", "forged key", "empty key", "forged cookie"],
)
async def test_with_accounts_whoever_shows_nothing_that_lets_in_is_refused(peopled, refused, headers) -> None:
    response = await peopled.client.get("/api/v1/tracks", headers=headers)

    refused(response, 401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert (await peopled.client.get("/livez", headers=headers)).status_code == 200


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key", "Cookie"])
async def test_each_way_to_say_who_asks(peopled, header) -> None:
    user = peopled.users[Role.EDITOR]
    secret, key = peopled.tokens[Role.EDITOR], "rk_" + "k" * 43
    await peopled.served.store.keys.add(user.id, digest(key), name="k", role=Role.EDITOR, expires_at=None)
    value = {"Authorization": f"Bearer {secret}", "X-API-Key": key, "Cookie": f"a=b; rookery_session={secret}"}[header]
    profile = await peopled.client.get("/api/v1/auth/profile", headers={header: value})

    assert profile.json()["user"]["id"] == user.id
    assert profile.json()["by"] == ("key" if header == "X-API-Key" else "token")


async def test_a_key_may_be_shown_as_bearer_but_a_token_not_as_key(peopled, refused) -> None:
    user, key = peopled.users[Role.EDITOR], "rk_" + "k" * 43
    await peopled.served.store.keys.add(user.id, digest(key), name="k", role=Role.LISTENER, expires_at=None)
    profile = await peopled.client.get("/api/v1/auth/profile", headers={"Authorization": f"bearer {key}"})

    assert (profile.json()["role"], profile.json()["user"]["role"]) == ("listener", "editor")
    token = {"X-API-Key": peopled.tokens[Role.ADMIN]}
    refused(await peopled.client.get("/api/v1/tracks", headers=token), 401, "UNAUTHENTICATED")


async def test_several_at_once_are_no_answer_to_who_asks(peopled, refused) -> None:
    bearer = ("Authorization", f"Bearer {peopled.tokens[Role.LISTENER]}")
    for second in (bearer, ("X-API-Key", "rk_x"), ("Authorization", "Basic eA==")):
        refused(await peopled.client.get("/api/v1/tracks", headers=[bearer, second]), 400, "BAD_REQUEST")


async def test_a_header_wins_over_the_cookie(peopled, refused) -> None:
    cookie = {"Cookie": f"rookery_session={peopled.tokens[Role.ADMIN]}"}
    profile = await peopled.client.get("/api/v1/auth/profile", headers=peopled.headers(Role.LISTENER) | cookie)

    assert profile.json()["role"] == "listener"
    forged = {"Authorization": "Bearer rt_forged"} | cookie
    refused(await peopled.client.get("/api/v1/auth/profile", headers=forged), 401, "UNAUTHENTICATED")


async def test_by_its_cookie_alone_only_the_own_page_may_write(peopled, refused) -> None:
    cookie = {"Cookie": f"rookery_session={peopled.tokens[Role.ADMIN]}"}

    async def scan(**headers):
        return await peopled.client.post("/api/v1/library/scan", headers={**cookie, **headers})

    refused(await scan(), 403, "FORBIDDEN")
    refused(await scan(Origin="http://evil.example"), 403, "FORBIDDEN")
    for site in ("cross-site", "same-site", "none"):
        refused(await scan(**{"Sec-Fetch-Site": site}), 403, "FORBIDDEN")
    assert (await scan(Origin=peopled.served.url)).status_code == 202
    assert (await scan(**{"Sec-Fetch-Site": "same-origin"})).status_code == 202
    assert (await peopled.client.get("/api/v1/tracks", headers=cookie)).status_code == 200


OPEN = {
    "/", "/docs", "/docs/live", "/openapi.json", "/asyncapi.json", "/livez", "/readyz", "/health", "/static/x", "/api/v1/auth/login",
}  # fmt: skip


async def test_every_operation_refuses_who_may_not(peopled, refused) -> None:
    nobody, order = {}, [*Role]
    for one in declarations(peopled.served.app):
        path = re.sub(r"{\w+}", "x", one.path)
        if one.role is None:
            assert path in OPEN
            continue
        refused(await peopled.client.request(one.method, path, headers=nobody), 401, "UNAUTHENTICATED")
        if one.role is not Role.LISTENER:
            below = order[order.index(one.role) - 1]
            refused(await peopled.client.request(one.method, path, headers=peopled.headers(below)), 403, "FORBIDDEN")


async def test_what_is_for_whom(served) -> None:
    admins = {(one.method, one.path) for one in declarations(served.app) if one.role is Role.ADMIN}

    assert admins >= {
        ("POST", "/api/v1/library/roots"), ("DELETE", "/api/v1/library/roots/{rootId}"),
        ("POST", "/api/v1/library/roots/{rootId}/confirm"), ("POST", "/api/v1/supervision/{nodePath}/restart"),
        ("GET", "/api/v1/supervision"), ("GET", "/api/v1/supervision/{nodePath}"), ("GET", "/api/v1/supervision/events"), ("GET", "/api/v1/supervision/connections"), ("GET", "/api/v1/users"), ("POST", "/api/v1/users"),
        ("GET", "/api/v1/users/{userId}"), ("PATCH", "/api/v1/users/{userId}"), ("DELETE", "/api/v1/users/{userId}"),
    }  # fmt: skip


async def test_nobody_from_elsewhere_is_let_in_before_there_is_an_account(fresh_store, served_over) -> None:
    async with served_over(fresh_store) as served:
        for client, status in (("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 401), ("::ffff:192.0.2.7", 401)):
            transport = httpx.ASGITransport(served.app, client=(client, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as elsewhere:
                assert (await elsewhere.get("/api/v1/tracks")).status_code == status


async def test_the_server_can_be_told_to_ask_nobody(fresh_store, served_over, store_config) -> None:
    services = make_services_without_auth(fresh_store, store_config)
    transport = httpx.ASGITransport(create_app(services), client=("192.0.2.7", 1))
    await fresh_store.users.add(name="ada", role=Role.ADMIN, password_hash="h")
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as elsewhere:
        assert (await elsewhere.get("/api/v1/auth/profile")).json()["by"] == "nothing"


async def test_tries_that_fail_make_wait_unless_the_fault_is_ours(served) -> None:
    attempts = served.services.access.attempts
    with using(served.services), serving(Exchange(request_id="r", method="POST", path="/", client="192.0.2.1")):
        for fault in (BusyError("later"), DatabaseError("away")):
            for _ in range(10):
                with pytest.raises(type(fault)), attempt("ada"):
                    raise fault
        for _ in range(FREE_OF_PAIR):
            with pytest.raises(KeyError), attempt("ada"):
                raise KeyError
        with pytest.raises(ProblemError) as refused, attempt("ADA"):
            pytest.fail("it was tried")

    assert refused.value.refusal.code == "RATE_LIMITED"
    assert refused.value.refusal.headers == {"Retry-After": "1"}
    assert attempts.begin("ada", "192.0.2.2", now_s=trio.current_time()) == 0.0


async def test_another_address_of_the_same_network_is_no_way_around(served) -> None:
    current = Exchange(request_id="r", method="POST", path="/")
    with using(served.services), serving(current):
        for number in range(FREE_OF_PAIR + 1):
            current.client = f"2001:db8::{number}"
            with pytest.raises((KeyError, ProblemError)) as refused, attempt("eve"):
                raise KeyError

    assert isinstance(refused.value, ProblemError)
