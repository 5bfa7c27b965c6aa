"""What a phase of training shows on a terminal: how far it is, and every loss now, of late, and on dev."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from moien.progress import track

if TYPE_CHECKING:
    from rich.console import RenderableType

T = TypeVar("T")
SMOOTHING = 0.95  # of the mean "of late": the last 20 steps count most


class Board:
    """Shows the steps of a phase: a table that lives on a terminal, plain lines elsewhere."""

    def __init__(self, phase: str, done: int, steps: int) -> None:
        """A phase of `steps`, of which `done` were made before."""
        self.phase, self.done, self.steps = phase, done, steps
        self.now: dict[str, float] = {}
        self.late: dict[str, float] = {}
        self.dev: Mapping[str, float] = {}
        self._first, self._started = done, time.monotonic()

    def over(self, batches: Iterable[T]) -> Iterator[T]:
        """The batches of the steps that are left, shown as they go."""
        if not sys.stdout.isatty():
            yield from track(batches, f"train: {self.phase}", total=self.steps - self.done)
            return
        from rich.live import Live

        with Live(get_renderable=self.table, refresh_per_second=2, transient=True):
            yield from batches

    def step(self, parts: Mapping[str, float]) -> None:
        """Take in the losses of a step."""
        self.done += 1
        self.now = dict(parts)
        for name, value in self.now.items():
            self.late[name] = SMOOTHING * self.late.get(name, value) + (1 - SMOOTHING) * value

    def table(self) -> RenderableType:
        """The table as it stands."""
        from rich.console import Group
        from rich.table import Table

        made, seconds = self.done - self._first, time.monotonic() - self._started
        line = f"{self.phase}: step {self.done} of {self.steps}"
        if made:
            line += (
                f", {seconds / made:.2f} s a step, {_clock(seconds / made * (self.steps - self.done))} left"
            )
        table = Table("loss")
        for heading in ("now", "of late", "dev"):
            table.add_column(heading, justify="right", min_width=8)
        for name, now in self.now.items():
            dev = f"{self.dev[name]:.4f}" if name in self.dev else ""
            table.add_row(name, f"{now:.4f}", f"{self.late[name]:.4f}", dev)
        return Group(line, table)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
