"""Makes the embedded server's database cluster, all or nothing."""

import os
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import structlog
import trio

from actors.errors import ConfigurationError, DatabaseError
from actors.model.track import logged_path
from actors.store.leftover import end_servers
from actors.store.place import Place
from actors.store.programs import Programs

SUPERUSER = "rookery"
UNFINISHED = "postgres.unfinished-"

log = structlog.get_logger(__name__)


def child_environment() -> dict[str, str]:
    """What PostgreSQL's programs see: nothing of `PG…`, which would steer them, and messages in English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


async def make_cluster(where: Place, programs: Programs) -> None:
    """Make the cluster if there is none.

    It is made under another name and renamed when complete, so a kill leaves either none or a whole one; what earlier
    tries left is removed. Cancellation: the same as a kill.

    Raises:
        ConfigurationError: the place cannot be written to, or what lies there is no cluster.
        DatabaseError: initdb failed; the text has its words.
    """
    if (where.cluster / "PG_VERSION").exists():
        return
    if where.cluster.exists():
        raise ConfigurationError(
            f"{logged_path(where.cluster)} is no database. Move it away, or choose another --data-dir."
        )
    for left in where.home.glob(f"{UNFINISHED}*"):
        await end_servers(left)  # a killed Rookery's initdb goes on by itself
        await trio.to_thread.run_sync(partial(shutil.rmtree, left, ignore_errors=True))
    try:
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=where.home))
        where.give(unfinished)
    except OSError as error:
        raise ConfigurationError(
            f"The data folder {logged_path(where.home)} cannot be written to: {error.strerror}."
        ) from error
    log.info("database.making", cluster=logged_path(where.cluster), version=programs.version)
    try:
        await trio.run_process(
            [
                *(str(programs.initdb), "--pgdata", str(unfinished), "--username", SUPERUSER),
                *("--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
                # The socket folder lets in nobody else.
                *("--auth", "trust", "--no-instructions"),
            ],
            capture_stdout=True,
            capture_stderr=True,
            cwd=unfinished,  # by which a later start finds it
            env=child_environment(),
            start_new_session=True,
            **where.identity,
        )
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode("utf-8", "replace").strip()
        raise DatabaseError(f"No database could be made in {logged_path(where.home)}: {words}") from error
    os.rename(unfinished, where.cluster)
