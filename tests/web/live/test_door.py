"""Who comes in to the live feed, and who must go: real accounts, real sockets."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
import trio
from trio_websocket import ConnectionClosed

from actors.model.event import TOPICS
from actors.model.key import digest, fresh_secret
from actors.model.user import LOCAL_CALLER, Role, UserChange
from web import access as module
from web.access import Access, Shown
from web.live.door import Door, allowed_topics, divided

STREAMS = ["/api/v1/events", "/api/v1/events.ndjson"]
LOGS = "/api/v1/logs"


@pytest.fixture
async def members(store):
    """A token for one account of each role; more than one administrator."""
    tokens = {}
    for role in [Role.ADMIN, *Role]:
        name = fresh_secret("u")
        user = await store.users.add(name=name[:40], role=role, password_hash="h")
        tokens[role] = (user, fresh_secret("rt_"))
        await store.tokens.add(user.id, digest(tokens[role][1]), lifetime_s=3600)
    return tokens


def bearer(members, role):
    return {"Authorization": f"Bearer {members[role][1]}"}


async def closing(socket):
    """What is heard until the close, and its code."""
    heard = []
    while True:
        try:
            heard.append(await socket.hear())
        except ConnectionClosed as error:
            return heard, error.reason.code


def test_supervision_and_logs_are_for_administrators():
    assert allowed_topics(Role.ADMIN) == TOPICS
    assert allowed_topics(Role.EDITOR) == allowed_topics(Role.LISTENER) == ("tracks", "jobs", "player", "progress")


def test_of_the_topics_asked_for_a_role_gets_its_own_and_hears_of_the_others():
    assert divided(None, Role.ADMIN) == (("tracks", "jobs", "player", "progress", "supervision"), None)
    assert divided(None, Role.LISTENER) == (allowed_topics(Role.LISTENER), None)
    assert divided(("tracks", "logs"), Role.ADMIN) == (("tracks", "logs"), None)
    granted, refused = divided(("tracks", "logs"), Role.EDITOR)
    assert granted == ("tracks",)
    assert refused is not None
    assert (refused.code, refused.message) == ("FORBIDDEN", "For administrators only: logs")


@pytest.mark.parametrize("how", ["header", "key header", "cookie", "first message"])
async def test_each_way_in(live, members, how):
    token = members[Role.LISTENER][1]
    async with live() as here:
        headers, payload = {}, {}
        if how == "header":
            headers = bearer(members, Role.LISTENER)
        elif how == "key header":
            user, key = members[Role.LISTENER][0], fresh_secret("rk_")
            await here.services.store.keys.add(user.id, digest(key), name="k", role=Role.LISTENER, expires_at=None)
            headers = {"X-API-Key": key}
        elif how == "cookie":
            headers = {"Cookie": f"rookery_session={token}", "Origin": here.url}
        else:
            payload = {"token": token}
        async with here.socket(**headers) as socket:
            await socket.connect(**payload)
            seqs = await here.tell("SUPERVISION_EVENT", "TRACK_ADDED")
            assert (await socket.hear())["seq"] == seqs[1]


@pytest.mark.parametrize(
    "headers,payload",
    [
        ({}, {}),
        ({}, {"token": "rt_forged"}),
        ({"Authorization": "Bearer rt_forged"}, {}),
        ({"Cookie": "rookery_session=rt_forged"}, {}),
    ],
)
async def test_nobody_else_comes_in(live, members, headers, payload):
    async with live() as here, here.socket(**headers) as socket:
        await socket.say("CONNECT", payload)
        heard, closed = await closing(socket)

    assert ([m["payload"]["code"] for m in heard], closed) == (["UNAUTHENTICATED"], 4001)


async def test_a_cookie_without_the_own_page_and_several_credentials_end_at_once(live, members):
    cookie = {"Cookie": f"rookery_session={members[Role.ADMIN][1]}"}
    async with live() as here:
        for headers, code, close in (
            (cookie, "FORBIDDEN", 4003),
            (bearer(members, Role.ADMIN) | {"X-API-Key": "rk_x"}, "BAD_REQUEST", 1001),
        ):
            async with here.socket(**headers) as socket:
                heard, closed = await closing(socket)
            assert ([m["payload"]["code"] for m in heard], closed) == ([code], close)


async def test_a_socket_ends_when_its_token_is_revoked(live, members):
    async with (
        live() as here,
        here.socket(**bearer(members, Role.LISTENER)) as socket,
        here.socket(**bearer(members, Role.ADMIN)) as other,
    ):
        await socket.connect(topics=["jobs"])
        await other.connect(topics=["jobs"])
        out = await here.client.post("/api/v1/auth/logout", headers=bearer(members, Role.LISTENER))
        heard, closed = await closing(socket)
        await other.say("PING")
        assert (await other.hear())["type"] == "PONG"

    assert out.status_code == 204
    assert ([m["payload"]["code"] for m in heard], closed) == (["UNAUTHENTICATED"], 4001)


async def test_a_socket_that_never_connects_ends_when_its_token_is_revoked(live, members):
    async with live() as here, here.socket(**bearer(members, Role.LISTENER)) as socket:
        await socket.say("PING")
        assert (await socket.hear())["type"] == "PONG"
        await here.client.post("/api/v1/auth/logout", headers=bearer(members, Role.LISTENER))
        heard, closed = await closing(socket)

    assert ([m["payload"]["code"] for m in heard], closed) == (["UNAUTHENTICATED"], 4001)


async def test_who_connects_by_another_token_does_not_end_with_the_one_of_the_handshake(live, members):
    async with live() as here, here.socket(**bearer(members, Role.LISTENER)) as socket:
        await socket.connect(topics=["jobs"], token=members[Role.ADMIN][1])
        await here.client.post("/api/v1/auth/logout", headers=bearer(members, Role.LISTENER))
        await socket.say("PING")
        assert (await socket.hear())["type"] == "PONG"
        await here.client.post("/api/v1/auth/logout", headers=bearer(members, Role.ADMIN))
        heard, closed = await closing(socket)

    assert ([m["payload"]["code"] for m in heard], closed) == (["UNAUTHENTICATED"], 4001)


async def test_a_socket_ends_when_a_role_is_changed_elsewhere(live, members, monkeypatch):
    monkeypatch.setattr(module, "LOOK_AGAIN_S", 0.05)
    monkeypatch.setattr(module, "FRESH_S", 0.0)
    async with live() as here, trio.open_nursery() as nursery:
        nursery.start_soon(here.services.access.keep_watch)
        async with here.socket(**bearer(members, Role.EDITOR)) as socket:
            await socket.connect(topics=["jobs"])
            await here.services.store.users.change(members[Role.EDITOR][0].id, UserChange(role=Role.LISTENER))
            heard, closed = await closing(socket)
        nursery.cancel_scope.cancel()

    assert ([m["payload"]["code"] for m in heard], closed) == (["FORBIDDEN"], 4003)


@pytest.mark.parametrize("path", STREAMS)
async def test_a_stream_ends_when_its_token_is_revoked(live, members, path):
    async with live() as here, here.stream(f"{path}?topics=jobs", **bearer(members, Role.LISTENER)) as stream:
        await stream.line()
        await here.client.post("/api/v1/auth/logout", headers=bearer(members, Role.LISTENER))
        heard = await stream.messages()

    assert [m["type"] for m in heard] == ["ERROR", "GOODBYE"]
    assert heard[0]["payload"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("path", STREAMS)
async def test_streams_give_the_topics_that_are_allowed(live, members, path, refused):
    headers = bearer(members, Role.EDITOR)
    async with live() as here:
        async with here.stream(f"{path}?topics=tracks,logs", **headers) as stream:
            await here.tell("SUPERVISION_EVENT", "TRACK_ADDED")
            heard = await stream.messages(2)
        async with here.stream(path, **headers) as stream:
            await here.tell("SUPERVISION_EVENT", "SCAN_UPDATE")
            assert [m["type"] for m in await stream.messages(1)] == ["SCAN_UPDATE"]
        refused(await here.client.get(f"{path}?topics=logs", headers=headers), 403, "FORBIDDEN")
        refused(await here.client.get(path), 401, "UNAUTHENTICATED")

    assert [m["type"] for m in heard] == ["ERROR", "TRACK_ADDED"]
    assert heard[0]["payload"]["code"] == "FORBIDDEN"


async def test_the_log_is_for_administrators(live, members, refused):
    async with live() as here:
        refused(await here.client.get(LOGS), 401, "UNAUTHENTICATED")
        for role in (Role.LISTENER, Role.EDITOR):
            refused(await here.client.get(LOGS, headers=bearer(members, role)), 403, "FORBIDDEN")
        assert (await here.client.head(LOGS, headers=bearer(members, Role.ADMIN))).status_code == 405
        here.log("seen")
        async with here.stream(LOGS, **bearer(members, Role.ADMIN)) as stream:
            assert [m["payload"]["message"] for m in await stream.messages(1)] == ["seen"]


async def test_a_stream_of_the_log_ends_when_its_token_is_revoked(live, members):
    headers = bearer(members, Role.ADMIN)
    async with live() as here, here.stream(LOGS, **headers) as stream:
        await stream.line()
        await here.client.post("/api/v1/auth/logout", headers=headers)
        here.log("not for you")
        heard = await stream.messages()

    assert [message["type"] for message in heard if message["type"] != "LOG"] == ["ERROR", "GOODBYE"]


async def test_the_topic_is_told_to_administrators_who_name_it(live, members):
    async with live() as here, here.socket(**bearer(members, Role.ADMIN)) as socket:
        await socket.connect()
        here.log("unasked")
        await socket.say("SUBSCRIBE", {"topics": ["logs"]})
        assert (await socket.hear())["type"] == "ACK"
        here.log("asked")
        heard = await socket.hear()

    assert (heard["type"], heard["payload"]["message"], heard.get("seq")) == ("LOG", "asked", None)


@pytest.mark.parametrize("role", [Role.LISTENER, Role.EDITOR])
async def test_the_topic_is_refused_to_others_and_the_rest_holds(live, members, role):
    async with live() as here, here.socket(**bearer(members, role)) as socket:
        await socket.connect(topics=["tracks"])
        await socket.say("SUBSCRIBE", {"topics": ["logs", "progress"]})
        refused = await socket.hear()
        ack = await socket.hear()
        here.log("secret")
        await here.tell("TRACK_ADDED")
        heard = await socket.hear()

    assert (refused["type"], refused["payload"]["code"]) == ("ERROR", "FORBIDDEN")
    assert ack["payload"]["topics"] == ["tracks", "progress"]
    assert heard["type"] == "TRACK_ADDED"


async def test_a_socket_hears_the_log_no_more_when_its_token_is_revoked(live, members):
    headers = bearer(members, Role.ADMIN)
    async with live() as here, here.socket(**headers) as socket:
        await socket.connect(topics=["logs"])
        await here.client.post("/api/v1/auth/logout", headers=headers)
        heard, closed = await closing(socket)

    assert ([m["payload"]["code"] for m in heard], closed) == (["UNAUTHENTICATED"], 4001)


async def test_a_door_shuts_when_a_token_ends(store, store_config, members, autojump_clock):
    access = Access(store, store_config)
    shown = Shown.of("rt_unknown")
    end = datetime.now(UTC) + timedelta(seconds=2)
    caller = attrs.evolve(LOCAL_CALLER, token_id="t", expires_at=end)
    door = Door(access=access, client="127.0.0.1", caller=caller, shown=shown)
    refused = await door.until_shut()

    assert refused.code == "UNAUTHENTICATED"


async def test_a_change_while_nobody_waited_is_not_missed(store, store_config, members):
    access = Access(store, store_config)
    user, token = members[Role.LISTENER]
    shown = Shown.of(token)
    caller = await access.caller_of(shown)
    door = Door(access=access, client="127.0.0.1", caller=caller, shown=shown)
    with trio.move_on_after(0):
        await door.until_shut()
    await store.users.remove(user.id)
    access.change()

    assert (await door.until_shut()).code == "UNAUTHENTICATED"


async def test_who_needed_to_show_nothing_must_when_there_are_accounts(store, store_config, members):
    access = Access(store, store_config)
    door = Door(access=access, client="127.0.0.1", caller=LOCAL_CALLER, shown=None)
    access.change()

    assert (await door.until_shut()).code == "UNAUTHENTICATED"
