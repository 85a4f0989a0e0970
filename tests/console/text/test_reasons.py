import pytest

from weft.console.text.reasons import reasons_in_general, reasons_words
from weft.model.reasons import (
    ArgumentsChanged,
    CodeChanged,
    DataNeeded,
    DependencyAdded,
    DependencyChanged,
    DependencyRan,
    DependencyRemoved,
    FilesChanged,
    HeldChanged,
    Invalidated,
    NeverRun,
    ObservationChanged,
    OptionsChanged,
    OutputChanged,
    OutputMissing,
    Reason,
    RunsEachTime,
    Superseded,
    Taken,
    ValueMissing,
)

CASES: list[tuple[Reason, str]] = [
    (NeverRun(), "it has no result yet"),
    (CodeChanged(), "its code changed"),
    (CodeChanged(("demo.draw",)), "its function draw() changed"),
    (CodeChanged(("__main__.helper", "tools.LIMIT")), "helper, tools.LIMIT changed"),
    (CodeChanged(("draw", "helper")), "its function draw() changed, and helper"),
    (ArgumentsChanged("(1, 2)", "(1, 3)"), "argument changed: (1, 2) → (1, 3)"),
    (ArgumentsChanged("(…)", "(…)"), "argument changed, inside of what reads (…)"),
    (HeldChanged("size", "1", "2"), "size, which draw() holds, changed: 1 → 2"),
    (HeldChanged("name", "'a…", "'a…"), "name, which draw() holds, changed further on: 'a…"),
    (OptionsChanged("version 1", "version 2"), "option changed: version 1 → version 2"),
    (DependencyChanged("fit"), "dependency fit gave another result"),
    (DependencyRan("fit"), "dependency fit ran again"),
    (Superseded(), "what it did before may be undone: it began to run otherwise since"),
    (DependencyAdded("fit"), "dependency fit was added"),
    (DependencyRemoved("fit"), "dependency fit was removed"),
    (ObservationChanged("file", "a.csv"), "the file that it read changed: a.csv"),
    (FilesChanged(), "other files are to be made, or kept"),
    (RunsEachTime(), "it runs in each run"),
    (DataNeeded(), "a job that must run needs its data"),
    (OutputMissing("a.csv"), "its file a.csv is not there, and is needed"),
    (OutputChanged("a.csv"), "its file a.csv is not as it left it"),
    (ValueMissing(), "its result is remembered, but its value is gone and needed"),
    (Invalidated(), "it was invalidated"),
    (Taken(), "its result serves another, equal call"),
]


@pytest.mark.parametrize(("reason", "words"), CASES)
def test_every_reason_has_its_words(reason: Reason, words: str) -> None:
    assert reasons_words([reason], "draw") == words


def test_no_kind_of_reason_is_without_words() -> None:
    assert {type(reason) for reason, _ in CASES} == set(Reason.__args__)  # type: ignore[attr-defined]


def test_many_reasons_are_counted() -> None:
    reasons = [DependencyChanged(name) for name in "abcdef"]
    assert reasons_words(reasons).endswith("dependency d gave another result; 2 more reasons")


@pytest.mark.parametrize("reason", [reason for reason, _ in CASES])
def test_reasons_in_general_name_no_jobs_or_values(reason: Reason) -> None:
    words = reasons_in_general([reason, reason], "draw")
    assert words
    assert all(name not in words for name in ("fit", "(1, 2)", "version", "a.csv"))
