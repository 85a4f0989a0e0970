"""docs/queues.md: its example runs as printed, and it names what there is."""

import inspect
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from weft import queues

PAGE = (Path(__file__).parent.parent / "docs" / "queues.md").read_text(encoding="utf-8")


def test_the_example_prints_each_item_once_and_ends(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "example.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "example.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = re.findall(r"consumer (\d+) saw item (\d+)", done.stdout)
    assert Counter(item for _, item in said) == {str(number): 10 for number in range(17)}
    assert {int(consumer) for consumer, _ in said} <= set(range(13))
    assert not done.stderr


def test_the_settings_are_those_of_the_constructor():
    (settings,) = re.findall(r"`IterableQueue\((maxsize=.*?)\)`", PAGE)
    signature = inspect.signature(queues.IterableQueue)
    there = {name: str(value.default) for name, value in signature.parameters.items()}
    assert dict(part.split("=") for part in settings.replace("*, ", "").split(", ")) == there


def test_all_exceptions_that_end_a_call_are_named():
    told = set(re.findall(r"`(\w+)`", PAGE))
    exceptions = {
        name
        for name in queues.__all__
        if inspect.isclass(getattr(queues, name)) and issubclass(getattr(queues, name), Exception)
    }
    asked_for = {"IterableQueueException", "ProducerQueueClosedException"}
    assert exceptions - asked_for <= told
