"""Files on their way into a root, on a real disk."""

import errno
import hashlib
import os

import pytest
import trio

from web.errors import ProblemError
from web.upload import incoming as module
from web.upload.incoming import incoming


def names(folder):
    return sorted(path.name for path in folder.iterdir())


async def test_a_file_is_complete_before_it_can_be_seen(tmp_path):
    body = os.urandom(2_500_000)
    async with incoming(os.fsencode(tmp_path), expected_bytes=0) as file:
        for start in range(0, len(body), 300_000):
            await file.write(body[start : start + 300_000])
        assert names(tmp_path) == [".rookery"]
        assert await file.finish() == hashlib.sha256(body).digest()
        place = await file.settle(os.fsencode(tmp_path / "album"), b"a.mp3", may_rename=False)

    assert place == os.fsencode(tmp_path / "album" / "a.mp3")
    assert (tmp_path / "album" / "a.mp3").read_bytes() == body
    assert names(tmp_path) == ["album"]


async def test_what_does_not_settle_leaves_nothing(tmp_path):
    with trio.CancelScope() as scope:
        async with incoming(os.fsencode(tmp_path), expected_bytes=0) as file:
            await file.write(b"x" * 2_000_000)
            scope.cancel()
            await trio.lowlevel.checkpoint()
    assert names(tmp_path) == []
    (tmp_path / "a.mp3").write_bytes(b"first")
    with pytest.raises(ProblemError) as caught:
        async with incoming(os.fsencode(tmp_path), expected_bytes=0) as file:
            await file.settle(os.fsencode(tmp_path), b"a.mp3", may_rename=False)

    assert caught.value.refusal.code == "CONFLICT"
    assert names(tmp_path) == ["a.mp3"]


async def test_what_does_not_fit_is_refused_at_once(tmp_path):
    with pytest.raises(ProblemError) as caught:
        async with incoming(os.fsencode(tmp_path), expected_bytes=2**62):
            pass

    assert caught.value.refusal.code == "INSUFFICIENT_STORAGE"
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "error, code",
    [
        (errno.ENOSPC, "INSUFFICIENT_STORAGE"),
        (errno.EDQUOT, "INSUFFICIENT_STORAGE"),
        (errno.EFBIG, "PAYLOAD_TOO_LARGE"),
        (errno.EROFS, "CONFLICT"),
        (errno.EACCES, "CONFLICT"),
        (errno.ETIMEDOUT, "UNAVAILABLE"),
        (errno.ENAMETOOLONG, "VALIDATION_ERROR"),
    ],
)
async def test_each_refusal_of_the_disk_has_its_problem_and_leaves_nothing(tmp_path, monkeypatch, error, code):
    def refuse(*_):
        raise OSError(error, os.strerror(error))

    async def send():
        async with incoming(os.fsencode(tmp_path), expected_bytes=0) as file:
            monkeypatch.setattr(module.os, "write", refuse)
            await file.write(b"x" * 2_000_000)

    with pytest.raises(ProblemError) as caught:
        await send()

    assert caught.value.refusal.code == code
    assert names(tmp_path) == []
