"""PNG plots of a run for READMEs: the scores with their intervals, and spectrograms of some sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from moien.audio import SAMPLE_RATE, read_header
from moien.report.media import RANGE_DB, spectrogram
from moien.report.table import ARROWS, metrics_of, unit_of
from moien.score.sentences import Sentence, open_clip

COLOURS = {  # as in page.css
    "natural": "#0b7a6f",
    "recorded": "#1d6f9c",
    "espeak": "#7a5f00",
    "stock": "#56657e",
    "other": "#7b4fa3",
}
MARKS = {"natural": "o", "recorded": "P", "espeak": "v", "stock": "s", "other": "^"}
COLUMNS = 4
SHOWN = 3  # sentences whose spectrograms stand beside each other
LONGEST_S = 4.0  # of these: in longer ones, no formant can be seen
OVER = 1.5  # × the longest recording: as far as the time scale goes


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")  # no display is needed to write a file
    import matplotlib.pyplot as plt

    return plt


def plot_scores(scores: Mapping[str, Any], path: Path) -> None:
    """A panel for each metric: the mean of each row with its 95 % interval."""
    plt, metrics = _pyplot(), metrics_of(scores)
    rows = list(scores["rows"])
    height = -(-len(metrics) // COLUMNS)
    figure, grid = plt.subplots(
        height, COLUMNS, figsize=(12, 2 * height), squeeze=False, layout="constrained"
    )
    for axes in grid.flat[len(metrics) :]:
        axes.set_axis_off()
    for axes, metric in zip(grid.flat, metrics, strict=False):
        for y, row in enumerate(rows):
            estimate = scores["rows"][row][metric.name]
            if estimate["mean"] is not None:
                colour = COLOURS.get(row, "#b8400b")
                axes.plot([estimate["low"], estimate["high"]], [y, y], color=colour, linewidth=2)
                axes.plot(estimate["mean"], y, MARKS.get(row, "D"), color=colour, markersize=7)
        axes.set_title(f"{metric.heading}  {ARROWS[metric.best]}", fontsize=10, loc="left")
        axes.set(
            xlabel=unit_of(metric), yticks=range(len(rows)), yticklabels=rows, ylim=(len(rows) - 0.4, -0.6)
        )
        axes.grid(axis="x", alpha=0.3)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def plot_spectrograms(sentences: Sequence[Sentence], path: Path) -> None:
    """Three sentences of similar length beside each other, their rows below one another, all on one time scale.

    The scale ends at one and a half times the longest recording: a slow voice would make all others narrow.
    """
    plt = _pyplot()
    clips = {
        s.id: {row: open_clip(file, s.id).samples for row, file in s.recordings.items()}
        for s in of_similar_length(sentences)
    }
    rows = list(next(iter(clips.values())))
    longest = max(len(samples) for sounds in clips.values() for samples in sounds.values())
    recorded = max(len(sounds[rows[0]]) for sounds in clips.values())
    shown_s = min(longest, OVER * recorded) / SAMPLE_RATE
    size = (6 * len(clips), 2.1 * len(rows))
    shared = {"sharex": True, "sharey": True, "squeeze": False, "layout": "constrained"}
    figure, grid = plt.subplots(len(rows), len(clips), figsize=size, **shared)
    for column, (sentence, sounds) in enumerate(clips.items()):
        for axes, (row, samples) in zip(grid[:, column], sounds.items(), strict=True):
            loudness, seconds = spectrogram(np.asarray(samples)), len(samples) / SAMPLE_RATE
            top, extent = loudness.max(), (0, seconds, 0, 12)
            axes.imshow(loudness, aspect="auto", cmap="magma", extent=extent, vmin=top - RANGE_DB, vmax=top)
            axes.set(xlim=(0, shown_s), facecolor="black")
            axes.set_ylabel(f"{row}\nkHz" if column == 0 else "")
            axes.set_yticks([0, 4, 8, 12])
        grid[0, column].set_title(sentence, fontsize=10)
        grid[-1, column].set_xlabel("s")
    # Tight: constrained layout leaves half a line too little for the names of the rows.
    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)


def of_similar_length(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Those whose recordings are nearest to the median length, or to 4 s if that is less, in their order."""
    seconds = {s.id: read_header(next(iter(s.recordings.values()))).seconds for s in sentences}
    aim = min(float(np.median(list(seconds.values()))), LONGEST_S)
    nearest = sorted(sentences, key=lambda s: abs(seconds[s.id] - aim))[:SHOWN]
    return [s for s in sentences if s in nearest]
