"""Files as bodies."""

import os
from pathlib import Path

import pytest
import trio

from web.files import PIECE_BYTES, FileBody, ShortFileError, opened_file
from web.ranges import Span


async def whole(body: FileBody) -> list[bytes]:
    async with body as pieces:
        return [piece async for piece in pieces]


def holders(path: Path) -> int:
    links = Path("/proc/self/fd")
    return sum(os.path.realpath(link) == str(path.resolve()) for link in links.iterdir())


async def test_pieces_come_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(100)))
    body = FileBody(await opened_file(bytes(path)), [b"<", Span(10, 12), b"|", Span(98, 100), b">"])

    assert body.length == 7
    assert b"".join(await whole(body)) == b"<\x0a\x0b|\x62\x63>"


async def test_a_large_file_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(10 * PIECE_BYTES + 1)
    file_ = await opened_file(bytes(path))
    pieces = await whole(FileBody(file_, [Span(0, file_.size)]))

    assert sum(map(len, pieces)) == 10 * PIECE_BYTES + 1
    assert max(map(len, pieces)) == PIECE_BYTES


async def test_a_file_that_shrinks_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    body = FileBody(await opened_file(bytes(path)), [Span(0, 10)])
    os.truncate(path, 5)

    with pytest.raises(ShortFileError):
        await whole(body)


async def test_the_descriptor_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    file = await opened_file(bytes(path))
    assert holders(path) == 1
    await whole(FileBody(file, [Span(0, 1)]))
    assert holders(path) == 0
    file = await opened_file(bytes(path))
    del file
    # The thread that opened it may hold it for one moment longer.
    with trio.fail_after(5):
        while holders(path):
            await trio.lowlevel.checkpoint()


async def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "nothing"):
        with pytest.raises(OSError, match=r"."):
            await opened_file(bytes(path))


async def test_a_name_need_not_be_utf_8(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.mp3"
    with open(path, "wb") as file:  # noqa: ASYNC230  # pathlib takes no bytes; the file is tiny
        file.write(b"x")

    assert (await opened_file(path)).size == 1
