"""A catalogue saved and put back while it is served."""

import shutil
import subprocess
import sys
from pathlib import Path

import trio

COMMAND = Path(sys.executable).with_name("rookery")


async def rookery(*words: str) -> str:
    done = await trio.run_process([str(COMMAND), *words], capture_stdout=True, stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode()
    assert done.returncode == 0, text
    return text


async def test_a_backup_put_back_under_a_running_service_is_what_it_serves(serve, music, recordings, data_dir) -> None:
    file = data_dir.with_name("saved.rookery")
    for recording in recordings[:3]:
        shutil.copy(recording, music)
    async with serve(music, data_dir) as service:
        saved = await service.until_analyzed(3)
        await rookery("backup", str(file), "--data-dir", str(data_dir))
        shutil.copy(recordings[3], music)
        await service.until_analyzed(4)
        (music / recordings[3].name).unlink()
        async with service.following() as following:
            await rookery("restore", str(file), "--yes", "--data-dir", str(data_dir))
            await following.next_of("GOODBYE")
            await following.until_closed()
        again = await service.until(lambda tracks: len(tracks) == 3)

    assert {name: track["id"] for name, track in again.items()} == {name: track["id"] for name, track in saved.items()}


async def test_a_backup_is_put_back_into_a_service_at_rest(serve, music, recordings, data_dir) -> None:
    file = data_dir.with_name("saved.rookery")
    shutil.copy(recordings[0], music)
    async with serve(music, data_dir) as service:
        saved = await service.until_analyzed(1)
    other = data_dir.with_name("other")

    await rookery("backup", str(file), "--data-dir", str(data_dir))
    await rookery("restore", str(file), "--yes", "--data-dir", str(other))

    async with serve(music, other) as service:
        assert await service.until_analyzed(1) == saved
