"""The first administrator: made while the service is stopped, and others while it runs."""

import os
import subprocess

import pytest
import trio

PASSWORD = "correct horse\n"


@pytest.fixture
def rookery(command, data_dir):
    """Run a command to its end on the same data folder; gives what it said."""

    def run(*arguments: str, given: str = "") -> str:
        done = subprocess.run(
            [str(command), *arguments, "--data-dir", str(data_dir)],
            input=given,
            capture_output=True,
            text=True,
            timeout=90,
            env={**os.environ},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


async def test_others_are_let_in_when_somebody_has_an_account(serve, command, rookery, music, data_dir):
    serving = [str(command), "serve", str(music), "--data-dir", str(data_dir), "--port", "0", "--host", "0.0.0.0"]
    with trio.fail_after(90):
        refused = await trio.run_process(serving, capture_stdout=True, capture_stderr=True, check=False)
    assert refused.returncode == 2
    assert b"rookery users add NAME --admin" in refused.stderr.splitlines()[-1]

    stopped = await trio.to_thread.run_sync(
        lambda: rookery("users", "add", "ada", "--admin", "--password-stdin", given=PASSWORD)
    )
    assert stopped == "ada may log in, as admin"
    async with serve(music, data_dir, "--host", "0.0.0.0") as running:
        client, here = running.client, running.url.replace("0.0.0.0", "127.0.0.1")
        assert (await client.get(f"{here}/api/v1/tracks")).status_code == 401
        await trio.to_thread.run_sync(lambda: rookery("users", "add", "bob", "--password-stdin", given=PASSWORD))
        login = await client.post(f"{here}/api/v1/auth/login", json={"name": "bob", "password": PASSWORD.strip()})
        key = await trio.to_thread.run_sync(lambda: rookery("keys", "add", "ada", "script"))
        client.cookies.clear()

        bearer = {"Authorization": f"Bearer {login.json()['token']}"}
        assert (await client.get(f"{here}/api/v1/tracks", headers=bearer)).status_code == 200
        assert (await client.get(f"{here}/api/v1/users", headers=bearer)).status_code == 403
        assert (await client.get(f"{here}/api/v1/users", headers={"X-API-Key": key})).status_code == 200
        assert await running.stop() == 0
