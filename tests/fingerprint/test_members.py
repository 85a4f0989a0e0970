"""Of an instance that code holds, the members count that the code can reach (rule 30)."""

from __future__ import annotations

import pytest

from tests.fingerprint.conftest import digest_of, fingerprint_of

BASE = """
class Base:
    rate = 3
    unused = 4

    def inherited(self):
        return self.rate

    def other(self):
        return 5


class Store:
    def __init__(self):
        self.path = "a"
        self.log = "never read"

    def open(self):
        return self.path

    def drop(self):
        return 6


class Study(Base):
    limit = 10

    def __init__(self, name):
        self.name = name
        self.created = CREATED
        self.jobs = {}
        self.store = Store()
        self.twin = self

    def fit(self):
        return self._scaled(2) + self.size

    def _scaled(self, factor):
        return factor * 7

    @property
    def size(self):
        return len(self.name)

    @classmethod
    def most(cls):
        return cls.limit

    @staticmethod
    def plain():
        return 8

    def plot(self):
        return 9 + self.created

    def __repr__(self):
        return f"{type(self).__name__} {self.name} {self.created}"

    def jobs_of(self):
        def job():
            USE
        return job
"""
HELPERS = """
CREATED = 1


def helper(study):
    return study.fit()


def leaker(study):
    return [study]


STUDY = Study("s")
job = STUDY.jobs_of()
"""


def program(use: str) -> str:
    return BASE.replace("USE", use) + HELPERS


REACHED = [
    ("return self.fit()", "factor * 7", "factor * 70"),
    ("return self.fit()", "len(self.name)", "len(self.name) + 1"),
    ("return self.fit()", 'Study("s")', 'Study("t")'),
    ("return self.fit()", "self._scaled(2)", "self._scaled(3)"),
    ("return self.limit", "limit = 10", "limit = 11"),
    ("return type(self).limit", "limit = 10", "limit = 11"),
    ("return self.most()", "limit = 10", "limit = 11"),
    ("return self.plain()", "return 8", "return 80"),
    ("return self.inherited()", "rate = 3", "rate = 30"),
    ("return self.inherited()", "return self.rate", "return self.rate + 1"),
    ("return self.store.open()", 'path = "a"', 'path = "b"'),
    ("return self.store.open()", "return self.path", "return self.path + 'x'"),
    ("return self.twin.twin.created", "CREATED = 1", "CREATED = 2"),
    ("return helper(self)", "factor * 7", "factor * 70"),
    ("return helper(study=self)", "factor * 7", "factor * 70"),
    ("return STUDY.fit()", "factor * 7", "factor * 70"),
    ("def inner():\n                return self.fit()\n            return inner()", "* 7", "* 70"),
]
WHOLE = [
    "return self",
    "return [self]",
    "x = self; return x.created",
    "return leaker(self)",
    "return getattr(self, 'created')",
    "return vars(self)",
    "return self.__dict__",
    "return self.plot",
    "return str(self)",
    "return f'{self}'",
    "return print(*[self])",
    "return type(self)",
    "return self.__class__('u')",
    "return self.twin",
    "self.name; return locals()",
    "return [s.created for s in (self,)]",
    "return STUDY",
]
UNREACHED = [
    ("CREATED = 1", "CREATED = 2"),
    ("return 9 +", "return 10 +"),
    ("return 5", "return 50"),
    ("return 6", "return 60"),
    ("unused = 4", "unused = 40"),
    ("never read", "never"),
    ("self.jobs = {}", "self.jobs = {'a': 1}"),
    ("{self.name} {self.created}", "{self.name}"),
    ("    def plot(self)", "    def more(self):\n        return 1\n\n    def plot(self)"),
]
ASKING = [
    "return self.fit()",
    "return self.most() + self.inherited()",
    "return type(self).limit",
    "return self.store.open()",
    "return helper(self)",
    "return STUDY.fit()",
    "return self.twin.fit()",
    "return isinstance(self, Base) and self.fit()",
]


@pytest.mark.parametrize(("use", "old", "new"), REACHED)
def test_what_is_asked_of_a_held_instance_counts(use, old, new, load):
    text = program(use)
    assert old in text
    before = digest_of(load(main=text).job)
    assert digest_of(load(main=text.replace(old, new)).job) != before


@pytest.mark.parametrize(("old", "new"), UNREACHED)
@pytest.mark.parametrize("use", ASKING)
def test_what_nobody_asks_of_a_held_instance_does_not_count(use, old, new, load):
    text = program(use)
    changed = text.replace(old, new)
    if "isinstance" in use and old in {"return 5", "unused = 4"}:
        pytest.skip("it names the class, which counts as a whole")
    assert changed != text
    before = digest_of(load(main=text).job)
    assert digest_of(load(main=changed).job) == before


@pytest.mark.parametrize("use", WHOLE)
def test_an_instance_that_is_used_in_any_other_way_counts_as_a_whole(use, load):
    text = program(use)
    before = digest_of(load(main=text).job)
    for old, new in (("CREATED = 1", "CREATED = 2"), ("return 9 +", "return 10 +")):
        assert digest_of(load(main=text.replace(old, new)).job) != before


def test_a_method_as_the_job_counts_with_what_it_asks_for(load):
    text = BASE.replace("USE", "pass") + HELPERS + "job = STUDY.fit\n"
    before = digest_of(load(main=text).job)
    for old, new in UNREACHED:
        assert digest_of(load(main=text.replace(old, new)).job) == before
    for old, new in (("factor * 7", "factor * 70"), ('Study("s")', 'Study("t")')):
        assert digest_of(load(main=text.replace(old, new)).job) != before


def test_a_method_in_a_partial_counts_with_what_it_asks_for(load):
    text = (
        BASE.replace("USE", "pass") + HELPERS + "import functools\n"
        "job = functools.partial(STUDY._scaled, 3)\n"
    )
    before = digest_of(load(main=text).job)
    assert digest_of(load(main=text.replace("return 9", "return 10")).job) == before
    assert digest_of(load(main=text.replace("factor * 7", "factor * 8")).job) != before


def test_the_parts_name_the_members(load):
    parts = fingerprint_of(load(main=program("return self.fit()")).job).parts
    names = {part.name.rpartition("main.")[2] for part in parts}
    assert "Study._scaled" in names
    assert "Study.jobs_of.<locals>.job.self.name" in names
    assert not any("created" in name or "plot" in name for name in names)


def test_a_class_that_answers_by_itself_counts_with_how(load):
    text = """
class Lazy:
    def __init__(self):
        self.data = {"x": 1}
        self.created = 2

    def __getattr__(self, name):
        return self.data[name]

    def other(self):
        return 3

BOX = Lazy()

def job():
    return BOX.x
"""
    before = digest_of(load(main=text).job)
    assert digest_of(load(main=text.replace('"x": 1', '"x": 7')).job) != before
    assert digest_of(load(main=text.replace("self.data[name]", "1")).job) != before
    assert digest_of(load(main=text.replace("return 3", "return 4")).job) == before
    assert digest_of(load(main=text.replace("created = 2", "created = 5")).job) == before


def test_what_a_method_overrides_counts_where_it_asks_for_it(load):
    text = """
class Base:
    def run(self):
        return self.a

class Derived(Base):
    def __init__(self):
        self.a = 1
        self.b = 2

    def run(self):
        return super().run() + 1

    def other(self):
        return super().other()

IT = Derived()

def job():
    return IT.run()
"""
    before = digest_of(load(main=text).job)
    assert digest_of(load(main=text.replace("return self.a", "return 2 * self.a")).job) != before
    assert digest_of(load(main=text.replace("self.a = 1", "self.a = 3")).job) != before
    assert digest_of(load(main=text.replace("self.b = 2", "self.b = 3")).job) == before
    assert digest_of(load(main=text.replace("super().other()", "0")).job) == before


def test_a_private_name_is_the_one_of_its_class(load):
    text = """
class Box:
    def __init__(self):
        self.__inner = 1
        self.other = 2

    def get(self):
        return self.__inner

BOX = Box()

def job():
    return BOX.get()
"""
    before = digest_of(load(main=text).job)
    assert digest_of(load(main=text.replace("__inner = 1", "__inner = 3")).job) != before
    assert digest_of(load(main=text.replace("other = 2", "other = 3")).job) == before


def test_an_instance_that_tells_what_it_is_counts_by_that(load):
    text = """
class Box:
    def __init__(self):
        self.a = 1
        self.b = 2

    def __weft_hash__(self):
        return self.a

    def get(self):
        return self.b

    def other(self):
        return 3

BOX = Box()

def job():
    return BOX.get()
"""
    before = digest_of(load(main=text).job)
    assert digest_of(load(main=text.replace("a = 1", "a = 4")).job) != before
    assert digest_of(load(main=text.replace("b = 2", "b = 4")).job) == before
    assert digest_of(load(main=text.replace("return 3", "return 4")).job) == before


def test_a_name_that_a_decorator_uses_too_counts_for_both(load):
    text = """
class Box:
    def __init__(self):
        self.a = 1
        self.b = 2

BOX = Box()

def wrap(box):
    n = box.b
    def around(f):
        return f
    return around

@wrap(BOX)
def job():
    return BOX.a
"""
    before = digest_of(load(main=text).job)
    assert digest_of(load(main=text.replace("a = 1", "a = 4")).job) != before
    assert digest_of(load(main=text.replace("b = 2", "b = 4")).job) != before
