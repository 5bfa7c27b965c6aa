"""Reports of a training: curves as a PNG and as dvclive's files, a line for the log, a spoken sample."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from moien.audio import write_wav
from moien.kokoro.speak import speak
from moien.train.data import TrainingSet

if TYPE_CHECKING:
    from moien.train.learner import Learner

COLUMNS = 3


def write_curves(history: list[dict[str, Any]], folder: Path) -> None:
    """Write `folder/curves.png` and `folder/dvclive/` from all rows.

    Written anew each time, so that a training that was interrupted between two checkpoints leaves no row twice.
    """
    draw_curves(history, folder / "curves.png")
    write_dvclive(history, folder / "dvclive")


def draw_curves(history: list[dict[str, Any]], path: Path) -> None:
    """One panel for each loss: train and dev against the steps of its phase; without any row a note that says so."""
    import matplotlib

    matplotlib.use("Agg")  # no display is needed to write a file
    import matplotlib.pyplot as plt

    panels = list(dict.fromkeys((row["phase"], name) for row in history for name in row["train"]))
    rows = -(-len(panels) // COLUMNS) or 1
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
    if not panels:
        figure.text(0.5, 0.5, "no phase has steps: nothing was trained", ha="center")
    figure.savefig(path, dpi=100)
    plt.close(figure)


def write_dvclive(history: list[dict[str, Any]], folder: Path) -> None:
    """The same rows as dvclive writes them, one step for each interval."""
    from dvclive import Live

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)  # without any row dvclive makes none
    # No experiment, no dvc.yaml: dvclive then needs no git repository and touches nothing outside its folder.
    with Live(str(folder), save_dvc_exp=False, dvcyaml=False, report=None) as live:
        for row in history:
            for kind in ("train", "dev"):
                for name, value in row[kind].items():
                    live.log_metric(f"{row['phase']}/{kind}/{name}", value)
            live.next_step()


def write_sample(learner: Learner, dev: TrainingSet, index: int, path: Path) -> None:
    """Write the tokens of a dev utterance as the model speaks them now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    utterance, alignment = dev.utterances[index]
    pack = dev.packs[utterance.speaker] + learner.delta(utterance.speaker).detach().cpu()
    audio = speak(learner.model, alignment.tokens, pack, seed=0).audio
    write_wav(path, np.clip(np.nan_to_num(audio), -1, 1))


def describe(row: dict[str, Any], steps: int) -> str:
    """A row of the curves as a line for the log."""
    parts = ", ".join(
        f"{name} {value:.3f} (dev {row['dev'][name]:.3f})" for name, value in row["train"].items()
    )
    return f"{row['phase']} {row['step']}/{steps}: {parts}"
