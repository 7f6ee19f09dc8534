"""A PostgreSQL of Debian's in a cluster to throw away, and a command that runs on it: `nox -s external`.

    python -m tests.external COMMAND …

The command finds in ROOKERY_TEST_POSTGRES a database whose owner is no superuser and shows a password, as on a server of somebody's own.
"""

import os
import pwd
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.conftest import QUICK

INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of every version, out of the PATH."""
NONE = f"""There is no PostgreSQL below {INSTALLED}. Install Debian's or Ubuntu's (apt install postgresql), or name a server of your own
to throw away: ROOKERY_TEST_POSTGRES=postgresql://USER:PASSWORD@HOST/DATABASE python -m pytest tests/actors/store"""
PASSWORD = "s/e@c:r%t"
SETUP = (
    # Rookery itself needs nothing but a database that it owns; tests make others, and one of them a role.
    f"CREATE ROLE rookery LOGIN CREATEDB CREATEROLE PASSWORD '{PASSWORD}'",
    "CREATE DATABASE rookery OWNER rookery",
)


def main(command: Sequence[str]) -> int | str:
    """Run a command on a server of its own; gives the command's status, or why there is no server."""
    programs = newest(INSTALLED)
    if programs is None:
        return NONE
    with tempfile.TemporaryDirectory(prefix="rookery-external-") as folder, _server(programs, Path(folder)) as url:
        return subprocess.run(command, env={**os.environ, "ROOKERY_TEST_POSTGRES": url}, check=False).returncode


def newest(installed: Path) -> Path | None:
    """The programs of the newest version that is there."""
    found = [path.parent for path in installed.glob("*/bin/pg_ctl")]
    return max(found, key=lambda path: float(path.parent.name), default=None)


@contextmanager
def _server(programs: Path, folder: Path) -> Iterator[str]:
    user = _unprivileged(folder)
    cluster = folder / "cluster"
    local = ("--auth-local=trust", "--auth-host=scram-sha-256", "--username=postgres")
    initdb = (programs / "initdb", *local, "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", f"--pgdata={cluster}")
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **user)
    port = _free_port()
    settings = QUICK | {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": str(folder)}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    control = (programs / "pg_ctl", "--wait", "--silent", f"--pgdata={cluster}")
    subprocess.run((*control, f"--log={folder}/log", f"--options={options}", "start"), check=True, **user)
    try:
        psql = (programs / "psql", "--quiet", f"--host={folder}", f"--port={port}", "--username=postgres", "postgres")
        for statement in SETUP:
            subprocess.run((*psql, f"--command={statement}"), check=True)
        yield f"postgresql://rookery:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/rookery"
    finally:
        subprocess.run((*control, "--mode=immediate", "stop"), check=True, **user)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """What starts the server's programs as somebody whom they accept, who gets the folder: they refuse to run as root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": folder}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
