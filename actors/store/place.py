"""Where the embedded server keeps its files, and as which user it runs. Decides and looks, starts nothing.

As an ordinary user everything lies in the data folder. Root may not run PostgreSQL, so root runs it as an unprivileged
user; if that user cannot come through to the data folder, the cluster lies in a folder of ours below /var/lib, and
the data folder records where. The mode of a folder that is not ours is never changed.
"""

import hashlib
import os
import pwd
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs

from actors.errors import ConfigurationError
from actors.model.track import logged_path
from actors.store.datafolder import PRIVATE, DataFolder

SHELTER = Path("/var/lib")
CLUSTER_NAME = "postgres"
RECORD_NAME = "postgres.place"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 103
"""Bytes; Linux has room for 107, the BSDs for 103."""
PLAIN = re.compile(rb"[A-Za-z0-9/_.-]+")
"""Socket folders that neither URLs nor PostgreSQL's settings read as anything but a path: no comma, blank or odd byte."""
SERVER_USERS = ("rookery", "postgres", "nobody")
"""Whom root chooses when the data folder is root's own; the first that exists."""


@attrs.frozen(kw_only=True)
class User:
    """The unprivileged user that root runs the server as."""

    uid: int
    gid: int


@attrs.frozen(kw_only=True)
class Place:
    """The folders of one embedded server; `user` is None when the server runs as whoever runs Rookery."""

    home: Path
    sockets: Path
    user: User | None

    @property
    def cluster(self) -> Path:
        """The database cluster, what PostgreSQL calls its data directory."""
        return self.home / CLUSTER_NAME

    @property
    def identity(self) -> dict[str, Any]:
        """Arguments that start a child process as the server's user."""
        if self.user is None:
            return {}
        return {"user": self.user.uid, "group": self.user.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Hand a folder of ours to the server's user."""
        if self.user is not None:
            os.chown(path, self.user.uid, self.user.gid)


def place(folder: DataFolder, *, shelter: Path = SHELTER) -> Place:
    """The same answer at every start on one data folder.

    Raises:
        ConfigurationError: the cluster belongs to another user, or its user cannot come through to it any more.
    """
    user = _server_user(folder) if os.geteuid() == 0 else None
    record = folder.path / RECORD_NAME
    if record.exists():
        home = Path(os.fsdecode(record.read_bytes().rstrip(b"\n")))
    elif user is None or (folder.path / CLUSTER_NAME).exists() or passable(folder.path, user):
        home = folder.path
    else:
        home = shelter / f"rookery-{_digest(folder.path)}"
        record.write_bytes(os.fsencode(home) + b"\n")
    cluster = home / CLUSTER_NAME
    if cluster.exists():
        owner = cluster.stat()
        if user is not None and owner.st_uid != 0:
            user = User(uid=owner.st_uid, gid=owner.st_gid)
        elif owner.st_uid != os.geteuid():
            raise ConfigurationError(
                f"The database {logged_path(cluster)} belongs to user {owner.st_uid}. "
                "Start Rookery as that user, or choose another folder with --data-dir."
            )
        if user is not None and not passable(home, user):
            raise ConfigurationError(
                f"User {user.uid}, to whom the database {logged_path(cluster)} belongs, can no longer come through to it. "
                "Give the folders above it back their x permission for others."
            )
    return Place(home=home, sockets=_sockets(home), user=user)


def drop_sockets(where: Place) -> None:
    """Remove the socket folder once the server has stopped; one that is still in use stays."""
    with suppress(OSError):
        where.sockets.rmdir()


def passable(path: Path, user: User) -> bool:
    """Whether a user comes through all folders down to `path`, by their modes."""
    return all(_permits(folder, user, stat.S_IXUSR) for folder in (path, *path.parents))


def _permits(path: Path, user: User, right: int) -> bool:
    found = path.stat()
    if found.st_uid == user.uid:
        wanted = right
    elif found.st_gid == user.gid:
        wanted = right >> 3
    else:
        wanted = right >> 6
    return bool(found.st_mode & wanted)


def _server_user(folder: DataFolder) -> User:
    """The data folder's owner if that is not root, else the first of `SERVER_USERS` that the system has."""
    owner = folder.path.stat()
    if owner.st_uid != 0:
        return User(uid=owner.st_uid, gid=owner.st_gid)
    for name in SERVER_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(uid=entry.pw_uid, gid=entry.pw_gid)
    raise ConfigurationError(
        "PostgreSQL refuses to run as root, and there is no user rookery, postgres or nobody to run it as. "
        "Start Rookery as an ordinary user, or add a system user: useradd --system rookery"
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _sockets(home: Path) -> Path:
    """Beside the cluster, or a folder for temporary files when that path would be too long or odd for a socket."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "") if os.geteuid() != 0 else ""
    name = f"rookery-{_digest(home)}"
    temporary = Path("/tmp") / name  # noqa: S108  # made 0700 and checked in make_sockets
    for folder in (home / "run", Path(runtime or "/tmp") / name):  # noqa: S108
        path = os.fsencode(folder / SOCKET_NAME)
        if len(path) <= LONGEST_SOCKET_PATH and PLAIN.fullmatch(path):
            return folder
    return temporary


def make_sockets(where: Place) -> None:
    """An empty socket folder that only the server's user can enter.

    Raises:
        ConfigurationError: the name is taken by somebody else.
    """
    where.sockets.mkdir(mode=PRIVATE, exist_ok=True, parents=False)
    found = where.sockets.lstat()
    uid = os.geteuid() if where.user is None else where.user.uid
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()}:
        raise ConfigurationError(
            f"{logged_path(where.sockets)} belongs to somebody else; remove it, Rookery needs the name."
        )
    where.sockets.chmod(PRIVATE)
    where.give(where.sockets)
    for left in where.sockets.iterdir():
        left.unlink()
