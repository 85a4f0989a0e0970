"""Runs one command and tells what it cost: ``launcher.py OUTPUT TIMEOUT COMMAND...``.

A program of its own, with next to no imports, because a process's peak memory starts at that of
the process which forked it: forked from the harness, which had grown to 93 MiB by deleting 200,000
files, small contestants all showed 93 MiB, and memory per job came out too small.

Its last words are the exit code, seconds, peak in KiB and processor seconds.
"""

import os
import signal
import sys
import time


def start(output, command):
    """Fork and execute; the output goes to a file, the input is empty."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        sink = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        os.execvp(command[0], command)
    finally:
        os._exit(127)


def main():
    output, timeout, *command = sys.argv[1:]
    started = time.perf_counter()
    pid = start(output, command)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(pid, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, float(timeout))
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - started
    code = os.waitstatus_to_exitcode(status)
    print(code, seconds, usage.ru_maxrss, usage.ru_utime + usage.ru_stime)


if __name__ == "__main__":
    main()
