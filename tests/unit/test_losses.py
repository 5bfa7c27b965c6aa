"""Losses: nothing at the target, padding counts for nothing, and gradients that are numbers."""

from __future__ import annotations

import pytest
import torch

from moien.kokoro.losses import duration_losses, energy_loss, f0_loss
from moien.train.losses import contrast_loss, f0_spread_loss, mel_loss, stft_loss


def logits_for(durations: torch.Tensor) -> torch.Tensor:
    """Logits that are sure of these durations."""
    return torch.where(torch.arange(50) < durations[..., None], 20.0, -20.0)


def test_the_right_durations_cost_nothing():
    durations = torch.tensor([[3, 1, 50, 2]])
    l1, bins = duration_losses(logits_for(durations), durations, torch.tensor([4]))
    assert l1 < 1e-5
    assert bins < 1e-5


def test_duration_l1_is_in_frames_and_leaves_out_bos_and_eos():
    durations = torch.tensor([[9, 4, 6, 9]])
    predicted = torch.tensor([[1, 5, 8, 1]])  # BOS and EOS are 8 frames off, the others 1 and 2
    l1, bins = duration_losses(logits_for(predicted), durations, torch.tensor([4]))
    assert l1 == pytest.approx(1.5, abs=1e-4)
    # Each wrong bin costs 20 nats: (8 + 1 + 2 + 8) wrong of 4 · 50.
    assert bins == pytest.approx(20 * 19 / 200, rel=1e-3)


def test_padding_counts_for_nothing():
    durations = torch.tensor([[2, 3, 4, 2, 0, 0]])
    logits = torch.randn(1, 6, 50)
    short = duration_losses(logits[:, :4], durations[:, :4], torch.tensor([4]))
    assert torch.allclose(
        torch.stack(short), torch.stack(duration_losses(logits, durations, torch.tensor([4])))
    )
    curve, frames = torch.rand(1, 12) * 200, torch.tensor([4])
    wrong = torch.cat([curve[:, :8], torch.full((1, 4), 1e6)], 1)
    assert f0_loss(wrong, curve, frames) == energy_loss(wrong, curve, frames) == 0


def test_f0_loss_is_a_tenth_of_the_error_in_hz():
    assert f0_loss(torch.full((1, 8), 130.5), torch.full((1, 8), 120.0), torch.tensor([4])) == pytest.approx(
        1.0
    )


def test_the_spread_of_a_melody_is_a_ratio_whatever_the_register():
    melody = torch.tensor([[0.0, 180.0, 200.0, 260.0, 0.0, 190.0, 0.0]])
    octave_up, flat = 2 * melody, torch.full((1, 7), 200.0).requires_grad_()
    assert f0_spread_loss(octave_up, melody) == pytest.approx(0, abs=1e-6)
    narrow = torch.where(melody > 0, 200 * (melody / 200).clamp(min=1e-3).sqrt(), 50.0)  # half the semitones
    assert f0_spread_loss(narrow, melody) == pytest.approx(0.69, abs=0.02)
    f0_spread_loss(flat, melody).backward()
    assert flat.grad.isfinite().all()
    dropped = narrow.clone()
    dropped[0, 2] = 3.0  # the predictor takes it for unvoiced
    assert f0_spread_loss(dropped, melody) == pytest.approx(0.69, abs=0.03)
    padded = torch.nn.functional.pad(melody, (0, 5))
    assert f0_spread_loss(torch.nn.functional.pad(narrow, (0, 5), value=99.0), padded) == f0_spread_loss(
        narrow, melody
    )


def test_spectral_losses_are_zero_on_the_same_audio_and_grow_with_the_difference():
    audio = torch.randn(2, 9000) * 0.1
    for loss in (mel_loss, stft_loss):
        assert loss(audio, audio, 1e-3) == pytest.approx(0, abs=1e-6)
        assert 0 < loss(audio * 0.9, audio, 1e-3) < loss(audio * 0.3, audio, 1e-3)


def test_what_lies_under_the_floor_is_not_chased():
    hiss, silence = torch.randn(1, 9000) * 1e-4, torch.zeros(1, 9000)
    assert mel_loss(silence, hiss, floor=1e-3) < 0.1
    assert mel_loss(silence, hiss, floor=1e-7) > 1


def test_digital_silence_has_a_finite_gradient():
    audio, noise = torch.zeros(1, 9000, requires_grad=True), torch.randn(1, 9000)
    for loss in (
        mel_loss(audio, noise, 1e-3),
        stft_loss(audio, noise, 1e-3),
        contrast_loss(audio, noise, 1e-3),
    ):
        loss.backward()
    assert audio.grad is not None
    assert audio.grad.isfinite().all()


def vowel(nepers: float) -> torch.Tensor:
    """Pulses through formants 600 Hz apart that stand so far out of the spectrum, `[1, 24000]`."""
    hz = torch.fft.rfftfreq(24000, 1 / 24000)
    pulses = torch.zeros(24000)
    pulses[::256] = 1.0  # harmonics so close that no formant is between two of them
    return torch.fft.irfft(torch.fft.rfft(pulses) * (nepers * torch.cos(2 * torch.pi * hz / 600)).exp())[None]


def test_contrast_is_the_ratio_of_formants_whatever_the_level_and_the_tilt():
    natural = vowel(1.0)
    assert contrast_loss(0.3 * natural, natural, 1e-3) == pytest.approx(0, abs=0.02)
    tilted = natural - 0.6 * torch.nn.functional.pad(natural, (1, -1))
    assert contrast_loss(tilted, natural, 1e-3) < 0.05
    for nepers in (0.5, 2.0):  # a blurred spectrum is as wrong as one too sharp
        assert contrast_loss(vowel(nepers), natural, 1e-3) == pytest.approx(0.69, abs=0.05)
    pause = torch.nn.functional.pad(natural, (0, 24000))
    noisy = pause + 1e-4 * torch.randn(1, 48000)
    assert contrast_loss(noisy, pause, 1e-3) < 0.05, "what is in a pause does not count"
