"""Whether a folder can be watched."""

import os
from pathlib import Path

import pytest

from actors.errors import ConfigurationError
from actors.watching.folder import demand, objection, real

NOBODY = 65534


def as_nobody(folder: Path) -> str:
    """What is objected when a user asks who owns nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            os.write(writing, (objection(os.fsencode(folder)) or "nothing").encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading) as said:
        told = said.read()
    os.waitpid(child, 0)
    return told


@pytest.fixture
def top(tmp_path):
    """A folder that everybody may enter, and one in it."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith(("pytest-", "popen-")) or folder == tmp_path:  # pytest's own are closed to others
            folder.chmod(0o755)
    (tmp_path / "a" / "music").mkdir(parents=True)
    yield tmp_path
    (tmp_path / "a").chmod(0o755)


def test_a_folder_that_can_be_read_is_not_objected_to(top):
    assert objection(os.fsencode(top / "a" / "music")) is None
    assert as_nobody(top / "a" / "music") == "nothing"


def test_the_closed_door_is_named_with_who_stands_before_it_and_what_to_do(top):
    (top / "a").chmod(0o600)
    told = as_nobody(top / "a" / "music")

    assert told.startswith(f"cannot be read: Permission denied. {top}/a is closed to user ")
    assert "chmod o+x" in told


def test_a_folder_that_may_be_entered_but_not_listed_is_closed_itself(top):
    (top / "a").chmod(0o311)
    told = as_nobody(top / "a")

    assert f"{top}/a is closed" in told
    assert "chmod o+rx" in told


def test_what_is_no_folder_is_told_so(top):
    (top / "file").write_bytes(b"")

    assert objection(os.fsencode(top / "none")).startswith("does not exist")
    assert objection(os.fsencode(top / "file")).startswith("is not a folder")
    assert "Not a directory" in objection(os.fsencode(top / "file" / "x"))
    with pytest.raises(ConfigurationError, match=f"The folder {top}/none does not exist"):
        demand(os.fsencode(top / "none"))


def test_the_home_of_nobody_is_no_folder(top):
    with pytest.raises(ConfigurationError, match="~nobody-here/Music cannot be found"):
        real(Path("~nobody-here/Music"))
    assert real(top / "a" / ".." / "a") == os.fsencode(top / "a")
