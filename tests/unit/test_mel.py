"""The mel and energy that Kokoro's base was taught on, checked against independent numpy arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from moien.audio import HOP_SAMPLES, SAMPLE_RATE
from moien.errors import WrongData
from moien.features.mel import energy, log_mel


def htk_filters(rate: int) -> np.ndarray:
    """80 triangles on the HTK mel scale over an FFT of 2048, from the textbook's formula: [1025, 80]."""
    to_mel, to_hz = lambda f: 2595 * np.log10(1 + f / 700), lambda m: 700 * (10 ** (m / 2595) - 1)
    corners = to_hz(np.linspace(to_mel(0), to_mel(rate / 2), 82))
    bins = np.linspace(0, rate / 2, 1025)[:, None]
    rise = (bins - corners[:-2]) / np.diff(corners)[:-1]
    fall = (corners[2:] - bins) / np.diff(corners)[1:]
    return np.maximum(0, np.minimum(rise, fall))


def numpy_log_mel(audio: np.ndarray, rate: int = 16000) -> np.ndarray:
    window = np.zeros(2048)
    window[424:1624] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1200) / 1200)
    padded = np.pad(audio, 1024, mode="reflect")
    columns = len(audio) // HOP_SAMPLES
    frames = np.stack([padded[i * HOP_SAMPLES : i * HOP_SAMPLES + 2048] for i in range(columns)])
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    return ((np.log(1e-5 + power @ htk_filters(rate)) + 4) / 4).T


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, 6000).astype(np.float32)


def test_equals_the_definition_with_filters_of_16_khz(noise: np.ndarray) -> None:
    ours = log_mel(torch.from_numpy(noise)).numpy()
    assert ours.shape == (80, 20)
    np.testing.assert_allclose(ours, numpy_log_mel(noise), atol=2e-4)
    assert np.abs(ours - numpy_log_mel(noise, rate=SAMPLE_RATE)).mean() > 0.05  # the tempting mistake


def test_energy_is_the_log_norm_of_the_mel(noise: np.ndarray) -> None:
    mel = log_mel(torch.from_numpy(noise))
    by_hand = np.log(np.linalg.norm(np.exp(4 * mel.numpy() - 4), axis=0))
    np.testing.assert_allclose(energy(mel).numpy(), by_hand, rtol=1e-5)


def test_batch_equals_single_and_gradient_flows(noise: np.ndarray) -> None:
    audio = torch.from_numpy(np.stack([noise, noise[::-1]])).requires_grad_()
    mel = log_mel(audio)
    torch.testing.assert_close(mel[0], log_mel(audio[0]))
    mel.sum().backward()
    assert audio.grad is not None and audio.grad.abs().sum() > 0


@pytest.mark.parametrize("hop", [3, 10, 17])
def test_column_is_centred_on_its_hop(hop: int) -> None:
    impulse = torch.zeros(6000)
    impulse[hop * HOP_SAMPLES] = 1
    assert int(energy(log_mel(impulse)).argmax()) == hop


def test_too_short_is_refused() -> None:
    with pytest.raises(WrongData, match="1024 samples are too few"):
        log_mel(torch.zeros(1024))
