"""Items that can't be written or read, and how the queue stays what it was."""

from __future__ import annotations

import enum
import math
import multiprocessing
import sys
import threading

import numpy as np
import pytest

from tests.queues.crew import EACH_METHOD
from tests.queues.roles import Unpicklable, Unreadable, consume, produce, report
from weft.errors import UserError
from weft.queues import Empty, Full, IterableQueue, UnpicklableItem, UnreadableItem


@pytest.mark.parametrize(
    "bad", [threading.Lock(), (i for i in range(3)), Unpicklable(), [1, Unpicklable()]]
)
def test_an_item_that_cannot_be_pickled_is_refused_and_the_queue_is_intact(bad):
    iq = IterableQueue(maxsize=2)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    iq.close()
    producer.put("before")
    with pytest.raises(UnpicklableItem):
        producer.put(bad)
    assert producer.qsize() == 1
    producer.put_nowait("after")
    with pytest.raises(Full):
        producer.put_nowait("too much")
    producer.close()
    assert list(consumer) == ["before", "after"]


def test_the_refusal_says_what_and_keeps_the_cause():
    iq = IterableQueue()
    with pytest.raises(UnpicklableItem) as told:
        iq.get_producer().put(Unpicklable())
    assert "Unpicklable" in str(told.value)
    assert isinstance(told.value.__cause__, ZeroDivisionError)


@EACH_METHOD
def test_a_refused_item_harms_no_other_process(crew, log):
    iq = IterableQueue(context=crew.context)
    crew.start(consume, iq.get_consumer(), log, "consumer")
    producer = iq.get_producer()
    crew.start(report, log, "producer", iq.get_producer().put, "good")
    iq.close()
    with pytest.raises(UnpicklableItem):
        producer.put(Unpicklable())
    producer.close()
    crew.end()
    assert log.of("producer") == ["asks", None]
    assert log.of("consumer") == ["good"]


def test_an_item_that_cannot_be_read_is_an_error_and_the_next_one_follows():
    iq = IterableQueue(maxsize=3)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    iq.close()
    produce(producer, ["before", Unreadable(), "after"])
    assert consumer.get() == "before"
    with pytest.raises(UnreadableItem) as told:
        consumer.get()
    assert isinstance(told.value.__cause__, ZeroDivisionError)
    assert consumer.get() == "after"
    assert list(consumer) == []


def take_all(consumer, seen):
    for item in consumer:
        seen.append(item)


def test_an_item_that_cannot_be_read_ends_one_loop_and_not_the_consumer(crew):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.start(produce, iq.get_producer(), [1, 2, Unreadable(), 3, Unreadable()])
    iq.close()
    seen = []
    for _ in range(2):
        with pytest.raises(UnreadableItem):
            take_all(consumer, seen)
    assert list(consumer) == []
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 65_536, 3_000_000])
def test_items_of_any_size_arrive_whole(crew, size):
    items = [bytes([i]) * size for i in range(5)]
    iq = IterableQueue(maxsize=2)
    consumer = iq.get_consumer()
    crew.start(produce, iq.get_producer(), items)
    iq.close()
    assert list(consumer) == items


def test_small_and_large_items_of_one_producer_keep_their_order(crew):
    sizes = [(7 * i * i * i) % 400_000 if i % 5 == 0 else i for i in range(200)]
    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.start(produce, iq.get_producer(), [b"x" * size for size in sizes])
    iq.close()
    assert [len(item) for item in consumer] == sizes


class Exiting:
    """Ends the interpreter where it is read, as a module does that calls `sys.exit`."""

    def __reduce__(self):
        return sys.exit, ("usage: module FILE",)


def test_an_item_that_calls_exit_where_it_is_read_ends_nobody():
    iq = IterableQueue()
    consumer = iq.get_consumer()
    produce(iq.get_producer(), [Exiting(), "after"])
    iq.close()
    with pytest.raises(UnreadableItem, match="usage: module FILE"):
        consumer.get()
    assert list(consumer) == ["after"]


class Shape:
    def __init__(self, area=None):
        self.area = area


class Color(enum.Enum):
    RED = 1


@pytest.fixture
def in_main(monkeypatch):
    """Let these classes be those of a script."""
    for cls in (Shape, Color):
        monkeypatch.setattr(cls, "__module__", "__main__")
        monkeypatch.setattr(sys.modules["__main__"], cls.__name__, cls, raising=False)


@pytest.mark.usefixtures("in_main")
def test_a_class_of_the_script_stays_the_same_class_beside_functions_without_a_name(crew):
    iq = IterableQueue()
    consumer = iq.get_consumer()
    crew.start(produce, iq.get_producer(), [[Shape(lambda: 7), Color.RED, Shape, lambda: Shape]])
    iq.close()
    shape, color, cls, function = consumer.get()
    assert type(shape) is Shape
    assert shape.area() == 7
    assert color is Color.RED
    assert cls is Shape
    assert function() is Shape


def test_a_class_without_a_name_goes_with_its_item():
    class Local:
        size = 3

    iq = IterableQueue()
    producer, consumer = iq.get_producer(), iq.get_consumer()
    producer.put(Local())
    assert consumer.get().size == 3


@pytest.mark.parametrize("mode", ["r", "rb", "w", "r+b"])
@pytest.mark.parametrize("beside", [None, lambda: 1])
def test_an_open_file_is_refused(tmp_path, mode, beside):
    iq = IterableQueue()
    producer = iq.get_producer()
    path = tmp_path / "file"
    path.write_text("a line")
    with path.open(mode) as file, pytest.raises(UnpicklableItem):
        producer.put([beside, file])
    assert producer.empty()


@pytest.mark.parametrize(
    "options",
    [
        {"maxsize": "a"}, {"maxsize": 1.5}, {"maxsize": True}, {"maxsize": None},
        {"batch": 0}, {"batch": -1}, {"batch": "x"}, {"batch": 2.0},
        {"strict": "yes"}, {"strict": 1},
        {"context": "nonsense"}, {"context": 3}, {"context": sys},
    ],
    ids=str,
)  # fmt: skip
def test_a_queue_refuses_nonsense(options):
    with pytest.raises(UserError, match=next(iter(options))):
        IterableQueue(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"maxsize": 10**30}, {"maxsize": -1}, {"maxsize": np.int64(3)}, {"batch": 2**70},
        {"batch": np.int8(1)}, {"context": multiprocessing}, {"context": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_queue_takes_all_that_makes_sense(options):
    iq = IterableQueue(**options)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    producer.put("an item")
    assert consumer.get() == "an item"
    assert iq.context.Process


@pytest.mark.parametrize("timeout", ["1", [], math.nan])
def test_a_timeout_that_is_no_number_is_refused(timeout):
    iq = IterableQueue(maxsize=1)
    producer, consumer = iq.get_producer(), iq.get_consumer()
    for use in (consumer.get, consumer.next):
        with pytest.raises(UserError, match="timeout"):
            use(timeout=timeout)
    for _ in range(2):
        with pytest.raises(UserError, match="timeout"):
            producer.put("an item", timeout=timeout)
        assert producer.empty()
    producer.put("an item")
    assert consumer.get(timeout=math.inf) == "an item"
    with pytest.raises(Empty):
        consumer.get(timeout=-1)


def test_a_queue_says_which_end_puts_and_which_one_is_iterated():
    iq = IterableQueue()
    for use in (lambda: iq.put(1), iq.get, lambda: list(iq), lambda: list(iq.get_producer())):
        with pytest.raises(NotImplementedError, match=r"get_(producer|consumer)\(\)"):
            use()
