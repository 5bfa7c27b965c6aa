"""The table of `moien conform`: a row for each program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from moien.audio import SAMPLE_RATE
from moien.conform.runtimes import Run
from moien.conform.verdict import Verdict, level_db

HEADINGS = (
    "program",
    "equal",
    "in parts",
    "refused",
    "spectra apart (dB)",
    "× real time",
    "load (s)",
    "memory (MB)",
    "what differs",
)


@dataclass(frozen=True)
class Row:
    """A program, what it did, and the verdict on each case."""

    name: str
    run: Run
    verdicts: Mapping[str, Verdict]

    @property
    def differences(self) -> list[str]:
        """`case: why` for each case that differs."""
        return [f"{case}: {v.why}" for case, v in self.verdicts.items() if v.kind == "differs"]

    @property
    def cells(self) -> list[str]:
        """The cells of the row, in the order of HEADINGS."""
        kinds = [verdict.kind for verdict in self.verdicts.values()]
        seconds = sum(len(audio) for audio in self.run.audio.values()) / SAMPLE_RATE
        return [
            self.name,
            *(f"{kinds.count(kind)}" for kind in ("equal", "in parts", "refused")),
            f"{np.nanmean([verdict.level_db for verdict in self.verdicts.values()]):.2f}",
            f"{self.run.seconds / seconds:.2f}",
            f"{self.run.load_s:.1f}",
            f"{self.run.rss_mb:.0f}",
            "; ".join(self.differences) or "nothing",
        ]


def kokoro_row(name: str, kokoro: Run, again: Run) -> Row:
    """Kokoro against itself with other noise: what the others are measured by."""
    levels = {case: level_db(again.audio[case], audio) for case, audio in kokoro.audio.items()}
    verdicts = {case: Verdict("equal", "", level) for case, level in levels.items()}
    refused = {case: Verdict("refused", message) for case, message in kokoro.refused.items()}
    return Row(name, kokoro, verdicts | refused)


def markdown(rows: Sequence[Row]) -> str:
    """The table in Markdown."""
    lines = [f"| {' | '.join(HEADINGS)} |", f"|---|{'--:|' * (len(HEADINGS) - 2)}---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row.cells)} |" for row in rows)])
