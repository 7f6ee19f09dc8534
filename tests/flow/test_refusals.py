"""What cannot work is said in one line, before anything is started, and without a traceback."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest


def refused(command, *arguments, env=None) -> str:
    """The last line on standard error of a start that must fail."""
    run = subprocess.run(
        [str(command), "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(env or {})},
        check=False,
    )
    assert run.returncode == 2, run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    return run.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("name, expected", [("none", "does not exist"), ("file", "is not a folder")])
def test_a_root_that_is_none(command, tmp_path, data_dir, name, expected):
    (tmp_path / "file").write_bytes(b"")

    line = refused(command, str(tmp_path / name), "--data-dir", str(data_dir), "--port", "0")
    assert expected in line
    assert str(tmp_path / name) in line


def test_a_port_in_use(command, music, data_dir):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        line = refused(command, str(music), "--data-dir", str(data_dir), "--port", str(port))
    assert str(port) in line
    assert "--port" in line


async def test_a_data_folder_in_use_names_the_process(serve, command, music, data_dir):
    async with serve(music, data_dir) as rookery:
        line = refused(command, str(music), "--data-dir", str(data_dir), "--port", "0")

        assert str(rookery.process.pid) in line
        assert (await rookery.json("/health"))["status"] == "ok"


def test_a_data_folder_that_cannot_be_written(command, music):
    assert "/proc/nothing" in refused(command, str(music), "--data-dir", "/proc/nothing", "--port", "0")


def test_an_external_database_that_is_away(command, music, data_dir):
    url = "postgresql://someone:secret@127.0.0.1:1/music"
    line = refused(command, str(music), "--data-dir", str(data_dir), "--port", "0", "--database-url", url)

    assert "does not answer" in line
    assert "secret" not in line


def test_a_wrong_setting_in_the_environment(command, music, data_dir):
    assert "port" in refused(command, str(music), "--data-dir", str(data_dir), env={"ROOKERY_PORT": "many"})


AS_NOBODY = """
import os, sys
import encodings.idna, web.cli.serve  # while their files can be read
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
web.cli.serve.serve(sys.argv[1:], prog_name="rookery serve")
"""


def test_a_root_behind_a_closed_door_is_named_before_anything_is_started():
    top = Path(tempfile.mkdtemp(prefix="rookery-door-", dir="/tmp"))
    try:
        top.chmod(0o777)
        (top / "closed" / "music").mkdir(parents=True)
        (top / "closed").chmod(0o600)
        run = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, "--data-dir", str(top / "data"), "--port", "0"],
            # Nobody may write the figures of coverage either.
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")},
                "HOME": "/nonexistent",
                "ROOKERY_ROOTS": str(top / "closed" / "music"),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        is_untouched = not (top / "data").exists()
    finally:
        (top / "closed").chmod(0o700)
        shutil.rmtree(top)

    assert run.returncode == 2, run.stderr
    assert run.stderr.count("\n") == 1, run.stderr
    assert f"{top}/closed is closed to" in run.stderr
    assert "chmod o+x" in run.stderr
    assert is_untouched


def test_strangers_are_kept_out_before_a_database_is_made(command, music, data_dir):
    line = refused(command, str(music), "--data-dir", str(data_dir), "--port", "0", "--host", "0.0.0.0")

    assert "rookery users add NAME --admin" in line
    assert not data_dir.exists()


def test_the_home_of_nobody(command, data_dir):
    line = refused(command, "--data-dir", str(data_dir), "--port", "0", env={"ROOKERY_ROOTS": "~no-such-user/Music"})

    assert "no-such-user" in line
