"""Random programs with places at which they can be edited.

A unit is a piece of a program: texts of modules, and a line that defines a job by ``comp``. In the
texts stand knobs: ``R0``, ``R1``… are numbers that the result depends on, ``I0``… are such that it
does not.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

UNITS: dict[str, tuple[str, str]] = {
    "function": (
        "def f_U(x):\n    return x + R0\n\ndef g_U(x):\n    return I0\n",
        "comp(f_U, 1)",
    ),
    "chain": (
        (
            "LIMIT_U = R0\nOTHER_U = I0\n\ndef a_U(x):\n    return b_U(x) * LIMIT_U\n\n"
            "def b_U(x):\n    return x + R1\n"
        ),
        "comp(a_U, comp(b_U, 3))",
    ),
    "instance": (
        (
            "class C_U:\n    rate = R0\n    spare = I0\n\n    def __init__(self):\n"
            "        self.a = R1\n        self.b = I1\n        self.jobs = {}\n\n"
            "    def use(self, x):\n        return self._inner(x) * self.a + self.rate\n\n"
            "    def _inner(self, x):\n        return x + R2\n\n"
            "    def other(self):\n        return I2 + self.b\n\n"
            "O_U = C_U()\n\ndef f_U(x):\n    return O_U.use(x)\n"
        ),
        "comp(f_U, 2)",
    ),
    "method as a job": (
        (
            "class C_U:\n    def __init__(self):\n        self.a = R0\n"
            "        self.created = I0\n\n"
            "    def run(self, x):\n        return x + self.a\n\n"
            "    def plot(self):\n        return self.created + I1\n\nO_U = C_U()\n"
        ),
        "comp(O_U.run, 2)",
    ),
    "captured self": (
        (
            "class C_U:\n    def __init__(self):\n        self.a = R0\n        self.log = I0\n\n"
            "    def scaled(self, x):\n        return self.a * x\n\n"
            "    def job(self):\n        def run(x):\n            return self.scaled(x) + R1\n"
            "        return run\n\n    def unused(self):\n        return self.log + I1\n"
        ),
        "comp(C_U().job(), 5)",
    ),
    "whole object": (
        (
            "class C_U:\n    def __init__(self):\n        self.a = R0\n        self.b = R1\n\n"
            "O_U = C_U()\n\ndef f_U(x):\n    return sorted(vars(O_U).items()) + [x]\n"
        ),
        "comp(f_U, 2)",
    ),
    "inherited": (
        (
            "class B_U:\n    def use(self, x):\n        return x + R0\n\n    def spare(self):\n"
            "        return I0\n\nclass D_U(B_U):\n    def use(self, x):\n"
            "        return super().use(x) * R1\n\nO_U = D_U()\n\n"
            "def f_U(x):\n    return O_U.use(x)\n"
        ),
        "comp(f_U, 2)",
    ),
    "dataclass with state": (
        (
            "from dataclasses import dataclass\n\n@dataclass\nclass M_U:\n    alpha: int = R0\n\n"
            "    def fit(self):\n        self.coef_ = R1\n        return self\n\n"
            "    def predict(self, x):\n        return x * self.alpha + self.coef_\n\n"
            "def f_U(model, x):\n    return model.predict(x)\n"
        ),
        "comp(f_U, M_U().fit(), 3)",
    ),
    "result with state": (
        (
            "from dataclasses import dataclass\n\n@dataclass\nclass M_U:\n    alpha: int = 1\n\n"
            "def fit_U():\n    model = M_U()\n    model.coef_ = R0\n    return model\n\n"
            "def f_U(model):\n    return model.coef_ + R1\n"
        ),
        "comp(f_U, comp(fit_U))",
    ),
    "abstract": (
        (
            "from abc import ABC, abstractmethod\n\nclass B_U(ABC):\n    @abstractmethod\n"
            "    def run(self, x): ...\n\nclass I_U(B_U):\n    def __init__(self, k):\n"
            "        self.k = k\n\n    def run(self, x):\n        return x * self.k + R0\n\n"
            "O_U = I_U(R1)\n\ndef f_U(x):\n    return O_U.run(x)\n"
        ),
        "comp(f_U, 3)",
    ),
    "local import": (
        (
            "def f_U(x):\n    from side_U import helper\n    return helper(x) + R0\n"
            "#FILE side_U\nSPARE = I0\n\ndef helper(x):\n    return x * R1\n\n"
            "def unused(x):\n    return I1\n"
        ),
        "comp(f_U, 3)",
    ),
    "module as a value": (
        (
            "import side_U\n\ndef use_U(m):\n    return m.value()\n\ndef f_U():\n"
            "    return use_U(side_U)\n#FILE side_U\ndef value():\n    return R0\n"
        ),
        "comp(f_U)",
    ),
    "cached helper": (
        (
            "import functools\n\n@functools.lru_cache\ndef c_U(x):\n    return x + R0\n\n"
            "def f_U(x):\n    return c_U(x) + c_U(x)\n"
        ),
        "comp(f_U, 3)",
    ),
    "held values": (
        (
            "import functools\n\nTABLE_U = {'b': R0, 'a': lambda x: x + R1}\n\n"
            "def f_U(x, y=R2):\n    return TABLE_U['a'](x) + TABLE_U['b'] + y\n"
        ),
        "comp(functools.partial(f_U, 3))",
    ),
    "order": (
        (
            "def load_U():\n    return {'k%d' % R0: 1, 'k%d' % R1: 2}\n\ndef f_U(d):\n"
            "    return list(d)\n"
        ),
        "comp(f_U, comp(load_U))",
    ),
    "decorated": (
        (
            "import functools\n\ndef times_U(n):\n    def around(f):\n        @functools.wraps(f)\n"
            "        def inner(*a):\n            return f(*a) * n\n        return inner\n"
            "    return around\n\n@times_U(R0)\ndef f_U(x):\n    return x + R1\n"
        ),
        "comp(f_U, 3)",
    ),
    "generator": (
        (
            "def leaf_U(x):\n    return x + R0\n\ndef gen_U(context, n):\n"
            "    return [context.comp(leaf_U, i * R1) for i in range(n)]\n"
        ),
        "dynamic(gen_U, 2)",
    ),
    "generator of generators": (
        (
            "def leaf_U(x):\n    return x + R0\n\ndef inner_U(context, n):\n"
            "    return context.comp(leaf_U, n + R1)\n\ndef outer_U(context):\n"
            "    return [context.comp_dynamic(inner_U, i) for i in range(2)]\n"
        ),
        "dynamic(outer_U)",
    ),
    "files in order": (
        (
            "def write_U():\n    with open('file_U', 'w') as file:\n"
            "        file.write(str(R0))\n\n"
            "def read_U():\n    with open('file_U') as file:\n"
            "        return int(file.read()) + R1\n"
        ),
        "after(read_U, comp(write_U))",
    ),
    "a file that is read": (
        (
            "import weft\n\ndef f_U():\n    return weft.reads('data_U').read_text() + str(R0)\n"
            "#DATA data_U\nR1"
        ),
        "comp(f_U)",
    ),
    "a pure helper of a class": (
        (
            "class C_U:\n    @staticmethod\n    def s(x):\n        return x + R0\n\n"
            "    @classmethod\n    def c(cls, x):\n        return cls.s(x) + cls.k\n\n"
            "    @property\n    def p(self):\n        return R1\n\n    k = R2\n    spare = I0\n\n"
            "O_U = C_U()\n\ndef f_U(x):\n    return O_U.c(x) + O_U.p\n"
        ),
        "comp(f_U, 3)",
    ),
    "passed on": (
        (
            "class C_U:\n    def __init__(self):\n        self.a = R0\n        self.b = I0\n\n"
            "O_U = C_U()\n\ndef helper_U(o):\n    return o.a + R1\n\ndef f_U():\n"
            "    return helper_U(O_U)\n"
        ),
        "comp(f_U)",
    ),
}
MARK = re.compile(r"(?<=_)U\b")
"""Stands for the number of the unit."""
KNOB = re.compile(r"\b([RI])(\d)\b")
SCRIPT = """
import functools, json, os, shutil, sys
import weft
from body import *

class Direct:
    def comp(self, f, *a, **k):
        return f(*a)
    def comp_dynamic(self, f, *a, **k):
        return f(self, *a)

def build(context, comp, dynamic, after):
    return {BUILD}

def direct():
    here = os.getcwd()
    os.makedirs("direct", exist_ok=True)
    for name in os.listdir("."):
        if name.startswith("data_"):
            shutil.copy(name, "direct")
    os.chdir("direct")
    context = Direct()
    found = build(context, context.comp, context.comp_dynamic, lambda f, _: f())
    os.chdir(here)
    return found

def main():
    context = weft.Context("out")
    jobs = context.options(isolated=ISOLATED)
    after = lambda f, first: jobs.comp(f, extra_dep=[first])
    promises = build(jobs, jobs.comp, jobs.comp_dynamic, after)
    summary = context.make(n=2, executor=sys.argv[1])
    found = {name: context.result(promise) for name, promise in promises.items()}
    print(json.dumps({"ran": list(summary.executed), "found": found, "right": direct()}))

if __name__ == "__main__":
    main()
"""


@dataclass
class Program:
    """A program in a folder, with the values of its knobs."""

    folder: Path
    chance: random.Random
    units: list[str] = field(default_factory=list)
    knobs: dict[str, int] = field(default_factory=dict)
    """By name: ``R0_3`` is ``R0`` of the fourth unit."""
    notes: int = 0
    """Comments and functions that nobody calls."""
    isolated: bool = False

    @classmethod
    def new(cls, folder: Path, chance: random.Random, size: int) -> Program:
        """A program of so many units."""
        program = cls(folder, chance, chance.sample(sorted(UNITS), size))
        for number, unit in enumerate(program.units):
            for kind, knob in KNOB.findall(UNITS[unit][0]):
                program.knobs[f"{kind}{knob}_{number}"] = chance.randrange(2, 90)
        program.isolated = chance.random() < 0.3
        program.write()
        return program

    def write(self) -> None:
        """Write its files as the knobs are now."""
        files, builds = {"body": "import functools\n"}, []
        for number, unit in enumerate(self.units):
            text, build = UNITS[unit]
            text = KNOB.sub(lambda m: str(self.knobs[f"{m[0]}_{number}"]), text)
            text = MARK.sub(f"u{number}", text)
            builds.append(f"{unit!r}: {MARK.sub(f'u{number}', build)}")
            name = "body"
            for line in text.splitlines():
                if line.startswith("#"):
                    _, name = line.split()
                    files.setdefault(name, "")
                else:
                    files[name] += line + "\n"
        files["body"] += "".join(
            f"\n# note {n}\ndef unused_{n}():\n    return {n}\n" for n in range(self.notes)
        )
        script = SCRIPT.replace("BUILD", ", ".join(builds))
        files["script"] = script.replace("ISOLATED", str(self.isolated or None))
        for name, text in files.items():
            suffix = "" if name.startswith("data_") else ".py"
            (self.folder / f"{name}{suffix}").write_text(text)

    def edit(self) -> tuple[str, bool]:
        """Change something; what, and whether that may change a result."""
        kind = self.chance.random()
        if kind < 0.15:
            self.notes += 1
            self.write()
            return "a note", False
        wanted = "R" if kind < 0.65 else "I"
        names = [name for name in self.knobs if name[0] == wanted] or list(self.knobs)
        name = self.chance.choice(names)
        self.knobs[name] += self.chance.randrange(1, 5)
        self.write()
        return f"{name} of {self.units[int(name.partition('_')[2])]!r}", name[0] == "R"
