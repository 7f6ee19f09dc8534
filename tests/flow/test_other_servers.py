"""The same service under a server of the user's choice."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import trio

KEY = "k" * 32


async def test_hypercorn_serves_the_app(music, data_dir, tmp_path):
    process = await trio.lowlevel.open_process(
        [
            str(Path(sys.executable).with_name("hypercorn")),
            "--worker-class",
            "trio",
            "--bind",
            f"unix:{tmp_path}/http.sock",
            "web:app",
        ],
        stderr=subprocess.PIPE,
        env={**os.environ, "ROOKERY_ROOTS": str(music), "ROOKERY_DATA_DIR": str(data_dir), "ROOKERY_ADMIN_KEY": KEY},
    )
    said = b""
    with trio.fail_after(60):
        while b"Running on" not in said:
            some = await process.stderr.receive_some()
            assert some, said
            said += some
    transport = httpx.AsyncHTTPTransport(uds=f"{tmp_path}/http.sock")
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get("/health")).json()["status"] == "ok"
        assert (await client.get("/api/v1/tracks")).status_code == 401  # whoever stands behind a Unix socket
        assert (await client.get("/api/v1/tracks", headers={"X-API-Key": KEY})).json()["data"] == []
    process.terminate()
    with trio.fail_after(30):
        async for _ in process.stderr:
            pass
        assert await process.wait() == 0
