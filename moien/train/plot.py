"""Curves of the losses: a PNG to look at, and dvclive's files for `dvc plots`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

COLUMNS = 3


def write_curves(history: list[dict[str, Any]], folder: Path) -> None:
    """Write `folder/curves.png` and `folder/dvclive/` from all rows.

    Written anew each time, so that a training that was interrupted between two checkpoints leaves no row twice.
    """
    draw_curves(history, folder / "curves.png")
    write_dvclive(history, folder / "dvclive")


def draw_curves(history: list[dict[str, Any]], path: Path) -> None:
    """One panel for each loss: train and dev against the steps of its phase."""
    import matplotlib

    matplotlib.use("Agg")  # no display is needed to write a file
    import matplotlib.pyplot as plt

    panels = list(dict.fromkeys((row["phase"], name) for row in history for name in row["train"]))
    if not panels:
        return
    rows = -(-len(panels) // COLUMNS)
    figure, grid = plt.subplots(rows, COLUMNS, figsize=(11, 2.8 * rows), squeeze=False, layout="constrained")
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes, (phase, name) in zip(grid.flat, panels, strict=False):
        ours = [row for row in history if row["phase"] == phase]
        for kind in ("train", "dev"):
            points = [(row["step"], row[kind].get(name)) for row in ours]
            axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=kind)
        axes.set(title=f"{phase}: {name.replace('_', ' ')}", xlabel="step", ylabel="loss")
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def write_dvclive(history: list[dict[str, Any]], folder: Path) -> None:
    """The same rows as dvclive writes them, one step for each interval."""
    from dvclive import Live

    shutil.rmtree(folder, ignore_errors=True)
    # No experiment, no dvc.yaml: dvclive then needs no git repository and touches nothing outside its folder.
    with Live(str(folder), save_dvc_exp=False, dvcyaml=False, report=None) as live:
        for row in history:
            for kind in ("train", "dev"):
                for name, value in row[kind].items():
                    live.log_metric(f"{row['phase']}/{kind}/{name}", value)
            live.next_step()
