"""Jobs run in worker processes of this machine: the default executor."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from collections.abc import Collection, Sequence
from typing import Literal

from weft.errors import UserError, WeftError
from weft.executors.base import Report, Running, RunSettings, Task
from weft.executors.capture import open_sink
from weft.executors.lane import RECALL_SECONDS, Cause, Doom, Lane
from weft.executors.memory import OomCounter, memory_of, over_limit
from weft.executors.native import unsafe_threads, warn_of_threads
from weft.executors.parcels import Packer
from weft.executors.serving import NUDGE
from weft.executors.start import ZygoteProcess, fork_zygote, spawn_zygote
from weft.executors.wire import Slots, frame
from weft.executors.zygote import NOTICE_SIZE, News, Notice, Order, parse_notice, send_order
from weft.model.job import Job
from weft.model.kind import Kind
from weft.model.states import AttemptState
from weft.store.live import Trail

Method = Literal["auto", "fork", "spawn"]

SETTLE_SECONDS = 0.002
"""Between asking for tasks and taking them: long enough for both processes to see the limit."""
MEMORY_SECONDS = 0.2
"""Between two looks at the memory of a job that declared some."""
USAGE_SECONDS = 2.0
"""Between two measurements of what the running jobs use, for people."""
SPARE_LANES = 256
"""By how many workers a run can grow: half a kilobyte of shared memory for each."""
HOPELESS = 3
"""Workers that may die in a row before they did anything."""


class Processes:
    """Worker processes that inherit the graph (``fork``) or are sent what they need (``spawn``).

    Each worker is a session and process group of its own. A worker's death fails only the job that
    it was running, says why, and the worker is replaced. The jobs of its batch that it had not
    begun, or whose results it had not sent (those of the last millisecond), come back through
    ``take_back``.

    Parameters
    ----------
    n
        How many workers.
    method
        ``"fork"``: functions, closures and arguments need no pickling. ``"spawn"``: from a fresh
        interpreter, for a process that runs other threads, those of C libraries included, where
        forking can deadlock; the script is not imported again, functions go by value. ``"auto"``:
        fork where it is safe, or where loading jobs need it.
    """

    name = "processes"
    apart = True
    isolates = True
    inherits = True

    def __init__(self, n: int, method: Method = "auto") -> None:
        if n < 1:
            raise UserError(f"There can't be {n} workers.", cure="Ask for at least one.")
        if method not in {"auto", "fork", "spawn"}:
            raise UserError(
                f"There is no start method {method!r}.", cure='Use "auto", "fork" or "spawn".'
            )
        self.lanes = n
        self._method: Method = method
        self._settings: RunSettings | None = None
        self._zygote: ZygoteProcess | None = None
        self._elders: list[ZygoteProcess] = []
        """Zygotes with an older memory, some of whose workers are still in use."""
        self._chosen = method == "auto"
        """Whether to say so when the method that was chosen is dangerous: once."""
        self._outdated = False
        """Whether this process has something in memory that the newest zygote has not."""
        self._lanes: list[Lane] = []
        self._reports: list[Report] = []
        self._returned: list[Task] = []
        self._woken = False
        self._next_memory = self._next_usage = 0.0

    def __repr__(self) -> str:
        busy = sum(not lane.idle for lane in self._lanes)
        return f"Processes({self.lanes}, {self._method!r}, {busy} busy)"

    # -- starting and ending -------------------------------------------------------------------

    def start(self, jobs: Sequence[Job | None], settings: RunSettings) -> None:
        self._settings = settings
        self._jobs = jobs
        if self._method == "auto":
            alone = not unsafe_threads() or any(map(_is_loading, jobs))
            self._method = "fork" if hasattr(os, "fork") and alone else "spawn"
        self.inherits = self._method == "fork"
        self._first, self._room = self.lanes, self.lanes + SPARE_LANES
        self._slots = Slots(self._room)
        self._oom = OomCounter()
        self._selector = selectors.DefaultSelector()
        self._ear, self._bell = socket.socketpair()
        self._ear.settimeout(0)
        self._bell.settimeout(0)
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._lanes = [Lane(number, self._slots.lane(number)) for number in range(self.lanes)]
        self._start_zygote()
        for lane in self._lanes:
            self._start_worker(lane)

    def renew(self, jobs: Sequence[Job | None]) -> None:
        """Fork a new zygote before the next batch: each lane moves to it when it is idle."""
        if self._method == "fork":
            self._jobs = jobs
            self._outdated = True

    def _start_zygote(self) -> None:
        assert self._settings is not None
        self._outdated = False
        if self._method == "fork":
            others = [lane.connection for lane in self._lanes if lane.connection]
            others += [elder.control for elder in self._elders]
            self._packer = Packer(self._jobs, self._settings.seeds, by_value=False)
            if self._chosen:
                self._chosen = False
                warn_of_threads()
            self._zygote = fork_zygote(self._jobs, self._settings, self._slots, others)
        else:
            self._packer = Packer(self._jobs, self._settings.seeds, by_value=True)
            self._zygote = spawn_zygote(self._room, self._settings, self._slots)
        self._selector.register(self._zygote.control, selectors.EVENT_READ)

    def _follow(self, lane: Lane) -> None:
        """Give an idle lane a worker that has in memory what this process has now."""
        if self._outdated and self._zygote is not None:
            self._elders.append(self._zygote)
            self._start_zygote()
        if lane.zygote is self._zygote:
            return
        self._stop_listening(lane)
        lane.disconnect()
        self._start_worker(lane)
        used = {id(one.zygote) for one in self._lanes}
        for elder in [elder for elder in self._elders if id(elder) not in used]:
            self._elders.remove(elder)
            self._selector.unregister(elder.control)
            elder.end()

    def _start_worker(self, lane: Lane) -> None:
        assert self._settings is not None
        for _ in range(2 if self._settings.capture else 0):
            lane.sinks += (open_sink(self._settings.folder),)
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        lane.connection = ours
        lane.zygote = self._zygote
        lane.slot.prepare(0)
        self._order(Order.START, lane, fds=(theirs.fileno(), *lane.sinks))
        theirs.close()
        self._selector.register(ours, selectors.EVENT_READ, lane)

    def _order(self, order: Order, lane: Lane, argument: int = 0, fds: Sequence[int] = ()) -> None:
        if lane.zygote is not None:
            try:
                send_order(lane.zygote.control, order, lane.number, argument, fds)
            except OSError:
                return  # the zygote is gone, which the next wait finds out

    def close(self) -> None:
        if not self._lanes:
            return
        for zygote in (self._zygote, *self._elders):
            if zygote is not None:
                zygote.end()
        self._zygote = None
        self._elders = []
        for lane in self._lanes:
            self._returned += lane.leftover()
            lane.disconnect()
        self._lanes = []
        self._selector.close()
        self._ear.close()
        self._bell.close()
        self._slots.close()
        del self._slots

    # -- work ----------------------------------------------------------------------------------

    def idle(self) -> int:
        return max(0, sum(lane.idle for lane in self._lanes) - len(self._lanes) + self.lanes)

    def resize(self, lanes: int) -> int:
        """Start more workers, or let some have nothing to do: they cost nothing but being there."""
        wanted = max(1, min(lanes, self._room))
        while len(self._lanes) < wanted and self._grow():
            pass
        self.lanes = min(wanted, len(self._lanes))
        return self.lanes

    def _grow(self) -> bool:
        """Start one more worker, if that is possible; else the run goes on with those it has."""
        if len(self._lanes) == self._room:
            return False
        lane = Lane(len(self._lanes), self._slots.lane(len(self._lanes)))
        try:
            self._start_worker(lane)
        except OSError:  # no descriptors are left
            lane.disconnect()
            return False
        self._lanes.append(lane)
        return True

    def _lane_for(self, *, alone: bool) -> Lane:
        """An idle lane. One whose worker has run jobs in its own process is of no use to isolated
        ones: where both kinds take turns, each gets workers of its own."""
        idle = [lane for lane in self._lanes if lane.idle]
        fitting = next((lane for lane in idle if lane.used is not alone), None)
        if fitting is None and alone and len(self._lanes) < 2 * self.lanes and self._grow():
            return self._lanes[-1]
        return fitting or idle[0]

    def submit(self, batch: Sequence[Task]) -> None:
        assert self._settings is not None
        alone = batch[0].job.command.is_alone(self._settings.isolated)
        lane = self._lane_for(alone=alone)
        self._follow(lane)
        entries, tasks, refused = self._packer.pack(batch, lane.known_functions)
        self._reports += refused
        if not tasks:
            return
        lane.begin(tasks, frame((alone, entries)))
        lane.used = not alone
        if lane.outbox:
            self._listen_to(lane, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def wait(self, timeout: float | None) -> list[Report]:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            now = time.monotonic()
            news = bool(self._reports or self._returned or self._woken)
            self._listen(0 if news else self._pause(now, deadline))
            now = time.monotonic()
            self._watch(now)
            if self._reports or self._returned or self._woken:
                break
            if deadline is not None and now >= deadline:
                break
        self._woken = False
        reports, self._reports = self._reports, []
        return reports

    def take_back(self) -> list[Task]:
        returned, self._returned = self._returned, []
        return returned

    def running(self) -> list[Running]:
        now = time.monotonic()
        if now >= self._next_usage:
            self._next_usage = now + USAGE_SECONDS
            for lane in self._lanes:
                lane.measure(now)
        snapshots = (lane.snapshot(self._trail(lane)) for lane in self._lanes)
        return [snapshot for snapshot in snapshots if snapshot is not None]

    def _trail(self, lane: Lane) -> Trail | None:
        if not lane.sinks:
            return None
        place = self._slots.place_of_start(lane.number)
        return Trail(lane.sinks, self._slots.descriptor, place, lane.slot.started)

    def wake(self) -> None:
        self._woken = True
        try:
            self._bell.send(b"\0")
        except (AttributeError, OSError):
            return  # not started, closed, or enough wake-ups are waiting

    # -- listening -----------------------------------------------------------------------------

    def _listen(self, pause: float | None) -> None:
        for key, events in self._selector.select(pause):
            lane = key.data
            if lane is not None:
                if events & selectors.EVENT_WRITE:
                    self._send_more(lane)
                if events & selectors.EVENT_READ:
                    self._receive(lane)
            elif key.fileobj is self._ear:
                self._ear.recv(4096)
            else:
                self._hear_zygote(key.fileobj)

    def _send_more(self, lane: Lane) -> None:
        lane.send()
        if not lane.outbox:
            self._listen_to(lane, selectors.EVENT_READ)

    def _listen_to(self, lane: Lane, events: int) -> None:
        assert lane.connection is not None
        self._selector.modify(lane.connection, events, lane)

    def _receive(self, lane: Lane) -> None:
        if lane.connection is None:
            return
        self._reports += lane.receive()
        if lane.over:
            self._returned += lane.leftover()
            lane.early_deaths = 0
        if lane.hung_up:
            # Its end is announced by the zygote; without this, select would not block any more.
            self._stop_listening(lane)

    def _hear_zygote(self, control: object) -> None:
        known = [zygote for zygote in (self._zygote, *self._elders) if zygote is not None]
        zygote = next((one for one in known if one.control is control), None)
        if zygote is None:
            return  # it was ended since
        try:
            data = zygote.control.recv(64 * NOTICE_SIZE)
        except ConnectionError:
            data = b""
        if not data:
            self._lose_zygote(zygote)
            return
        zygote.notices += data
        while len(zygote.notices) >= NOTICE_SIZE:
            notice = parse_notice(bytes(zygote.notices[:NOTICE_SIZE]))
            del zygote.notices[:NOTICE_SIZE]
            self._heed(notice, zygote)

    def _heed(self, notice: Notice, zygote: ZygoteProcess) -> None:
        lane = self._lanes[notice.lane]
        if lane.zygote is not zygote:
            return  # of a worker that was idle, and has been replaced
        if notice.news is News.STARTED:
            lane.pid = notice.pid
        elif notice.news is News.CANNOT_START and lane.number >= self._first:
            lane.retired = True  # one more was wished for; the run goes on without it
            self._returned += lane.leftover()
        elif notice.news is News.CANNOT_START:
            raise WeftError(
                "A worker process can't be started.",
                facts={"because": os.strerror(notice.status)},
                cure="Ask for fewer workers, or end other programs.",
            )
        else:
            self._bury(lane, notice)
            self._start_worker(lane)
            self._woken = True  # the lane is idle again, which the caller may be waiting for

    def _bury(self, lane: Lane, notice: Notice) -> None:
        self._receive(lane)
        cause = None
        if self._oom.rose():
            note = "killed by the kernel, because memory ran out"
            cause = Cause(AttemptState.OUT_OF_MEMORY, note)
        self._give_up(lane, notice, cause)

    def _give_up(self, lane: Lane, notice: Notice, cause: Cause | None) -> None:
        """Settle what a worker leaves behind that has ended."""
        report = lane.bury(notice, cause)
        if report is not None:
            self._reports.append(report)
        blamed = report.task if report is not None else None
        self._returned += [task for task in lane.leftover() if task is not blamed]
        self._stop_listening(lane)
        lane.disconnect()
        if lane.early_deaths >= HOPELESS:
            raise WeftError(
                "The worker processes end as soon as they start.",
                facts={"exit status": notice.status},
                cure='Look above for what they printed, or use executor="inline".',
            )

    def _stop_listening(self, lane: Lane) -> None:
        if lane.connection is not None and lane.connection in self._selector.get_map():
            self._selector.unregister(lane.connection)

    def _lose_zygote(self, zygote: ZygoteProcess) -> None:
        """A zygote was killed, and with it all its workers: go on with new ones."""
        self._selector.unregister(zygote.control)
        status = zygote.end()
        bereft = [lane for lane in self._lanes if lane.zygote is zygote]
        cause = Cause(AttemptState.DIED, "the process that watches over the workers was killed")
        for lane in bereft:
            self._receive(lane)
            self._give_up(lane, Notice(News.ENDED, lane.number, lane.pid, status, 0), cause)
        if zygote is self._zygote:
            self._start_zygote()
        else:
            self._elders.remove(zygote)
        for lane in bereft:
            self._start_worker(lane)

    # -- watching ------------------------------------------------------------------------------

    def _pause(self, now: float, deadline: float | None) -> float | None:
        """Seconds until something must be looked at; None when nothing must."""
        moments = [] if deadline is None else [deadline]
        someone_idle = self.idle() > 0
        for lane in self._lanes:
            if lane.busy or lane.doom:
                moments += self._moments(lane, now, recalling=someone_idle)
        return max(0.0, min(moments) - now) if moments else None

    def _moments(self, lane: Lane, now: float, *, recalling: bool) -> list[float]:
        moments = []
        if lane.doom is not None:
            if not lane.doom.killed:
                moments.append(lane.doom.kill_at)
        elif lane.watched:
            moments += lane.limits(now, self._next_memory)
        if (recalling or lane.limit is not None) and lane.holds_more:
            moments.append(lane.recall_at)
        return moments

    def _watch(self, now: float) -> None:
        someone_idle = self.idle() > 0
        look_at_memory = now >= self._next_memory
        for lane in self._lanes:
            if lane.doom is not None:
                self._insist(lane, now)
            elif not lane.busy:
                continue
            elif lane.watched:
                self._check_limits(lane, now, memory=look_at_memory)
            recalling = someone_idle or lane.limit is not None
            if recalling and lane.holds_more and now >= lane.recall_at:
                self._recall(lane, now)
        if look_at_memory:
            self._next_memory = now + MEMORY_SECONDS

    def _check_limits(self, lane: Lane, now: float, *, memory: bool) -> None:
        task = lane.current
        if task is None:
            return
        limit = task.job.command.options.memory_limit
        if task.timeout is not None and now - lane.slot.started >= task.timeout:
            note = f"ran longer than its timeout of {task.timeout:g} s"
            self._end(lane, AttemptState.TIMED_OUT, note)
        elif memory and limit is not None:
            lane.rss = memory_of(lane.pid, limit)
            if lane.rss is not None and lane.rss > limit:
                note = over_limit(lane.rss, limit)
                self._end(lane, AttemptState.OUT_OF_MEMORY, note, now=True)

    def _recall(self, lane: Lane, now: float) -> None:
        """Let idle lanes have what this one has not begun."""
        if lane.limit is None:
            lane.ask_back()
            if lane.slot.place > lane.reported:
                self._order(Order.NUDGE, lane, NUDGE)
            lane.recall_at = now + SETTLE_SECONDS
        else:
            self._returned += lane.take_back()
            lane.recall_at = now + RECALL_SECONDS

    # -- ending jobs ---------------------------------------------------------------------------

    def cancel(self, job_ids: Collection[str] | None, *, now: bool = False) -> None:
        for lane in self._lanes:
            if not lane.busy:
                continue
            task = lane.current
            if job_ids is None or (task is not None and task.job.id in job_ids):
                if lane.doom is None or now:
                    self._end(lane, AttemptState.CANCELLED, None, now=now)
            elif lane.limit is None and any(one.job.id in job_ids for one in lane.batch):
                self._recall(lane, time.monotonic())

    def _end(self, lane: Lane, state: AttemptState, note: str | None, *, now: bool = False) -> None:
        assert self._settings is not None
        moment = time.monotonic()
        if lane.doom is None:
            lane.doom = Doom(state, note, moment + self._settings.grace)
        lane.slot.limit(0)
        if now:
            lane.doom.kill_at = moment
            self._insist(lane, moment)
        else:
            self._order(Order.END, lane, signal.SIGTERM)

    def _insist(self, lane: Lane, now: float) -> None:
        assert lane.doom is not None
        if now >= lane.doom.kill_at and not lane.doom.killed:
            lane.doom.killed = True
            self._order(Order.END, lane, signal.SIGKILL)


def _is_loading(job: Job | None) -> bool:
    return job is not None and job.command.kind is Kind.LOADING
