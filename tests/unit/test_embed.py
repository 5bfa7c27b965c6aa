"""Speaker encoders and the statistics over their embeddings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from moien.audio import SAMPLE_RATE
from moien.errors import WrongData
from moien.style.embed import SpeakerEncoder, describe_speakers, write_embeddings


def buzz(hz: float, formant: float, seed: int, seconds: float = 2.0) -> np.ndarray:
    """A vowel-like buzz: what a speaker encoder calls voiced, and different for different formants."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(hz * (1 + 0.1 * np.sin(2 * np.pi * 3 * t + seed))) / SAMPLE_RATE
    gains = [np.exp(-(((k * hz - formant) / 400) ** 2)) + 0.1 / k for k in range(1, 30)]
    tone = 0.1 * sum(g * np.cos(k * phase) for k, g in enumerate(gains, start=1))
    return (tone + np.random.default_rng(seed).normal(0, 1e-3, len(t))).astype(np.float32)


def unit(vector: np.ndarray) -> np.ndarray:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def test_resemblyzer_tells_voices_apart() -> None:
    encoder = SpeakerEncoder()
    a, b, c = (
        encoder.embed(buzz(*voice), SAMPLE_RATE) for voice in ((110, 700, 0), (110, 700, 1), (260, 2200, 2))
    )
    assert a.shape == (256,) and a.dtype == np.float32 and abs(np.linalg.norm(a) - 1) < 1e-5
    assert a @ b > a @ c + 0.05
    np.testing.assert_array_equal(a, encoder.embed(buzz(110, 700, 0), SAMPLE_RATE))
    short = encoder.embed(buzz(110, 700, 0, seconds=0.1), SAMPLE_RATE)
    assert np.isfinite(short).all()
    with pytest.raises(WrongData, match="silence"):
        encoder.embed(np.zeros(SAMPLE_RATE, np.float32), SAMPLE_RATE)


def test_a_clip_of_another_speaker_is_listed() -> None:
    rng = np.random.default_rng(0)
    anna, bert = unit(rng.normal(size=32)), unit(rng.normal(size=32))
    embeddings = {f"anna-{i}": unit(anna + rng.normal(0, 0.04, 32)) for i in range(20)}
    embeddings |= {f"bert-{i}": unit(bert + rng.normal(0, 0.04, 32)) for i in range(20)}
    embeddings["anna-x"] = unit(bert + rng.normal(0, 0.04, 32))
    speakers = {utterance: utterance.split("-")[0] for utterance in embeddings}
    described = describe_speakers(speakers, embeddings)
    assert list(described["anna"].outliers) == ["anna-x"] and not described["bert"].outliers
    assert described["anna"].outliers["anna-x"].nearest_speaker == "bert"
    assert described["anna"].utterances == 21 and described["anna"].lowest_similarity < 0.5
    assert described["anna"].centroid @ anna > 0.98
    json.dumps(described["anna"].facts())


def test_few_or_equal_clips_are_no_outliers() -> None:
    same = {f"s-{i}": unit(np.ones(8)) for i in range(9)}
    assert not describe_speakers(dict.fromkeys(same, "s"), same)["s"].outliers
    few = {"s-1": unit(np.eye(8)[0]), "s-2": unit(np.eye(8)[1])}
    assert not describe_speakers(dict.fromkeys(few, "s"), few)["s"].outliers


def test_written_sorted_and_readable(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    vectors = {name: unit(np.random.default_rng(ord(name)).normal(size=8)) for name in "cab"}
    write_embeddings(tmp_path, "train", vectors)
    ids = json.loads((tmp_path / "train.index.json").read_text())
    rows = load_file(tmp_path / "train.safetensors")["embedding"]
    assert ids == ["a", "b", "c"] and rows.shape == (3, 8)
    np.testing.assert_array_equal(rows[2], vectors["c"])
    write_embeddings(tmp_path, "dev", {})
    assert json.loads((tmp_path / "dev.index.json").read_text()) == []
