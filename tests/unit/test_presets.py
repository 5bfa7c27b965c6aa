"""Presets lie between the defaults and the recipe, may not decide about data, and each of them trains."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tiny_training import Run, open_split, tiny_model, write_corpus

from moien.errors import WrongCall
from moien.recipe import settings as config
from moien.recipe.settings import PRESETS, load_settings
from moien.report.command import command
from moien.train import loop

NAMES = sorted(file.stem for file in PRESETS.glob("*.yaml"))


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recipe with the preset `slow`; there are also the presets `fast` and `greedy`."""
    monkeypatch.setattr(config, "PRESETS", tmp_path / "presets")
    (tmp_path / "presets").mkdir()
    for name, text in {
        "slow": "train: {prosody: {steps: 7, lr: 0.001}, warmup_steps: 3}",
        "fast": "train: {prosody: {steps: 2}}\nsystem: {workers: 5}",
        "greedy": "data: {test_percent: 50}",
    }.items():
        (tmp_path / "presets" / f"{name}.yaml").write_text(text)
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "params.yaml").write_text("language: de\npreset: slow\ntrain: {prosody: {lr: 0.002}}\n")
    return str(tmp_path / "r")


def test_the_recipe_is_stronger_than_its_preset_and_set_than_both(recipe: str) -> None:
    train = load_settings(recipe).train
    assert (train.prosody.steps, train.prosody.lr, train.warmup_steps) == (7, 0.002, 3)
    assert load_settings(recipe, ["train.prosody.steps=9"]).train.prosody.steps == 9
    other = load_settings(recipe, ["preset=fast"])
    assert (other.train.prosody.steps, other.train.prosody.lr, other.system.workers) == (2, 0.002, 5)
    assert other.train.warmup_steps == config.TrainSettings().warmup_steps  # type: ignore[call-arg]


def test_what_is_no_preset_is_refused(recipe: str) -> None:
    with pytest.raises(WrongCall, match="the presets are fast, greedy, slow"):
        load_settings(recipe, ["preset=fats"])
    with pytest.raises(WrongCall, match="not data"):
        load_settings(recipe, ["preset=greedy"])


def test_the_command_that_makes_it_again_names_the_preset_and_not_what_it_sets(recipe: str) -> None:
    line = command(load_settings(recipe, ["preset=fast", "seed=3"]))
    assert line.endswith("--set preset=fast --set seed=3")
    assert "--set" not in command(load_settings(recipe))
    assert command(load_settings(recipe, ["preset="])).startswith(
        f"{command(load_settings(recipe))} --set preset="
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_takes_two_steps(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "load_model", tiny_model)
    write_corpus(tmp_path / "corpus", {"train": 3, "dev": 1})
    run = Run(*(open_split(tmp_path / "corpus", split) for split in ("train", "dev")))
    two = [
        "train.prosody.steps=2",
        "train.acoustic.steps=2",
        "train.acoustic.crop_frames=10",  # a CPU does bfloat16 slowly
        "train.min_seconds=0",
        "train.check_labels=false",
    ]
    learned, history = run.train(tmp_path / "work", load_settings("mini", [f"preset={name}", *two]).train)
    assert [(row["phase"], row["step"]) for row in history] == [("prosody", 2), ("acoustic", 2)]
    assert all(torch.isfinite(tensor).all() for tensor in learned.values())
    assert "NaN" not in json.dumps(history)
