"""Which file systems tell of changes by themselves, and which must be polled."""

import os

POLLED_TYPES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "vboxsf", "virtiofs", "davfs"}
)
"""Another machine can change these without this kernel hearing of it, so inotify(7) says nothing."""


def file_system_of(path: bytes, mountinfo: bytes) -> str:
    """The type of the file system that a path lies on.

    Args:
        path: absolute, without links.
        mountinfo: the text of `/proc/self/mountinfo`; its fields are given in proc_pid_mountinfo(5).

    Returns: `ext4`, `nfs4`, `fuse.sshfs` …; `unknown` when no mount point holds the path.
    """
    best, kind = -1, b"unknown"
    for line in mountinfo.splitlines():
        before, _, after = line.partition(b" - ")
        fields = before.split(b" ")
        if len(fields) < 5 or not after:
            continue
        point = _unescaped(fields[4])
        inside = path == point or path.startswith(point.rstrip(b"/") + b"/")
        if inside and len(point) >= best:
            best, kind = len(point), after.split(b" ")[0]
    return os.fsdecode(kind)


def must_poll(file_system: str) -> bool:
    """Whether a watch on such a file system would miss what other machines do."""
    return file_system in POLLED_TYPES or file_system.startswith("fuse.")


def _unescaped(field: bytes) -> bytes:
    """Space, tab, newline and backslash stand as three octal digits."""
    parts = field.split(b"\\")
    return parts[0] + b"".join(bytes([int(part[:3], 8)]) + part[3:] for part in parts[1:])
