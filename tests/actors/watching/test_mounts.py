"""File systems that must be polled."""

import os
from pathlib import Path

import pytest

from actors.watching.mounts import file_system_of, must_poll

MOUNTINFO = rb"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv/music rw,relatime shared:2 - nfs4 nas:/music rw
31 22 0:41 / /srv/my\040music rw - fuse.sshfs me@there: rw
32 30 0:42 / /srv/music/local rw - xfs /dev/sdb1 rw
broken line
"""


@pytest.mark.parametrize(
    "path, expected",
    [(b"/home/me", "ext4"), (b"/srv/music", "nfs4"), (b"/srv/music/a/b", "nfs4"), (b"/srv/musical", "ext4"),
     (b"/srv/my music/a", "fuse.sshfs"), (b"/srv/music/local/x", "xfs")],
)  # fmt: skip
def test_the_innermost_mount_point_decides(path, expected):
    assert file_system_of(path, MOUNTINFO) == expected


def test_no_mount_point_is_unknown():
    assert file_system_of(b"/a", b"") == "unknown"


@pytest.mark.parametrize(
    "kind, expected", [("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("9p", True), ("ext4", False)]
)
def test_what_other_machines_change_is_polled(kind, expected):
    assert must_poll(kind) is expected


def test_this_machine_has_a_root_file_system():
    assert file_system_of(os.fsencode("/"), Path("/proc/self/mountinfo").read_bytes()) != "unknown"
