import json
import os
import time
from pathlib import Path

import pytest

from weft.store.lease import Lease
from weft.store.live import Live, LiveFile, LiveJob, Trail, read, running_attempts

JOB = LiveJob("fit-1", "fit", 2, 1, 77, 10.0, 2**20, 0.5, "epoch 1/9", Trail((5, 6), 7, 8, 0.25))


def live(**facts: object) -> Live:
    known = {
        "run": 3,
        "pid": os.getpid(),
        "began": time.time(),
        "workers": 4,
        "paused": False,
        "done": 1,
        "failed": 0,
        "blocked": 0,
        "cancelled": 0,
        "waiting": 2,
        "total": 4,
        "left": None,
        "jobs": (JOB,),
    }
    return Live(**{**known, **facts})


@pytest.fixture
def held(tmp_path: Path):
    lease = Lease(tmp_path / "out")
    lease.acquire(wait=False)
    yield tmp_path / "out"
    lease.release()


def test_what_the_holder_of_the_lease_writes_is_read(held: Path) -> None:
    written = live()
    LiveFile(held).write(written)
    found = read(held)
    assert found is not None
    assert found.near
    assert found.host == os.uname().nodename
    assert found.jobs == (JOB,)
    assert running_attempts(held) == {"fit-1": 2}
    assert list(held.glob("*.new")) == []


def test_the_file_is_gone_when_the_run_is_over(held: Path) -> None:
    file = LiveFile(held)
    file.write(live())
    file.remove()
    file.remove()
    assert read(held) is None


def test_nobody_is_believed_without_the_lease(tmp_path: Path) -> None:
    LiveFile(tmp_path).write(live())
    assert read(tmp_path) is None
    assert read(tmp_path / "nowhere") is None


def test_what_a_killed_process_left_is_not_believed(held: Path) -> None:
    LiveFile(held).write(live(pid=os.getppid()))
    assert read(held) is None
    LiveFile(held).write(live(began=time.time() - 3600))  # the number was used again
    assert read(held) is None
    holder = json.loads((held / "lease.json").read_text())
    (held / "lease.json").write_text(json.dumps({**holder, "start": "long ago"}))
    LiveFile(held).write(live())
    assert read(held) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"jobs": [{}]}'])
def test_a_file_that_makes_no_sense_is_not_believed(held: Path, text: str) -> None:
    (held / "live.json").write_text(text)
    assert read(held) is None


def test_where_it_can_not_be_written_nothing_is_said(held: Path) -> None:
    file = LiveFile(held)
    file.write(live())
    (held / "live.json.new").mkdir()
    file.write(live())
    assert read(held) is None
    LiveFile(held / "not" / "there").write(live())
