"""Messages arrive whole, in order, however the stream is cut."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.executors.wire import Parcel, Slots, frame, job_of, receive, unframe

messages = st.lists(st.lists(st.integers() | st.binary(max_size=100)), max_size=8)


@settings(deadline=None)
@given(messages, st.lists(st.integers(1, 50), min_size=1))
def test_frames_survive_any_cut(sent, sizes):
    stream = b"".join(map(frame, sent))
    buffer = bytearray()
    got = []
    place = 0
    while place < len(stream):
        size = sizes[place % len(sizes)]
        buffer += stream[place : place + size]
        place += size
        got += unframe(buffer)
    assert got == sent
    assert not buffer


def test_the_end_of_a_connection_is_told():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(frame([1]))
        assert receive(theirs) == [1]
        ours.sendall(frame([1])[:5])
        ours.close()
        with pytest.raises(EOFError):
            receive(theirs)


def test_a_parcel_becomes_a_job_that_can_be_run():
    job = job_of(Parcel("a", "f", dynamic=False, cutoff=False, inputs=("x", "y"), call=b"call"))
    assert (job.id, job.command.name, job.packed) == ("a", "f", b"call")
    assert [one.id for one in job.inputs] == ["x", "y"]
    assert not job.command.options.cutoff


def test_slots_are_shared_and_apart():
    slots = Slots(3)
    again = Slots(3, slots.descriptor)
    slots.lane(1).prepare(5)
    slots.lane(1).numbers[0] = 4
    slots.lane(1).say("half ☃ done")
    seen = again.lane(1)
    assert (seen.place, seen.said()) == (4, "half ☃ done")
    assert (again.lane(0).said(), again.lane(2).place) == ("", 0)
    seen.say("x" * 10_000)
    assert slots.lane(1).said() == "x" * 480
    assert slots.lane(2).place == 0
    slots.close()
