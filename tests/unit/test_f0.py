"""F0: in step with the mel, right on synthetic voices, and cleaned of what trackers get wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moien.audio import FRAME_SAMPLES, HOP_SAMPLES, SAMPLE_RATE, frames_in, read_audio, resample
from moien.features.f0 import f0_hz, repair_octaves, smooth_runs

SECONDS = 2.0


def voice(f0: np.ndarray) -> np.ndarray:
    """A buzz with harmonics falling by 6 dB an octave, F0 `[N]` in Hz for every sample."""
    phase = 2 * np.pi * np.cumsum(f0) / SAMPLE_RATE
    return 0.1 * sum(np.cos(k * phase) / k for k in range(1, 16))


def test_in_step_with_the_hops_on_a_chirp() -> None:
    slope = 80.0
    times = np.arange(int(SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    f0 = f0_hz(voice(120 + slope * times), frames_in(len(times)))
    assert f0.dtype == np.float32 and len(f0) == 2 * frames_in(len(times))
    truth = 120 + slope * np.arange(len(f0)) * HOP_SAMPLES / SAMPLE_RATE
    assert (f0 > 0).mean() > 0.97
    late_by = (f0 - truth)[f0 > 0] / slope * SAMPLE_RATE / HOP_SAMPLES
    assert abs(np.median(late_by)) < 0.15  # hops


def test_silence_and_noise_are_unvoiced() -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, SAMPLE_RATE)
    assert not f0_hz(np.zeros(SAMPLE_RATE), 40).any()
    assert (f0_hz(noise, 40) > 0).mean() < 0.05


def test_voicing_stops_where_the_voice_stops() -> None:
    samples = voice(np.full(SAMPLE_RATE, 150.0))
    samples[SAMPLE_RATE // 2 :] = np.random.default_rng(2).normal(0, 0.01, SAMPLE_RATE // 2)
    f0 = f0_hz(samples, 40)
    assert (f0[:38] > 0).all() and not f0[44:].any()
    np.testing.assert_allclose(f0[2:36], 150, rtol=0.01)


def test_samples_are_cut_or_padded_to_the_frames() -> None:
    samples = voice(np.full(SAMPLE_RATE, 200.0))
    assert len(f0_hz(samples, 20)) == 40
    longer = f0_hz(samples[: 20 * FRAME_SAMPLES], 40)
    assert longer[:38].all() and not longer[44:].any()


def test_octave_jumps_are_repaired_and_climbs_are_not() -> None:
    f0 = np.full(60, 200.0)
    f0[20:28], f0[40:46] = 100.0, 404.0
    repaired = np.full(60, 200.0)
    repaired[40:46] = 202.0
    np.testing.assert_allclose(repair_octaves(f0), repaired)
    climb = np.geomspace(150, 450, 60)
    np.testing.assert_array_equal(repair_octaves(climb), climb)


def test_short_runs_and_holes() -> None:
    f0 = np.zeros(40)
    f0[3:5] = 180  # an island of two
    f0[10:30] = 200
    f0[16:18] = 0  # a hole of two
    f0[22:25] = 0  # a real pause of three
    f0[29] = 330  # the tracker groping at the edge
    clean = smooth_runs(f0)
    assert np.flatnonzero(clean).tolist() == [*range(10, 22), *range(25, 29)]
    np.testing.assert_allclose(clean[10:22], 200)


@given(st.lists(st.one_of(st.just(0.0), st.floats(50, 600)), min_size=1, max_size=80))
def test_cleaning_keeps_length_and_range(values: list[float]) -> None:
    f0 = np.array(values)
    clean = smooth_runs(repair_octaves(f0))
    assert len(clean) == len(f0) and np.isfinite(clean).all()
    assert ((clean == 0) | ((clean > 24) & (clean < 1201))).all()
    np.testing.assert_array_equal(f0, np.array(values))  # the input is not touched


@pytest.mark.shared
def test_share_of_voiced_frames_on_marylux(shared_dir: Path) -> None:
    """Harvest alone says 93 % on these; the reference segments say 59 to 73."""
    shares = []
    for number in ("0141", "0215", "0296"):
        samples, rate = read_audio(shared_dir / f"marylux/wavs/marylux_lb-wiki-{number}.flac")
        samples = resample(samples, rate, SAMPLE_RATE)
        shares.append((f0_hz(samples, frames_in(len(samples))) > 0).mean())
    assert 0.55 < np.mean(shares) < 0.73
