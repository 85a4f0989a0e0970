import os
import subprocess
import sys
import time

from weft.executors.memory import _psutil_usage, usage_of

FAMILY = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c",
    "data = bytearray(100 << 20); print('ready', flush=True); input()"], stdin=subprocess.PIPE)
sys.stdin.readline()
child.communicate(b"\\n")
"""


def test_what_a_process_started_counts_too() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    for look in (usage_of, _psutil_usage):
        usage = look(parent.pid)
        assert usage is not None
        assert usage.rss > 100 << 20
    parent.communicate(b"\n")
    assert usage_of(parent.pid) is None


def test_processor_time_grows() -> None:
    before = usage_of(os.getpid())
    assert before is not None
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    after = usage_of(os.getpid())
    assert after is not None
    assert after.cpu > before.cpu
