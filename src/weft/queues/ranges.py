"""The consumer's side: which items a consumer claims, takes over, or has to leave to others.

A claim is a range of one page in the consumer's row, made under the mutex. The consumer takes its
items one by one without the mutex, by counting `NEXT` up; so everybody sees what it has in hand and
what it has not. Another consumer may lower `END`, to take over what a slow, closed or dead one has
not yet taken. Both write first and then look at what the other wrote (the protocol that Cilk uses
for its work queues), so that an item is never taken twice.

A holder of the mutex that does not come to an end, killed or interrupted, leaves its `INTENT`; the
next one completes or undoes the step first (`weft.queues.repairing`).
"""

from __future__ import annotations

from enum import Enum

from weft.queues import processor
from weft.queues.layout import (
    ACTOR,
    BATCH,
    CLAIMED,
    CLOSED,
    END,
    FIRST_PRODUCER,
    INTENT,
    LEFT,
    LIMIT,
    LINK,
    LIVE,
    NEXT,
    OLD_END,
    PAGE,
    PRODUCERS,
    PUT,
    READ_PAGE,
    ROW,
    STATE,
    STREAM,
    VICTIM,
    Intent,
    State,
)
from weft.queues.shared import Shared
from weft.queues.sizing import claim_size

STUCK = 0.010
"""Seconds after which an idle consumer takes half of what one holds that has not moved."""


class Found(Enum):
    """What a consumer that needs items found."""

    ITEMS = "items"
    """Its row holds a range with at least one."""
    NOTHING = "nothing"
    OTHERS_HAVE = "others have"
    """All items are claimed, and other consumers have not taken all of theirs."""
    END = "end"
    """Nothing, and nothing will come."""


class Claims:
    """The claims of the consumer of one row; its methods are called under the mutex."""

    __slots__ = ("_most", "_row", "_seen", "_shared", "_stream", "_words", "rivals")

    def __init__(self, shared: Shared, row: int) -> None:
        self._shared = shared
        self._words = shared.words
        self._row = row
        self._most = shared.words[BATCH]
        self._stream = FIRST_PRODUCER
        """Which one was claimed from: the next ones are looked at first, so that all get a turn."""
        self._seen: dict[int, tuple[int, float]] = {}
        """How far others are, and since when, while this consumer has nothing to do."""
        self.rivals = 1
        """How many consumers there are."""

    def claim(self, now: float, before: int, seconds: float) -> Found:
        """Get a range: of what was left behind, of what was put, or of what another holds."""
        words, row = self._words, self._row
        if words[row + NEXT] < words[row + END]:
            return Found.ITEMS
        if words[LEFT] and self._adopt():
            return Found.ITEMS
        end = FIRST_PRODUCER + words[PRODUCERS] * ROW
        stream = last = self._stream
        while True:
            stream = stream + ROW if stream + ROW < end else FIRST_PRODUCER
            if words[stream + CLAIMED] < words[stream + PUT]:
                waiting = _claimable(self._shared, stream)
                if waiting:
                    self._stream = stream
                    size = self._most
                    if size > 1:
                        size = claim_size(waiting, self.rivals, before, seconds, size)
                    self._claim(stream, size)
                    return Found.ITEMS
            if stream == last:
                return self._others(now)

    def settle(self, number: int) -> bool:
        """Whether the item that this consumer was about to take is its own."""
        words, row = self._words, self._row
        if number < words[row + END]:
            return True
        words[row + NEXT] = words[row + END]
        return False

    def give_back(self, number: int) -> None:
        """Undo the taking of an item, if nothing has happened since."""
        words, row = self._words, self._row
        if words[row + NEXT] == number + 1 <= words[row + END]:
            words[row + NEXT] = number

    def count_rivals(self) -> None:
        """Note how many consumers there are now."""
        states = self._shared.column(self._shared.consumers(), STATE)
        self.rivals = sum(state in LIVE for state in states)

    def _claim(self, stream: int, size: int) -> None:
        words, row = self._words, self._row
        first = words[stream + CLAIMED]
        words[ACTOR] = row
        words[INTENT] = Intent.CLAIM
        self._point(stream, words[stream + READ_PAGE], first)
        words[row + END] = first + size
        words[stream + CLAIMED] = first + size
        words[INTENT] = Intent.NOTHING

    def _adopt(self) -> bool:
        """The items of a consumer that is gone."""
        words = self._words
        for victim in self._shared.consumers():
            is_gone = words[victim + STATE] in {State.CLOSED, State.DEAD}
            if is_gone and words[victim + NEXT] < words[victim + END]:
                return self._take(victim, words[victim + NEXT])
        words[LEFT] = 0
        return False

    def _take(self, victim: int, middle: int) -> bool:
        """Take what the victim holds from `middle` on; not if it gets there first."""
        words, row = self._words, self._row
        end = words[victim + END]
        words[ACTOR], words[VICTIM], words[OLD_END] = row, victim, end
        words[INTENT] = Intent.TAKE
        self._point(words[victim + STREAM], words[victim + PAGE], middle)
        words[victim + END] = middle
        if processor.IN_ORDER:
            processor.barrier()
        if words[victim + NEXT] > middle:
            words[victim + END] = end
        else:
            words[row + END] = end
        words[INTENT] = Intent.NOTHING
        return bool(words[row + END])

    def _point(self, stream: int, page: int, first: int) -> None:
        """Let the row's range be an empty one that begins there."""
        words, row = self._words, self._row
        words[row + END] = 0
        words[row + STREAM] = stream
        words[row + PAGE] = page
        words[row + NEXT] = first

    def _others(self, now: float) -> Found:
        """Take over from a consumer that is stuck, or say why there is nothing."""
        words, before, self._seen = self._words, self._seen, {}
        for other in self._shared.consumers():
            first, end = words[other + NEXT], words[other + END]
            if other == self._row or first >= end:
                continue
            number, since = before.get(other, (-1, now))
            if number != first:
                since = now
            elif now - since >= STUCK and self._take(other, first + (end - first) // 2):
                return Found.ITEMS
            self._seen[other] = first, since
        if self._seen:
            return Found.OTHERS_HAVE
        states = self._shared.column(self._shared.producers(), STATE)
        is_open = not words[CLOSED] or any(state in LIVE for state in states)
        return Found.NOTHING if is_open else Found.END


def _claimable(shared: Shared, stream: int) -> int:
    """How many items of a stream's page can be claimed; goes on to the next page after the last."""
    words = shared.words
    while (claimed := words[stream + CLAIMED]) < (end := words[stream + PUT]):
        page = shared.memory.extent(words[stream + READ_PAGE]).words
        limit = page[LIMIT]
        if limit != claimed:
            return (end if limit < 0 else limit) - claimed
        words[stream + READ_PAGE] = page[LINK]
    return 0
