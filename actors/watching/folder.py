"""Whether a folder can be watched, and what a person has to do where it cannot."""

import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from actors.errors import ConfigurationError
from actors.model.track import logged_path, shown_path

NOT_APART = "is the data folder, where Rookery keeps its database and looks for no recordings. Name another, here or with --data-dir."


def real(folder: Path) -> bytes:
    """The absolute path of a folder as settings name it, without symbolic links; there need be none.

    Raises:
        ConfigurationError: it begins with the home of a user that there is not.
    """
    try:
        return os.path.realpath(bytes(folder.expanduser()))
    except RuntimeError as error:
        raise ConfigurationError(
            f"The folder {logged_path(folder)} cannot be found: {error} Name it from / on."
        ) from error


def demand_apart(path: bytes, data_dir: Path) -> None:
    """Let a folder be watched only if it is not the one in which Rookery keeps its own things, which no look enters.

    Raises:
        ConfigurationError: it is that one.
    """
    if path == real(data_dir):
        raise ConfigurationError(f"The folder {shown_path(path)} {NOT_APART}")


def demand(path: bytes) -> None:
    """Let a folder be watched only if it can be.

    Raises:
        ConfigurationError: which folder, why, and what to do.
    """
    if (reason := objection(path)) is not None:
        raise ConfigurationError(f"The folder {shown_path(path)} {reason}")


def objection(path: bytes) -> str | None:
    """Why a folder cannot be watched, as the rest of a sentence that begins with its name; None if it can be.

    Args:
        path: absolute.
    """
    try:
        if not stat.S_ISDIR(os.stat(path).st_mode):
            return "is not a folder. Name the folder that the file lies in."
        os.scandir(path).close()
    except FileNotFoundError:
        return "does not exist. Name a folder that holds recordings."
    except PermissionError as error:
        door = next((one for one in _way_to(path) if not _is_open(one, is_end=one == path)), path)
        return (
            f"cannot be read: {error.strerror}. {shown_path(door)} is closed to {_who()}: open it "
            f"(chmod o+{'rx' if door == path else 'x'}, or setfacl for this user alone), or run Rookery as a user who may enter."
        )
    except OSError as error:
        return f"cannot be read: {error.strerror}."
    return None


def _way_to(path: bytes) -> Iterator[bytes]:
    """All folders that one comes through, from the top, and the folder itself."""
    parts = path.split(b"/")
    for end in range(1, len(parts) + 1):
        yield b"/".join(parts[:end]) or b"/"


def _is_open(path: bytes, *, is_end: bool) -> bool:
    return os.access(path, os.X_OK | (os.R_OK if is_end else 0), effective_ids=True)


def _who() -> str:
    user_id = os.geteuid()
    try:
        return f"user {pwd.getpwuid(user_id).pw_name}"
    except KeyError:
        return f"user {user_id}"
