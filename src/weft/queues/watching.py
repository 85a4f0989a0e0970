"""Who ended without saying so, and what that means for the others."""

from __future__ import annotations

from weft.queues.errors import NoConsumers
from weft.queues.layout import (
    ASIDE,
    CLOSED,
    DIED,
    DIED_LAST,
    END,
    HANDLE_LIFE,
    HOLDER,
    LEFT,
    LIFE,
    LIVE,
    NEXT,
    OWNER,
    STATE,
    WAITING,
    State,
)
from weft.queues.lives import is_alive
from weft.queues.shared import Shared


def sweep(shared: Shared) -> None:
    """Note whose process has ended, or dropped its endpoint; under the mutex."""
    words = shared.words
    gone = [row for row in shared.producers() if _is_gone(shared, row)]
    for row in gone:
        end_producer(shared, row, State.CLOSED if words[row + STATE] == State.NEW else State.DEAD)
    left = [row for row in shared.consumers() if _is_gone(shared, row)]
    for row in left:
        end_consumer(shared, row, State.DEAD)
    handle = not words[CLOSED] and not is_alive(shared.memory, words[HANDLE_LIFE])
    if handle:
        words[CLOSED] = 1
    if gone or left or handle:
        shared.wake_all()


def reclaim(shared: Shared) -> None:
    """Give back large extents whose views have all gone with their processes; under the mutex."""
    words = shared.words
    words[ASIDE] = 0
    for extent in shared.memory.extents():
        holder = extent.words[HOLDER]
        if holder and is_alive(shared.memory, holder):
            words[ASIDE] = 1
        elif holder:
            shared.memory.give_back(extent.offset)


def end_producer(shared: Shared, row: int, state: State) -> None:
    """A producer goes, properly or not; under the mutex."""
    words = shared.words
    if state is State.DEAD:
        words[DIED_LAST] = words[row + OWNER]
        words[DIED] += 1
    words[row + STATE] = state


def end_consumer(shared: Shared, row: int, state: State) -> None:
    """A consumer goes; what it has not taken is for the others. Under the mutex."""
    words = shared.words
    words[row + STATE] = state
    if state is State.DEAD:
        words[row + WAITING] = 0
    words[ASIDE] = 1
    if words[row + NEXT] < words[row + END]:
        words[LEFT] = 1


def refuse_without_consumers(shared: Shared) -> None:
    """Raise if nobody will take another item; under the mutex."""
    states = shared.column(shared.consumers(), STATE)
    if shared.words[CLOSED] and not any(state in LIVE for state in states):
        raise NoConsumers(
            "No consumer is left to take this item, and the queue is closed.",
            cure="Stop producing; or make all consumers before queue.close().",
        )


def _is_gone(shared: Shared, row: int) -> bool:
    words = shared.words
    return words[row + STATE] in LIVE and not is_alive(shared.memory, words[row + LIFE])
