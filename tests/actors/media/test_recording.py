"""Holding a file open, whatever its name, and noticing what happens to it."""

import os

import pytest

from actors.errors import FileGoneError, UnreadableError
from actors.media.recording import open_recording


@pytest.fixture(params=[b"plain.mp3", b"caf\xe9 \xff.mp3", "\N{BIRD}\n'\"\t:,[]\\ .mp3".encode(), b"x" * 255])
def path(request, tmp_path):
    path = os.fsencode(tmp_path) + b"/" + request.param
    with open(path, "wb") as file:
        file.write(b"sound")
    return path


def test_any_name_has_a_plain_address_that_reads_the_file(path):
    with open_recording(path) as recording:
        assert recording.address.isascii()
        assert recording.size_bytes == 5
        with open(recording.address, "rb") as one, open(recording.address, "rb") as other:
            assert one.read() == other.read() == b"sound"


def test_a_file_that_is_removed_meanwhile_is_gone(path):
    with pytest.raises(FileGoneError) as caught, open_recording(path):
        os.unlink(path)

    assert caught.value.kind == "gone"


def replace(path):
    with open(path + b"2" if len(path) < 200 else path[:-1], "wb") as file:
        file.write(b"other")
    os.replace(file.name, path)


def grow(path):
    with open(path, "ab") as file:
        file.write(b"more")


def touch(path):
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("change", [replace, grow, touch])
def test_a_file_that_changes_meanwhile_is_changed(path, change):
    with pytest.raises(FileGoneError) as caught, open_recording(path):
        change(path)

    assert caught.value.kind == "changed"


def test_a_change_explains_what_looked_like_damage(path):
    def fail():
        grow(path)
        raise UnreadableError("corrupt", "half a file")

    with pytest.raises(FileGoneError), open_recording(path):
        fail()


def test_damage_without_a_change_stays_damage(path):
    with pytest.raises(UnreadableError, match="half a file"), open_recording(path):
        raise UnreadableError("corrupt", "half a file")


def test_what_is_not_there_is_gone(tmp_path):
    with pytest.raises(FileGoneError), open_recording(os.fsencode(tmp_path / "nothing")):
        pass


def link_to_device(path):
    os.symlink("/dev/zero", path)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, link_to_device])
def test_what_is_no_regular_file_is_never_read(tmp_path, make):
    path = os.fsencode(tmp_path / "x.mp3")
    make(path)

    with pytest.raises(UnreadableError) as caught, open_recording(path):
        pass

    assert caught.value.kind == "no_audio"


def test_a_name_that_is_too_long_is_unreadable(tmp_path):
    with pytest.raises(UnreadableError) as caught, open_recording(os.fsencode(tmp_path) + b"/" + b"x" * 300):
        pass

    assert caught.value.kind == "unreadable"


def test_no_descriptor_stays_open(path):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with open_recording(path):
            pass

    assert len(os.listdir("/proc/self/fd")) == before
