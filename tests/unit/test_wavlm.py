"""The feature loss by WavLM: nothing for the same sound, a gradient for the decoder, none for WavLM."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from tiny_training import SETTINGS, Run, open_split, tiny_model, write_corpus

from moien.errors import WrongData
from moien.train import loop
from moien.train.wavlm import WavLMLoss


def test_it_hears_a_difference_and_says_which_way_it_goes(tiny_wavlm: Path) -> None:
    loss = WavLMLoss(str(tiny_wavlm), "cpu")
    natural = torch.randn(2, 36_000, generator=torch.Generator().manual_seed(0)) * 0.1
    assert loss(natural, natural) == 0
    nearer, farther = (loss(natural + share * natural.roll(3000, 1), natural) for share in (0.1, 1.0))
    assert 0 < nearer < farther
    generated = (natural * 0.5).requires_grad_()
    loss(generated, natural).backward()
    assert generated.grad is not None and generated.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in loss._network.parameters())


def test_a_crop_shorter_than_wavlm_needs_is_padded(tiny_wavlm: Path) -> None:
    loss = WavLMLoss(str(tiny_wavlm), "cpu")
    assert loss(torch.rand(1, 600), torch.rand(1, 600)).isfinite()


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongData, match=r"train\.acoustic\.wavlm: .* cannot be loaded") as error:
        WavLMLoss(str(tmp_path / "nothing"), "cpu")
    assert "train.acoustic.wavlm=0" in str(error.value)


def test_a_training_learns_from_it(tiny_wavlm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "load_model", tiny_model)
    write_corpus(tmp_path, {"train": 2, "dev": 1})
    run = Run(open_split(tmp_path, "train"), open_split(tmp_path, "dev"))
    alone = {"steps": 2, "critic": 0, "mel": 0, "stft": 0, "contrast": 0}
    acoustic = SETTINGS.acoustic.model_copy(update=alone | {"wavlm": 1.0, "wavlm_model": str(tiny_wavlm)})
    settings = SETTINGS.model_copy(update={"phases": ("acoustic",), "acoustic": acoustic})
    learned, [row] = run.train(tmp_path / "work", settings)
    assert math.isfinite(row["train"]["wavlm"]) and row["train"]["wavlm"] > 0
    base = tiny_model().state_dict()
    moved = [name for name, tensor in learned.items() if name in base and not torch.equal(tensor, base[name])]
    assert any(name.startswith("decoder.encode") for name in moved)
