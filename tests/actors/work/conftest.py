"""Real recordings, and a look at the worker processes, of which no test leaves one behind."""

import sys
from pathlib import Path

import psutil
import pytest

from actors.media.synthesis import Piece
from actors.media.writing import write_recording

PROGRAM = Path(__file__).with_name("mishaps.py")


@pytest.fixture(scope="session")
def mishaps():
    """The command of a worker that does what the name of a file says."""
    return (sys.executable, "-P", str(PROGRAM))


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """A tagged recording of twenty seconds; not to be touched."""
    path = tmp_path_factory.mktemp("recordings") / "piece.flac"
    return write_recording(path, Piece(bpm=120, tonic=9, is_minor=True), length_s=20.0, tags={"title": "Rook"})


@pytest.fixture
def named(recording, tmp_path):
    """Copies the recording to a file of the test's own, named as asked for; gives its path as bytes."""

    def copy(stem):
        path = tmp_path / f"{stem}.flac"
        path.write_bytes(recording.read_bytes())
        return str(path).encode()

    return copy


def worker_processes(of=None):
    """The children of a process (this one) that are workers, ours or the tests'."""
    found = []
    for child in psutil.Process(of).children(recursive=True):
        try:
            command = child.cmdline()
        except psutil.NoSuchProcess:
            continue
        if str(PROGRAM) in command or {"actors.work.child", "actors.work.source"} & set(command):
            found.append(child)
    return found


@pytest.fixture
def workers():
    """Lists the worker processes below a process, by default this one."""
    return worker_processes


@pytest.fixture(autouse=True)
def nothing_left():
    """After every test no worker is left, and no dead one either that nobody waited for."""
    before = psutil.Process().children()
    yield
    assert [child for child in psutil.Process().children() if child not in before] == []
