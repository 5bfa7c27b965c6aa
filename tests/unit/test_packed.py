"""Packed features: what goes in comes out, the number of processes changes nothing, damage is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from moien.audio import SAMPLE_RATE, write_wav
from moien.errors import WrongData
from moien.features.packed import Measured, PackedFeatures, measure, measure_all, write_packed
from moien.features.settings import FeatureSettings

SETTINGS = FeatureSettings()


def buzz(hz: float, seconds: float) -> np.ndarray:
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.1 * sum(np.cos(2 * np.pi * k * hz * t) / k for k in range(1, 12))).astype(np.float32)


@pytest.fixture
def made() -> list[Measured]:
    voices = {"b": buzz(120, 0.51), "a": buzz(210, 0.3)}
    return [Measured(name, *measure(samples, SETTINGS)) for name, samples in voices.items()]


def test_round_trip(made: list[Measured], tmp_path: Path) -> None:
    write_packed(tmp_path, "train", made)
    packed = PackedFeatures(tmp_path, "train")
    assert list(packed) == ["b", "a"] and "c" not in packed
    for utterance in made:
        f0, energy = packed[utterance.id]
        np.testing.assert_array_equal(f0, utterance.f0)
        np.testing.assert_array_equal(energy, utterance.energy)
    assert isinstance(f0, np.memmap) and not f0.flags.writeable
    assert len(packed["b"][0]) == 2 * 21  # 0.51 s are 20.4 frames
    assert abs(np.median(f0[f0 > 0]) - 210) < 3


def test_empty_split(tmp_path: Path) -> None:
    write_packed(tmp_path, "dev", [])
    assert len(PackedFeatures(tmp_path, "dev")) == 0


def test_number_of_processes_changes_no_byte(tmp_path: Path) -> None:
    audio = {}
    for n, hz in enumerate((100, 140, 190, 260)):
        audio[f"s-{n}"] = tmp_path / f"{n}.wav"
        write_wav(audio[f"s-{n}"], buzz(hz, 0.4))
    for nj in (1, 2):
        (tmp_path / str(nj)).mkdir()
        write_packed(tmp_path / str(nj), "train", measure_all(audio.items(), SETTINGS, nj))
    for name in ("train.safetensors", "train.index.json"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    assert list(PackedFeatures(tmp_path / "2", "train")) == list(audio)


def test_wrong_rate_is_named(tmp_path: Path, forked_pools: None) -> None:
    write_wav(tmp_path / "x.wav", buzz(100, 0.4), 16000)
    with pytest.raises(WrongData, match=r"x\.wav: 16000 Hz"):
        list(measure_all([("x", tmp_path / "x.wav")], SETTINGS, 1))


@pytest.mark.parametrize("damage", ["missing", "cut", "index"])
def test_damage_is_named(made: list[Measured], tmp_path: Path, damage: str) -> None:
    write_packed(tmp_path, "train", made)
    path = tmp_path / "train.safetensors"
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    else:
        (tmp_path / "train.index.json").write_text('{"a": [0, 4]}')
    with pytest.raises(WrongData, match=r"train\.safetensors.*\n.*stage 4"):
        PackedFeatures(tmp_path, "train")
