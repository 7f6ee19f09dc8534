"""Limits, told through a real server."""

from actors.model.user import Caller, Role


async def test_every_counted_answer_says_how_things_stand_and_too_many_are_refused(served_over, store, refused) -> None:
    async with served_over(store, rate_read=3, rate_loopback=True) as served:
        for remaining in (2, 1, 0):
            told = await served.client.get("/nope")
            assert told.status_code == 404
            assert told.headers["ratelimit"].startswith(f'"read";r={remaining};t=')
            assert told.headers["ratelimit-policy"] == '"read";q=3;w=60'
        too_many = await served.client.get("/api/v1/tracks")
        problem = refused(too_many, 429, "RATE_LIMITED")

        assert 1 <= int(too_many.headers["retry-after"]) <= 20
        assert problem["details"] == {"policy": "read", "limit": 3, "windowSeconds": 60.0}
        assert (await served.client.get("/livez")).status_code == 200
        refused(await served.client.post("/api/v1/library/scan", headers={"Origin": "null"}), 403, "FORBIDDEN")


async def test_clients_behind_a_proxy_are_told_apart(served_over, store) -> None:
    async with served_over(store, rate_read=1, proxies=("127.0.0.1",), no_auth=True) as served:

        async def ask(client: str) -> int:
            return (await served.client.get("/api/v1/info", headers={"X-Forwarded-For": client})).status_code

        assert [await ask("192.0.2.1"), await ask("192.0.2.1"), await ask("192.0.2.2")] == [200, 429, 200]
        assert [await ask("2001:db8::1"), await ask("2001:db8::2"), await ask("2001:db8:0:1::")] == [200, 429, 200]
        assert [await ask("127.0.0.1") for _ in range(3)] == [200] * 3


async def test_without_trusted_proxies_nobody_can_choose_an_address(served_over, store) -> None:
    async with served_over(store, rate_read=1, rate_loopback=True) as served:
        answers = [await served.client.get("/livez2", headers={"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [404, 429, 429]


async def test_this_machine_is_not_counted(served) -> None:
    assert "ratelimit" not in (await served.client.get("/api/v1/info")).headers


async def test_a_user_has_one_quota_from_all_addresses(served_over, store, refused, monkeypatch) -> None:
    ada = Caller(user_id="ada", name="ada", role=Role.LISTENER)
    async with served_over(store, rate_read=2, proxies=("127.0.0.1",)) as served:
        monkeypatch.setattr(served.app.asgi_app, "_exchange", _as(ada, served.app.asgi_app._exchange))
        answers = [
            await served.client.get("/api/v1/info", headers={"X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(3)
        ]

    assert answers[0].headers["ratelimit-policy"] == '"read";q=2;w=60, "read-user";q=2;w=60'
    assert refused(answers[2], 429, "RATE_LIMITED")["details"]["policy"] == "read-user"


def _as(caller, make):
    def make_as(*arguments):
        current = make(*arguments)
        current.caller = caller
        return current

    return make_as


async def test_a_socket_counts_like_a_request(served_over, store) -> None:
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    async with served_over(store, rate_read=1, rate_loopback=True) as served:
        await served.client.get("/nope")
        refused = await served.client.get("/ws", headers=handshake)

    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    assert int(refused.headers["retry-after"]) >= 1
