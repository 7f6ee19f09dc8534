"""Files as bodies."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from web.delivery.files import PIECE_BYTES, READERS, FileBody, ShortFileError, opened_file
from web.delivery.ranges import Span


async def whole(body: FileBody) -> list[bytes]:
    async with body as pieces:
        return [piece async for piece in pieces]


def holders(path: Path) -> int:
    links = Path("/proc/self/fd")
    return sum(os.path.realpath(link) == str(path.resolve()) for link in links.iterdir())


async def test_pieces_come_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(100)))
    body = FileBody(
        await opened_file(bytes(path), root=bytes(path.parent)), [b"<", Span(10, 12), b"|", Span(98, 100), b">"]
    )

    assert body.length == 7
    assert b"".join(await whole(body)) == b"<\x0a\x0b|\x62\x63>"


async def test_a_large_file_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(10 * PIECE_BYTES + 1)
    file_ = await opened_file(bytes(path), root=bytes(path.parent))
    pieces = await whole(FileBody(file_, [Span(0, file_.size)]))

    assert sum(map(len, pieces)) == 10 * PIECE_BYTES + 1
    assert max(map(len, pieces)) == PIECE_BYTES


async def test_a_file_that_shrinks_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    body = FileBody(await opened_file(bytes(path), root=bytes(path.parent)), [Span(0, 10)])
    os.truncate(path, 5)

    with pytest.raises(ShortFileError):
        await whole(body)


async def test_the_descriptor_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    file = await opened_file(bytes(path), root=bytes(path.parent))
    assert holders(path) == 1
    await whole(FileBody(file, [Span(0, 1)]))
    assert holders(path) == 0
    file = await opened_file(bytes(path), root=bytes(path.parent))
    del file
    # The thread that opened it may hold it for one moment longer.
    with trio.fail_after(5):
        while holders(path):
            await trio.lowlevel.checkpoint()


async def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/null")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "device", tmp_path / "nothing"):
        with pytest.raises(FileNotFoundError):
            await opened_file(bytes(path), root=bytes(tmp_path))


async def test_links_are_followed_inside_the_root_alone(tmp_path: Path) -> None:
    root, outside = tmp_path / "music", tmp_path / "music of others"
    for folder in (root, outside):
        folder.mkdir()
        (folder / "a").write_bytes(b"x")
    (root / "inside").symlink_to(root / "a")
    (root / "out").symlink_to(outside / "a")
    (root / "folder").symlink_to(outside)
    (tmp_path / "another name").symlink_to(root)

    assert (await opened_file(bytes(root / "inside"), root=bytes(root))).size == 1
    assert (await opened_file(bytes(root / "a"), root=bytes(tmp_path / "another name"))).size == 1
    for path in (root / "out", root / "folder" / "a", root / ".." / "music of others" / "a"):
        with pytest.raises(FileNotFoundError):
            await opened_file(bytes(path), root=bytes(root))
        assert holders(outside / "a") == 0


@pytest.fixture
def disk_answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Set when a disk answers again that hangs for whatever is opened below a folder called `hung`."""
    answers, real = threading.Event(), os.open

    def slow(path: bytes, *others: int) -> int:
        if b"/hung/" in path:
            answers.wait(20)
        return real(path, *others)

    monkeypatch.setattr("os.open", slow)
    yield answers
    answers.set()


async def test_a_disk_that_hangs_holds_up_its_own_files_alone(tmp_path: Path, disk_answers: threading.Event) -> None:
    paths = [tmp_path / folder / "a" for folder in ("hung", "well")]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(b"x")
    hung, well = paths

    async def wait_in_vain() -> None:
        with pytest.raises(TimeoutError):
            await opened_file(bytes(hung), root=bytes(hung.parent), limit_s=0.05)

    async with trio.open_nursery() as nursery:
        for _ in range(READERS + 1):
            nursery.start_soon(wait_in_vain)
    assert (await opened_file(bytes(well), root=bytes(well.parent))).size == 1

    disk_answers.set()
    assert (await opened_file(bytes(hung), root=bytes(hung.parent))).size == 1
    with trio.fail_after(5):
        while holders(hung):
            await trio.lowlevel.checkpoint()


async def test_a_disk_that_hangs_does_not_hold_up_the_end(tmp_path: Path, disk_answers: threading.Event) -> None:
    (tmp_path / "hung").mkdir()
    with trio.move_on_after(0.05) as scope:
        await opened_file(bytes(tmp_path / "hung" / "a"), root=bytes(tmp_path))

    assert scope.cancelled_caught
    assert not disk_answers.is_set()


async def test_a_name_need_not_be_utf_8(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.mp3"
    with open(path, "wb") as file:  # noqa: ASYNC230  # pathlib takes no bytes; the file is tiny
        file.write(b"x")

    assert (await opened_file(path, root=bytes(tmp_path))).size == 1
