from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from weft.errors import LeaseHeld, StoreError
from weft.store.lease import EXPIRES, Holder, Lease, Place, Verdict, judge, process_start

HERE = Place(host="anna", machine="m1", boot="b1", space="pid:[1]")
HOLDER = Holder(place=HERE, pid=10, start="77", since=0.0, heartbeat=0.0, token="t")


def alive(pid: int) -> str | None:
    return {10: "77", 11: "78"}.get(pid)


def plant(folder: Path, **changes: object) -> Holder:
    """Write a lease as if another process had it."""
    me = Lease(folder)
    me.acquire(wait=False)
    holder = replace(me.holder(), token="other", **changes)
    (folder / "lease.json").write_text(json.dumps(asdict(holder)))
    return holder


# -- the decision, without a disk --------------------------------------------------------------


def test_a_process_of_this_machine_lives_while_its_number_and_start_match():
    assert judge(HOLDER, HERE, 1e9, alive) is Verdict.ALIVE


def test_a_number_that_nobody_has_is_dead():
    assert judge(replace(HOLDER, pid=99), HERE, 0.0, alive) is Verdict.DEAD


def test_a_number_that_is_used_again_is_dead():
    assert judge(replace(HOLDER, pid=11), HERE, 0.0, alive) is Verdict.DEAD


def test_another_name_of_this_machine_does_not_matter():
    renamed = replace(HOLDER, place=replace(HERE, host="berta"), pid=99)
    assert judge(renamed, HERE, 0.0, alive) is Verdict.DEAD


@pytest.mark.parametrize("change", [{"host": "berta", "boot": "b2"}, {"space": "pid:[2]"}])
def test_elsewhere_only_the_heartbeat_tells_and_never_death(change):
    holder = replace(HOLDER, place=replace(HERE, **change))
    assert judge(holder, HERE, EXPIRES - 1, alive) is Verdict.ALIVE
    assert judge(holder, HERE, EXPIRES + 1, alive) is Verdict.SILENT


def test_before_a_reboot_of_this_machine_is_dead_once_the_heartbeat_expired():
    holder = replace(HOLDER, place=replace(HERE, boot="b0"))
    assert judge(holder, HERE, EXPIRES - 1, alive) is Verdict.ALIVE
    assert judge(holder, HERE, EXPIRES + 1, alive) is Verdict.DEAD


def test_another_machine_with_the_same_name_is_not_this_one_rebooted():
    holder = replace(HOLDER, place=replace(HERE, boot="b0", machine="m2"))
    assert judge(holder, HERE, EXPIRES + 1, alive) is Verdict.SILENT


# -- the real thing ----------------------------------------------------------------------------


def test_the_holder_is_named(folder):
    lease = Lease(folder)
    lease.acquire(wait=False)
    holder = lease.holder()
    assert (holder.pid, holder.host) == (os.getpid(), os.uname().nodename)
    assert str(os.getpid()) in str(holder)
    lease.release()
    assert lease.holder() is None


def test_a_second_lease_in_the_same_thread_is_refused_even_when_waiting(folder):
    Lease(folder).acquire(wait=False)
    with pytest.raises(LeaseHeld, match="This thread"):
        Lease(folder).acquire(wait=True)


def test_another_thread_waits(folder):
    lease, said, waiting = Lease(folder), [], threading.Event()
    lease.acquire(wait=False)

    def say(text: str) -> None:
        said.append(text)
        waiting.set()

    def take() -> None:
        other = Lease(folder)
        other.acquire(wait=True, say=say)
        other.release()

    thread = threading.Thread(target=take)
    thread.start()
    assert waiting.wait(60)
    assert said[0].startswith("Waiting for another thread of this program: ")
    lease.release()
    thread.join(60)
    assert not thread.is_alive()


def test_releasing_a_lease_that_is_not_ours_is_harmless(folder):
    lease, other = Lease(folder), Lease(folder)
    lease.acquire(wait=False)
    other.release()
    assert lease.holder() is not None
    plant(folder.with_name("b"))
    stolen = Lease(folder.with_name("b"))
    stolen._ours = replace(stolen.holder(), token="before")
    stolen.release()
    assert stolen.holder() is not None


def test_a_forked_child_neither_keeps_nor_releases_the_lease(folder):
    lease = Lease(folder)
    lease.acquire(wait=False)
    pid = os.fork()
    if pid == 0:
        lease.release()
        os._exit(0)
    os.waitpid(pid, 0)
    assert lease.holder() is not None
    read, write = os.pipe()
    sleeper = os.fork()
    if sleeper == 0:
        os.read(read, 1)
        os._exit(0)
    lease.release()
    again = Lease(folder)
    again.acquire(wait=False)  # although the child still lives
    again.release()
    os.write(write, b"x")
    os.waitpid(sleeper, 0)


HOLD = """
import sys
from pathlib import Path
from weft.store.lease import Lease
lease = Lease(Path(sys.argv[1]))
lease.acquire(wait=False)
print("held", flush=True)
sys.stdin.readline()
lease.release()
"""


@pytest.fixture
def other_process(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_another_process_is_refused_by_name(folder, other_process):
    with pytest.raises(LeaseHeld) as caught:
        Lease(folder).acquire(wait=False)
    assert f"process {other_process.pid} on" in str(caught.value)


def test_waiting_says_once_for_whom_and_ends_when_it_does(folder, other_process):
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        other_process.stdin.write(b"\n")
        other_process.stdin.flush()

    lease = Lease(folder)
    lease.acquire(wait=True, say=say)
    assert lease.holder().pid == os.getpid()
    assert len(said) == 1
    assert f"process {other_process.pid} on" in said[0]


def test_a_killed_holder_is_taken_over_silently(folder, other_process):
    other_process.send_signal(signal.SIGKILL)
    other_process.wait()
    Lease(folder).acquire(wait=False, say=pytest.fail)


def test_a_killed_holder_that_nobody_reaped_is_dead_too(folder, other_process):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert process_start(pid) is None
    os.waitpid(pid, 0)


def test_a_holder_whose_number_is_used_again_is_taken_over(folder):
    plant(folder, pid=os.getppid(), start="1")
    Lease(folder).acquire(wait=False)


def test_a_holder_on_another_host_needs_both_silence_and_the_word(folder):
    there = replace(Place.here(), host="far", boot="else", machine="far")
    holder = plant(folder, place=there)
    with pytest.raises(LeaseHeld, match="Another process"):
        Lease(folder).acquire(wait=False, take_over=True)
    plant(folder.with_name("b"), place=there, heartbeat=holder.heartbeat - EXPIRES - 10)
    with pytest.raises(LeaseHeld, match="no sign of life") as caught:
        Lease(folder.with_name("b")).acquire(wait=True)
    assert "take_over=1" in caught.value.cure
    Lease(folder.with_name("b")).acquire(wait=False, take_over=True)


def test_the_heart_beats_at_most_every_five_seconds(folder):
    lease = Lease(folder)
    lease.acquire(wait=False)
    before = lease.holder()
    lease.beat()
    assert lease.holder() == before
    lease._ours = replace(before, heartbeat=before.heartbeat - 6)
    lease.beat()
    assert lease.holder().heartbeat > before.heartbeat


def test_who_was_taken_over_learns_it_at_the_next_beat(folder):
    lease = Lease(folder)
    lease.acquire(wait=False)
    lease._ours = replace(lease.holder(), heartbeat=0.0, token="before")
    with pytest.raises(LeaseHeld):
        lease.beat()
    lease.release()
    assert lease.holder() is not None


def test_a_torn_lease_file_is_free(folder):
    folder.mkdir()
    (folder / "lease.json").write_text('{"pid": 1')
    lease = Lease(folder)
    assert lease.holder() is None
    lease.acquire(wait=False)
    assert lease.holder() is not None


def test_of_many_only_one_gets_it(folder):
    folder.mkdir()
    won, lost = [], []

    def compete() -> None:
        try:
            Lease(folder).acquire(wait=False)
            won.append(1)
        except LeaseHeld:
            lost.append(1)

    threads = [threading.Thread(target=compete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)


def test_a_file_in_place_of_the_folder_is_said_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="not a folder"):
        Lease(tmp_path / "file").acquire(wait=True)


def test_a_read_only_folder_is_said_in_words(small_disk, tmp_path):
    small_disk("ro")
    with pytest.raises(StoreError, match="can't be written"):
        Lease(tmp_path / "disk").acquire(wait=False)
