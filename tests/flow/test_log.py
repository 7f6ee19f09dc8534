"""The log of a running service, from elsewhere: what its terminal has, and no secret."""

import json
import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio

PASSWORD = secrets.token_hex()


@asynccontextmanager
async def following(command, url: str, token: str) -> AsyncIterator[Callable[[], Awaitable[dict[str, Any]]]]:
    """`rookery logs` from its first line on; gives the next line whenever it is asked."""
    words = ["logs", "--url", url, "--level", "debug", "--json", "-n", "1000"]
    environment = {**os.environ, "ROOKERY_TOKEN": token}
    process = await trio.lowlevel.open_process([str(command), *words], stdout=subprocess.PIPE, env=environment)
    received = bytearray()

    async def line() -> dict[str, Any]:
        while b"\n" not in received:
            received.extend(await process.stdout.receive_some())
        text, _, rest = bytes(received).partition(b"\n")
        received[:] = rest
        return json.loads(text)["payload"]

    try:
        with trio.fail_after(60):
            yield line
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
        await process.stdout.aclose()


async def test_the_log_is_what_the_terminal_has_and_holds_no_secret(serve, command, music, data_dir, monkeypatch):
    admin = secrets.token_urlsafe(32)
    monkeypatch.setenv("ROOKERY_ADMIN_KEY", admin)
    shown = {"X-API-Key": admin}
    async with serve(music, data_dir, "--log-level", "debug", "--log-format", "json") as rookery:
        client = rookery.client
        for name, role in (("eve", "admin"), ("ada", "listener")):
            user = {"name": name, "password": PASSWORD, "role": role}
            assert (await client.post("/api/v1/users", json=user, headers=shown)).status_code == 201
        login = {"name": "ada", "password": PASSWORD}
        token = (await client.post("/api/v1/auth/login", json=login)).json()["token"]
        client.cookies.clear()
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/api/v1/users/me", headers=bearer)).status_code == 200
        assert (await client.get("/api/v1/logs", headers=bearer)).status_code == 403
        assert (await client.post("/api/v1/auth/login", json={**login, "password": PASSWORD[1:]})).status_code == 401
        assert (await client.get(f"/api/v1/tracks?token={token}", headers=bearer)).status_code == 422
        assert (await client.get("/api/v1/users/me", headers={"Authorization": f"Basic {token}"})).status_code == 401

        async with following(command, rookery.url, admin) as line:
            told = [await line()]
            assert (await client.get("/late", headers=shown)).status_code == 404
            while told[-1]["fields"].get("path") != "/late":
                told.append(await line())
        assert await rookery.stop() == 0
    terminal = data_dir.with_suffix(".log").read_text(encoding="utf-8")
    written = [json.loads(line) for line in terminal.splitlines()]

    assert [line["line"] for line in told] == list(range(1, len(told) + 1))
    assert sum(line["dropped"] for line in told) == 0
    assert {"database.making", "request"} <= {line["message"] for line in told}
    assert sorted(line["event"] for line in written[: len(told)]) == sorted(line["message"] for line in told)
    for secret in (PASSWORD, PASSWORD[1:], token, admin):
        assert secret not in terminal
        assert secret not in json.dumps(told)
