"""Roots come and go while the watcher runs."""

import os

import attrs
import pytest

from actors.messages import FilesSettled, RootsChanged, RootSeen, ScanNow
from actors.watcher import Watcher
from supervision import Child, Supervisor, run
from supervision.testing import Probe


@pytest.fixture
async def watched(store, store_config, tmp_path):
    """A function that runs a watcher over the store's roots and gives its ref and what it tells."""
    config = attrs.evolve(store_config, settle_s=0.1)
    cataloger = Probe()
    tree = Supervisor(
        "test",
        children=[
            cataloger.child("cataloger"),
            Child("watcher", lambda: Watcher(store=store, config=config, cataloger="test/cataloger")),
        ],
    )
    async with run(tree, signals=False) as running:
        yield running, cataloger


async def test_a_root_added_while_running_is_watched_and_one_removed_is_not(watched, store, tmp_path):
    running, cataloger = watched
    watcher = running.ref("test/watcher")
    folder = tmp_path / "late"
    folder.mkdir()
    (folder / "a.mp3").write_bytes(b"1")
    root = await store.roots.add(os.fsencode(folder))
    await watcher.tell(RootsChanged())
    message = await cataloger.next(lambda message: isinstance(message, FilesSettled), timeout_s=30)

    assert message.readings[0].root_id == root.id
    await store.roots.remove(root.id)
    await watcher.ask(RootsChanged(), timeout_s=10)
    await watcher.ask(ScanNow(), timeout_s=10)


async def test_a_scan_can_be_asked_for_one_root(watched, store, tmp_path):
    running, cataloger = watched
    folder = tmp_path / "asked"
    folder.mkdir()
    root = await store.roots.add(os.fsencode(folder))

    def is_seen(state):
        return lambda told: isinstance(told, RootSeen) and (told.root_id, told.state) == (root.id, state)

    await running.ref("test/watcher").tell(RootsChanged())
    await cataloger.next(is_seen("watched"), timeout_s=30)
    await running.ref("test/watcher").tell(ScanNow(root_id=root.id))

    await cataloger.next(is_seen("scanning"), timeout_s=30)
