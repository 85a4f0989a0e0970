from __future__ import annotations

import pytest

from weft.store import database
from weft.store.filesystem import kind_of_device, network_filesystem
from weft.store.store import Store

from .conftest import remember

MOUNTS = """\
22 28 0:21 / /proc rw,nosuid - proc proc rw
31 1 0:27 / /home rw,relatime shared:1 - nfs4 server:/home rw,vers=4.2
32 1 259:2 /root\\040x / rw shared:2 master:3 - ext4 /dev/nvme0n1p2 rw
"""


@pytest.mark.parametrize(
    ("device", "kind"), [((0, 27), "nfs4"), ((259, 2), "ext4"), ((0, 21), "proc"), ((0, 5), None)]
)
def test_the_kind_of_a_device_is_read_from_the_mounts(device, kind):
    assert kind_of_device(MOUNTS, *device) == kind


def test_a_local_folder_is_not_on_a_network(tmp_path):
    assert network_filesystem(tmp_path) is None


def test_a_memory_file_system_is_not_a_network(small_disk, tmp_path):
    assert network_filesystem(tmp_path / "disk") is None


def test_on_a_network_the_journal_is_the_safe_one_and_it_is_said(folder, monkeypatch):
    monkeypatch.setattr(database, "network_filesystem", lambda _folder: "nfs4")
    store = Store.open(folder, write=True)
    remember(store, "a", 1)
    store.flush()
    assert store._database.row("PRAGMA journal_mode") == ("delete",)
    assert store._database.row("PRAGMA synchronous") == (2,)
    assert "network file system (nfs4)" in store.messages[0]
    reader = Store.open(folder, write=False)
    assert len(reader.traces()) == 1
    reader.close()
    store.close()


def test_a_folder_that_was_moved_to_a_network_loses_its_write_ahead_log(folder, monkeypatch):
    store = Store.open(folder, write=True)
    remember(store, "a", 1)
    store.close()
    monkeypatch.setattr(database, "network_filesystem", lambda _folder: "nfs4")
    store = Store.open(folder, write=True)
    assert store._database.row("PRAGMA journal_mode") == ("delete",)
    assert len(store.traces()) == 1
    store.close()
