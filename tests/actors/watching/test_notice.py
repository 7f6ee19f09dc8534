"""File-system events on real folders."""

import os

import trio

from actors.watching import notice


async def folders_told(root: bytes, act) -> frozenset[bytes]:
    started, told = trio.Event(), trio.Event()
    folders: set[bytes] = set()

    def changed(some: frozenset[bytes]) -> None:
        folders.update(some)
        told.set()

    async def follow() -> None:
        await notice.follow(root, started=started.set, changed=changed)

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(follow)
            await started.wait()
            act()
            await told.wait()
            nursery.cancel_scope.cancel()
    return frozenset(folders)


async def test_the_folder_of_a_new_file_is_told(tmp_path):
    (tmp_path / "x").mkdir()
    folders = await folders_told(os.fsencode(tmp_path), lambda: (tmp_path / "x" / "a.mp3").write_bytes(b"1"))

    assert os.fsencode(tmp_path / "x") in folders


async def test_the_folder_of_a_removed_file_is_told(tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"1")
    folders = await folders_told(os.fsencode(tmp_path), (tmp_path / "a.mp3").unlink)

    assert folders == {os.fsencode(tmp_path)}


async def test_a_root_that_is_not_there_cannot_be_watched(tmp_path):
    reason = await notice.follow(os.fsencode(tmp_path / "none"), started=lambda: None, changed=lambda _: None)

    assert reason


async def test_a_name_that_is_not_text_ends_the_watch_with_a_reason(tmp_path):
    started = trio.Event()
    reasons = []

    async def follow() -> None:
        reasons.append(await notice.follow(os.fsencode(tmp_path), started=started.set, changed=lambda _: None))

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(follow)
            await started.wait()
            os.mkdir(os.fsencode(tmp_path) + b"/caf\xe9")

    assert reasons
