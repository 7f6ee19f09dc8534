"""The OpenAPI document against a running server, by schemathesis: `python -m tests.document.run [--whole]`.

A real service over a small library of its own, with PostgreSQL of its own; ends with the judge's exit code.
"""

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.media.demo import make_demo

BIN = Path(sys.executable).parent
READY = "Rookery is ready at "
SHORT = (
    "--phases",
    "examples,coverage",
    "--mode",
    "positive",
    "--generation-deterministic",
    "--exclude-method",
    "HEAD",
)
WHOLE = ("--max-time", "400", "--workers", "2")
SEED = "20260301"


@contextmanager
def service(top: Path, key: str) -> Iterator[str]:
    """Serve a library in a folder; gives the address."""
    music = top / "music"
    music.mkdir()
    make_demo(music, count=4, seconds=1.0)
    settings = {
        "ROOKERY_ADMIN_KEY": key,
        "ROOKERY_LOG_LEVEL": "warning",
        "ROOKERY_SETTLE_S": "0.2",
        "ROOKERY_STREAM_HEARTBEAT_S": "0.05",
        "ROOKERY_WORKERS": "1",
    }
    command = [BIN / "rookery", "serve", music, "--data-dir", top / "data", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **settings}) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith(READY):
                raise SystemExit("The service did not start.")
            yield line.removeprefix(READY).strip()
            if process.poll() is not None:
                raise SystemExit("The service did not live to the end.")
        finally:
            process.send_signal(signal.SIGTERM)


def main() -> int:
    """Run the judge once."""
    asked = argparse.ArgumentParser(description="Hold the OpenAPI document against a running server.")
    asked.add_argument("--whole", action="store_true", help="all phases, good and bad input, many examples")
    is_whole = asked.parse_args().whole
    top = Path(tempfile.mkdtemp(prefix="rookery-document-", dir="/tmp"))
    top.chmod(0o711)
    key = secrets.token_urlsafe(32)
    try:
        with service(top, key) as url:
            judge = [BIN / "st", "--config-file", "tests/document/schemathesis.toml", "run", f"{url}/openapi.json"]
            environment = {**os.environ, "CONTRACT_KEY": key, "CONTRACT_FOLDER": str(top / "music")}
            run = subprocess.run(
                [*judge, "--seed", SEED, "--no-color", *(WHOLE if is_whole else SHORT)], env=environment, check=False
            )
        return run.returncode
    finally:
        shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
