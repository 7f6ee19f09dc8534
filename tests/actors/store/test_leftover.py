"""Ending servers that nobody owns any more."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from actors.store import leftover
from actors.store.datafolder import DataFolder
from actors.store.leftover import end_servers, servers_of
from actors.store.place import Place, make_sockets, place
from actors.store.programs import programs_for


@pytest.fixture
def where(cluster_folder: Path) -> Place:
    found = place(DataFolder(cluster_folder))
    make_sockets(found)
    return found


@pytest.fixture
def server(where: Place) -> Iterator["subprocess.Popen[bytes]"]:
    """A server that nobody looks after, reaped by a thread as init would."""
    program = programs_for(where).postgres
    with subprocess.Popen(
        [program, "-D", where.cluster, "-k", where.sockets, "-c", "listen_addresses=", "-c", "fsync=off"],
        stderr=subprocess.PIPE,
        start_new_session=True,
        **where.identity,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if b"ready to accept" in line:
                break
        yield process
        process.poll()
        for pid in servers_of(where.cluster):
            os.kill(pid, signal.SIGKILL)


async def test_without_a_server_there_is_nothing_to_end(where: Place):
    assert servers_of(where.cluster) == []
    assert await end_servers(where.cluster) == 0


async def test_a_running_server_is_found_and_ended_cleanly(where: Place, server: "subprocess.Popen[bytes]"):
    assert server.pid in servers_of(where.cluster)
    assert await end_servers(where.cluster) > 1
    assert servers_of(where.cluster) == []
    assert server.wait() == 0


async def test_workers_that_lost_their_server_are_ended_too(where: Place, server: "subprocess.Popen[bytes]"):
    server.kill()
    server.wait()
    await end_servers(where.cluster)
    assert servers_of(where.cluster) == []
    assert not (where.cluster / "postmaster.pid").exists()


async def test_a_server_that_no_longer_listens_is_ended_by_force(
    where: Place, server: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        leftover, "STEPS", tuple((order, min(limit, 0.1)) for order, limit in leftover.STEPS[:2]) + leftover.STEPS[2:]
    )
    for pid in servers_of(where.cluster):
        os.kill(pid, signal.SIGSTOP)
    await end_servers(where.cluster)
    assert servers_of(where.cluster) == []


async def test_a_number_that_belongs_to_somebody_else_by_now_does_no_harm(where: Place):
    """The file that a killed server left names a process that lives: this one."""
    (where.cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{where.cluster}\n")
    assert await end_servers(where.cluster) == 0
    assert not (where.cluster / "postmaster.pid").exists()


async def test_other_programs_that_work_in_the_folder_are_left_alone(where: Place):
    process = await trio.lowlevel.open_process(["sleep", "600"], cwd=where.cluster)
    assert await end_servers(where.cluster) == 0
    assert process.poll() is None
    process.kill()
    await process.wait()
