"""Roots come and go while the watcher runs."""

import os

import attrs
import pytest
import trio

from actors.messages import FilesSettled, RootsChanged, RootSeen, ScanNow
from actors.watcher import Watcher
from supervision import Actor, Child, Supervisor, run


class Sink(Actor[object]):
    """Takes every message and hands it to the test."""

    def __init__(self, told):
        self._told = told

    async def started(self, context):
        """Nothing to do."""

    async def receive(self, message):
        """Pass it on."""
        await self._told.send(message)


@pytest.fixture
async def watched(store, store_config, tmp_path):
    """A function that runs a watcher over the store's roots and gives its ref and what it tells."""
    config = attrs.evolve(store_config, settle_s=0.1)
    send, receive = trio.open_memory_channel(1000)

    tree = Supervisor(
        "test",
        children=[
            Child("sink", lambda: Sink(send)),
            Child("watcher", lambda: Watcher(store=store, config=config, cataloger="test/sink")),
        ],
    )
    async with run(tree, signals=False) as running:
        yield running, receive


async def next_of(receive, kind, wanted=lambda _: True):
    with trio.fail_after(30):
        while True:
            message = await receive.receive()
            if isinstance(message, kind) and wanted(message):
                return message


async def test_a_root_added_while_running_is_watched_and_one_removed_is_not(watched, store, tmp_path):
    running, receive = watched
    watcher = running.ref("test/watcher")
    folder = tmp_path / "late"
    folder.mkdir()
    (folder / "a.mp3").write_bytes(b"1")
    root = await store.roots.add(os.fsencode(folder))
    await watcher.tell(RootsChanged())
    message = await next_of(receive, FilesSettled)

    assert message.readings[0].root_id == root.id
    await store.roots.remove(root.id)
    await watcher.ask(RootsChanged(), timeout_s=10)
    await watcher.ask(ScanNow(), timeout_s=10)


async def test_a_scan_can_be_asked_for_one_root(watched, store, tmp_path):
    running, receive = watched
    folder = tmp_path / "asked"
    folder.mkdir()
    root = await store.roots.add(os.fsencode(folder))
    await running.ref("test/watcher").tell(RootsChanged())
    await next_of(receive, RootSeen, lambda message: message.root_id == root.id and message.state == "watched")
    await running.ref("test/watcher").tell(ScanNow(root_id=root.id))

    await next_of(receive, RootSeen, lambda message: message.root_id == root.id and message.state == "scanning")
