"""The process's generators of random numbers: seeded for each attempt (rule 29).

Measured for one job: 5 us for ``random``, and 12 us more where NumPy is imported.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from weft.graph.seeds import Seed

_NUMPY, _TORCH = "numpy.random", "torch"
_WORD = 2**32
_TORCH_BITS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ChanceState:
    """What the generators of a process hold.

    Attributes
    ----------
    numpy
        Type and state of the bit generator; None where NumPy's are not imported.
    torch
        Of the generator of the processor.
    """

    random: Any
    numpy: tuple[type, Any] | None = None
    torch: Any = None

    @classmethod
    def here(cls) -> ChanceState:
        """What they hold now in this process: 10 us, and 40 more with NumPy."""
        numpy, torch = sys.modules.get(_NUMPY), sys.modules.get(_TORCH)
        bits = _bit_generator(numpy) if numpy is not None else None
        return cls(
            random.getstate(),
            None if bits is None else (type(bits), bits.state),
            None if torch is None else torch.get_rng_state(),
        )

    def put_back(self, names: Collection[str] = ("random", _NUMPY, _TORCH)) -> None:
        """Make those of this process hold that; what was not imported then starts anew.

        Parameters
        ----------
        names
            Of the modules, as far as they are imported.
        """
        for name in names:
            module = sys.modules.get(name)
            if module is random:
                random.setstate(self.random)
            elif module is not None and name == _NUMPY:
                self._put_numpy_back(module)
            elif module is not None and self.torch is None:
                module.seed()
            elif module is not None:
                module.set_rng_state(self.torch)

    def _put_numpy_back(self, module: Any) -> None:
        if self.numpy is None:
            module.seed()
            return
        kind, state = self.numpy
        if type(_bit_generator(module)) is not kind:
            module.set_bit_generator(kind())
        _bit_generator(module).state = state


class Chance:
    """Seeds the generators of this process for one attempt after the other.

    A module that a job is the first to import is seeded when it is there.

    Parameters
    ----------
    own
        Whether the process is the jobs' own; else its generators go on after each attempt as if
        that had not been.
    script
        What they held in the script's process when the run began.
    """

    def __init__(self, *, own: bool, script: ChanceState | None = None) -> None:
        self._own = own
        self._script = script
        self._before: ChanceState | None = None
        self._seed: Seed = None
        if own:
            sys.meta_path.insert(0, self)
        numpy = sys.modules.get(_NUMPY)
        self._bits = _bit_generator(numpy) if numpy is not None else None

    def begin(self, seed: Seed) -> None:
        """Let an attempt find them as ``seed`` says."""
        if not self._own:
            self._before = ChanceState.here()
            sys.meta_path.insert(0, self)
        self._seed = seed
        if seed is None:
            if self._script is not None:
                self._script.put_back()
            return
        random.seed(seed)
        modules = sys.modules
        if _NUMPY in modules:
            self._seed_numpy(modules[_NUMPY], seed)
        if _TORCH in modules:
            _seed_torch(modules[_TORCH], seed)

    def end(self) -> None:
        """The attempt is over."""
        if self._before is not None:
            self._before.put_back()
            self._before = None
            sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]

    def _seed_numpy(self, module: Any, seed: int) -> None:
        bits = _bit_generator(module)
        if self._bits is None:
            self._bits = bits
        elif bits is not self._bits:  # a job has put another one there
            module.set_bit_generator(self._bits)
            bits = self._bits
        words = seed if seed < _WORD else _words(seed)
        try:
            module.seed(words)
        except TypeError:  # only the one that NumPy begins with can be seeded so
            bits.state = type(bits)(words).state

    # -- what is imported later ----------------------------------------------------------------

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As Python asks for it: where a module is; this one lets others say so, and seeds it."""
        if name not in {_NUMPY, _TORCH}:
            return None
        spec = None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is not self and find is not None:
                spec = find(name, path, target)
                if spec is not None:
                    break
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            loader.exec_module = self._then_seed(loader.exec_module)
        return spec

    def _then_seed(self, execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
        def exec_module(module: ModuleType) -> None:
            execute(module)
            if self._seed is None:
                if self._script is not None:
                    self._script.put_back({module.__name__})
            elif module.__name__ == _NUMPY:
                self._seed_numpy(module, self._seed)
            else:
                _seed_torch(module, self._seed)

        return exec_module


def _bit_generator(module: Any) -> Any:
    return module.mtrand._rand._bit_generator


def _words(seed: int) -> list[int]:
    """The seed as NumPy takes it.

    >>> _words(2**32 + 7)
    [7, 1]
    """
    words = []
    while seed:
        words.append(seed % _WORD)
        seed //= _WORD
    return words


def _seed_torch(module: Any, seed: int) -> None:
    module.manual_seed(seed & _TORCH_BITS)
