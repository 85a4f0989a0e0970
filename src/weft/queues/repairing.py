"""What the next holder of the mutex does when the last one did not come to an end."""

from __future__ import annotations

from weft.queues.layout import ACTOR, CLAIMED, END, INTENT, OLD_END, STREAM, VICTIM, Intent
from weft.queues.memory import Words


def repair(words: Words) -> None:
    """Complete or undo a step that was broken off, by a kill or an exception.

    A claim counts once the stream says so; a taking over once the row of who takes says so.
    """
    actor, victim = words[ACTOR], words[VICTIM]
    if words[INTENT] == Intent.CLAIM:
        if words[actor + END] > words[words[actor + STREAM] + CLAIMED]:
            words[actor + END] = 0
    elif not words[actor + END]:
        words[victim + END] = words[OLD_END]
    words[INTENT] = Intent.NOTHING
