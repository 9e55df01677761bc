"""What a run was asked for, in a form that can go to another process."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from clients.fuzz.codec.sides.adapter import PATIENCE, Adapter, AdapterError
from clients.fuzz.inputs.case import Reader

COMPILED = "compiled"
STEP = 1_000_003
"""Between the seeds of two processes: a prime, so that runs with near seeds share no stream."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of `relay fuzz codec` that say what is judged, and for how long."""

    seed: int = 0
    reader: Reader | None = None
    seconds: float | None = None
    count: int | None = None
    first: bool = False
    jobs: int = 1
    against: tuple[str, ...] = ()
    compiled: Path | None = None
    corpus: Path | None = None
    patience: float = PATIENCE

    def share(self, index: int) -> Settings:
        """Return what one of the processes does: its part of the count, from a seed of its own."""
        count = self.count
        if count is not None:
            count = count // self.jobs + (index < count % self.jobs)
        return replace(self, seed=self.seed + index * STEP, count=count)

    @contextmanager
    def adapters(self) -> Iterator[list[Adapter]]:
        """Start all programs to compare with; end them at the end.

        Raises:
            AdapterError: one cannot be started, or is no adapter.
        """
        with ExitStack() as stack:
            adapters = [
                stack.enter_context(Adapter(command, self.patience)) for command in self.against
            ]
            if self.compiled is not None:
                adapters.append(stack.enter_context(compiled(self.compiled, self.patience)))
            yield adapters


def compiled(folder: Path, patience: float) -> Adapter:
    """Start our codec as it is compiled in a folder that such a wheel was installed to."""
    command = shlex.join([sys.executable, "-m", "clients.fuzz.adapters.ours"])
    path = os.pathsep.join([str(folder.absolute()), *filter(None, sys.path)])
    adapter = Adapter(command, patience, {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"})
    if COMPILED not in adapter.hello.name:
        adapter.__exit__()
        raise AdapterError(f"{folder} holds no compiled build: `make compiled` makes one")
    return adapter
