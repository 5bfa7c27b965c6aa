"""GPUs that are not there are found by the first stage, and by whatever trains without it."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest
import torch

from moien.errors import WrongCall, WrongData
from moien.kokoro import base
from moien.recipe.settings import load_settings
from moien.train import smoke

MORE_THAN_THERE_ARE = [(0, "no GPU", "--ngpu 0"), (1, "1 GPU", "--ngpu 1"), (3, "3 GPUs", "--ngpu 3")]


def run_with(ngpu: int) -> SimpleNamespace:
    settings = load_settings("mini", [f"system.ngpu={ngpu}", "g2p.front_end=espeak"])
    return SimpleNamespace(settings=settings, recipe_dir=settings.folder, device=settings.system.device)


@pytest.fixture
def check(monkeypatch):
    """Stage 0 without its look at the base model."""
    monkeypatch.setattr(base, "ensure_base", lambda _: SimpleNamespace(dir="base", voices={}))
    return importlib.import_module("steps.check").main.callback.__wrapped__


@pytest.mark.parametrize(("found", "named", "remedy"), MORE_THAN_THERE_ARE)
def test_stage_0_counts_the_gpus(check, monkeypatch, capsys, found, named, remedy):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: found)
    with pytest.raises(WrongData, match="1 thing"):
        check(run_with(4))
    printed = capsys.readouterr().out
    assert f"missing: system.ngpu is 4, but torch finds {named}\n" in printed and remedy in printed
    check(run_with(found))
    assert "missing: " not in capsys.readouterr().out


@pytest.mark.parametrize(("found", "named", "remedy"), MORE_THAN_THERE_ARE)
def test_training_refuses_them_before_it_loads_anything(monkeypatch, found, named, remedy):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: found)
    train = importlib.import_module("steps.train").main.callback.__wrapped__
    for call in (lambda: train(run_with(4)), lambda: smoke.smoke(run_with(4).settings)):
        with pytest.raises(WrongCall, match=f"torch finds {named}$|torch finds {named}\n") as error:
            call()
        assert remedy in str(error.value)
