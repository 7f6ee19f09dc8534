"""One Rookery per data folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from actors.errors import ConfigurationError, DataFolderBusyError
from actors.store.datafolder import hold_data_folder

HOLD = """
import sys
from pathlib import Path
from actors.store.datafolder import hold_data_folder
with hold_data_folder(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_folder_is_made_for_its_owner(tmp_path: Path):
    with hold_data_folder(tmp_path / "deep" / "data") as folder:
        assert folder.path == tmp_path / "deep" / "data"
        assert folder.path.stat().st_mode & 0o066 == 0


def test_a_folder_that_is_there_keeps_its_mode_and_so_do_those_above(tmp_path: Path):
    above = tmp_path / "above"
    data = above / "data"
    data.mkdir(parents=True)
    above.chmod(0o700)
    data.chmod(0o750)
    with hold_data_folder(data):
        assert above.stat().st_mode & 0o777 == 0o700
        assert data.stat().st_mode & 0o777 == 0o750


def test_a_second_holder_is_told_the_first_ones_process(tmp_path: Path):
    with hold_data_folder(tmp_path):
        own = rf"used by process {os.getpid()} \(.*--data-dir"
        with pytest.raises(DataFolderBusyError, match=own), hold_data_folder(tmp_path):
            pass
    with hold_data_folder(tmp_path):
        pass


def test_a_holder_that_is_killed_holds_no_longer(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(DataFolderBusyError, match=f"process {other.pid} "), hold_data_folder(tmp_path):
            pass
        other.kill()
        other.wait()
        with hold_data_folder(tmp_path):
            pass


def test_a_symbolic_link_names_the_same_folder(tmp_path: Path):
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    with hold_data_folder(real), pytest.raises(DataFolderBusyError), hold_data_folder(tmp_path / "link"):
        pass


def test_a_file_is_no_data_folder(tmp_path: Path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigurationError, match=r"cannot be used.*--data-dir"), hold_data_folder(path):
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path):
    tmp_path.chmod(0o500)
    for path in (tmp_path, tmp_path / "new"):
        with pytest.raises(ConfigurationError, match="Permission denied"), hold_data_folder(path):
            pass
    tmp_path.chmod(0o700)


def test_a_file_system_that_refuses_writes_is_told():
    """Not even root may make a folder below /proc."""
    with pytest.raises(ConfigurationError, match="cannot be used"), hold_data_folder(Path("/proc/rookery")):
        pass


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "rookery.lock").symlink_to(victim)
    with pytest.raises(ConfigurationError), hold_data_folder(tmp_path):
        pass
    assert victim.read_text() == "precious"


def test_messages_show_odd_paths_on_one_line(tmp_path: Path):
    odd = tmp_path / os.fsdecode(b"m\xfc\nx")
    with hold_data_folder(odd), pytest.raises(DataFolderBusyError) as caught, hold_data_folder(odd):
        pass
    assert r"m\xfc\nx is used by" in str(caught.value)
    assert "\n" not in str(caught.value)
