"""Whether a folder is on a network file system, where SQLite's WAL does not work."""

from __future__ import annotations

import os
from pathlib import Path

_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "ncpfs", "9p", "ceph", "lustre"}
    | {"gpfs", "beegfs", "glusterfs", "orangefs", "pvfs2", "panfs", "fuse.sshfs", "fuse.glusterfs"}
    | {"fuse.ceph", "fuse.s3fs", "fuse.beegfs", "fuse.gcsfuse"}
)
_MOUNTS = Path("/proc/self/mountinfo")


def network_filesystem(folder: Path) -> str | None:
    """Type of the network file system that ``folder`` is on; None on a local one.

    Where the system has no list of mounts (macOS) every folder counts as local.
    """
    device = folder.stat().st_dev
    if os.major(device):  # a disk of this machine
        return None
    try:
        mounts = _MOUNTS.read_text()
    except OSError:
        return None
    kind = kind_of_device(mounts, os.major(device), os.minor(device))
    return kind if kind in _NETWORK else None


def kind_of_device(mounts: str, major: int, minor: int) -> str | None:
    """Type of the file system on a device, from the text of ``/proc/self/mountinfo``.

    >>> kind_of_device("29 1 0:26 / /home rw,relatime - nfs4 host:/home rw", 0, 26)
    'nfs4'
    """
    wanted = f"{major}:{minor}"
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) > 2 and fields[2] == wanted and "-" in fields:
            return fields[fields.index("-") + 1]
    return None
