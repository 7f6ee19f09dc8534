"""The process that watches over the server's owner."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from actors.store.guard import guarded
from actors.store.place import Place

OWN = """
import sys
from pathlib import Path
import trio
from actors.store.guard import guarded
from actors.store.place import Place
home = Path(sys.argv[2])
async def main():
    async with guarded(int(sys.argv[1]), Place(home=home, sockets=home, user=None)) as pid:
        print(pid, flush=True)
        await trio.sleep_forever()
trio.run(main)
"""


@pytest.fixture
def where(tmp_path: Path) -> Place:
    (tmp_path / "postgres").mkdir()
    return Place(home=tmp_path, sockets=tmp_path, user=None)


async def killed_owner(pid: int, home: Path) -> None:
    """Another process guards `pid` and is killed; returns when its guard has ended too."""
    command = [sys.executable, "-c", OWN, str(pid), str(home)]
    owner = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    async with owner.stdout:
        guard = os.pidfd_open(int(await owner.stdout.receive_some()))
        owner.kill()
        await owner.wait()
        await trio.lowlevel.wait_readable(guard)
        os.close(guard)


async def test_the_server_is_ended_when_its_owner_is_killed(where: Place):
    server = await trio.lowlevel.open_process(["sleep", "600"], cwd=where.cluster)
    await killed_owner(server.pid, where.home)
    assert await server.wait() == -2


async def test_a_process_that_only_has_the_number_is_left_alone(where: Place):
    other = await trio.lowlevel.open_process(["sleep", "600"], cwd="/")
    await killed_owner(other.pid, where.home)
    assert other.poll() is None
    other.kill()
    await other.wait()


async def test_the_guard_goes_quietly_when_the_block_ends(where: Place):
    server = await trio.lowlevel.open_process(["sleep", "600"], cwd=where.cluster)
    for is_cancelled in (False, True):
        with trio.CancelScope() as scope:
            async with guarded(server.pid, where) as guard:
                assert guard is not None
                handle = os.pidfd_open(guard)
                if is_cancelled:
                    scope.cancel()
                    await trio.lowlevel.checkpoint()
        await trio.lowlevel.wait_readable(handle)
        os.close(handle)
        assert server.poll() is None
    server.kill()
    await server.wait()


async def test_without_a_shell_there_is_no_guard_and_no_error(where: Place, monkeypatch: pytest.MonkeyPatch):
    async def no_shell(*_: object, **__: object) -> None:
        raise FileNotFoundError("/bin/sh")

    monkeypatch.setattr(trio.lowlevel, "open_process", no_shell)
    async with guarded(os.getpid(), where) as guard:
        assert guard is None
