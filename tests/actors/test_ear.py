"""Hints of a real folder, and what stands in for them."""

import os
from contextlib import asynccontextmanager

import pytest
import trio

from actors.disk import Disk
from actors.ear import Ear
from actors.nudge import Nudge


@asynccontextmanager
async def listening(folder):
    nudge = Nudge()
    ear = Ear(os.fsencode(folder), disk=Disk(), nudge=nudge)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ear.listen)
            yield ear, nudge
            nursery.cancel_scope.cancel()


async def test_a_change_is_a_nudge_with_its_folder(tmp_path):
    async with listening(tmp_path) as (ear, nudge):
        ear.root_is_there()
        await ear.settled()
        assert ear.polling is None
        assert not ear.take_whole()
        (tmp_path / "a.mp3").write_bytes(b"1")
        await nudge.take()

        assert ear.take_folders() == {os.fsencode(tmp_path)}
        assert ear.take_folders() == set()


async def test_a_root_that_came_back_is_looked_at_as_a_whole_and_heard_again(tmp_path):
    async with listening(tmp_path) as (ear, nudge):
        ear.root_is_there()
        await ear.settled()
        ear.root_is_another()
        ear.root_is_there()
        await nudge.take()
        assert ear.take_whole()
        (tmp_path / "a.mp3").write_bytes(b"1")
        while not ear.take_folders():
            await nudge.take()


async def test_a_root_that_cannot_be_watched_is_polled_for_a_reason(tmp_path):
    async with listening(tmp_path / "none") as (ear, _):
        ear.root_is_there()
        await ear.settled()

        assert "polled every 30 s" in ear.polling
        assert "not there" in ear.polling


@pytest.mark.parametrize("kind", ["nfs4", "fuse.sshfs"])
async def test_a_file_system_of_other_machines_is_polled(tmp_path, monkeypatch, kind):
    monkeypatch.setattr("actors.watching.look.file_system", lambda _: kind)
    async with listening(tmp_path) as (ear, _):
        ear.root_is_there()
        await ear.settled()

        assert kind in ear.polling


async def test_very_many_folders_with_events_are_one_look_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr("actors.ear.FOLDERS_MOST", 2)
    for number in range(5):
        (tmp_path / str(number)).mkdir()
    async with listening(tmp_path) as (ear, nudge):
        ear.root_is_there()
        await ear.settled()
        for number in range(5):
            (tmp_path / str(number) / "a.mp3").write_bytes(b"1")
        while not ear.take_whole():
            await nudge.take()
