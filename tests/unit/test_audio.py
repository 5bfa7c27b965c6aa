from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_up import recording

from moien.audio import (
    FRAME_SAMPLES,
    HOP_SAMPLES,
    SAMPLE_RATE,
    clipped_share,
    frames_in,
    pad_to_frames,
    read_audio,
    read_header,
    resample,
    speech_level,
    write_wav,
)
from moien.errors import WrongData


def sine(hz: float, amplitude: float = 0.5, seconds: float = 1.0, rate: int = SAMPLE_RATE) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def test_the_numbers_of_kokoro():
    assert (SAMPLE_RATE, HOP_SAMPLES, FRAME_SAMPLES) == (24_000, 300, 600)
    assert [frames_in(n) for n in (0, 1, 600, 601)] == [0, 1, 1, 2]
    assert len(pad_to_frames(np.ones(601, np.float32))) == 1200
    assert len(pad_to_frames(np.ones(600, np.float32))) == 600


def test_a_wav_comes_back_within_half_a_step(tmp_path):
    samples = sine(440)
    write_wav(tmp_path / "a.wav", samples)
    back, rate = read_audio(tmp_path / "a.wav")
    assert rate == SAMPLE_RATE and back.dtype == np.float32
    # written on a grid of 1/32767, read as k/32768
    assert np.abs(back * 32768 / 32767 - samples).max() <= 0.51 / 32767


@pytest.mark.parametrize("wrong", [np.array([0.0, 1.2]), np.array([0.0, np.nan]), np.array([-np.inf])])
def test_what_pcm_cannot_hold_is_not_written(tmp_path, wrong):
    with pytest.raises(WrongData, match="outside ±1"):
        write_wav(tmp_path / "a.wav", wrong)
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_says_so():
    with pytest.raises(OSError, match="No space left on device"):
        write_wav("/dev/full", sine(440))


@pytest.mark.parametrize(
    ("name", "subtype"),
    [("a.flac", "PCM_16"), ("a.mp3", None), ("a.ogg", "VORBIS"), ("a.opus", "OPUS"), ("a.wav", "FLOAT")],
)
def test_formats(tmp_path, name, subtype):
    samples = recording()
    kind = {"opus": "OGG"}.get(name[2:], name[2:].upper())
    soundfile.write(tmp_path / name, samples, SAMPLE_RATE, format=kind, subtype=subtype)
    back, rate = read_audio(tmp_path / name)
    assert speech_level(back, rate) == pytest.approx(speech_level(samples), rel=0.1)


def test_stereo_is_averaged_and_the_header_tells(tmp_path):
    left, right = sine(200), np.zeros(SAMPLE_RATE, np.float32)
    soundfile.write(tmp_path / "s.wav", np.stack([left, right], 1), SAMPLE_RATE, subtype="FLOAT")
    assert read_header(tmp_path / "s.wav").channels == 2
    assert read_header(tmp_path / "s.wav").seconds == 1.0
    assert np.allclose(read_audio(tmp_path / "s.wav")[0], left / 2, atol=1e-6)


def test_resampling_keeps_a_tone_where_it_is():
    low = sine(1000, rate=22_050)
    high = resample(low, 22_050)
    assert len(high) == pytest.approx(SAMPLE_RATE, abs=2)
    middle = slice(2000, -2000)
    assert np.abs(high[: len(sine(1000))] - sine(1000)[: len(high)])[middle].max() < 1e-3
    assert resample(high, SAMPLE_RATE) is high


def test_level_is_that_of_the_louder_half_of_the_frames():
    tone = sine(500, 0.4)
    assert speech_level(tone) == pytest.approx(0.4 / np.sqrt(2), rel=1e-3)
    with_pause = np.concatenate([tone, np.zeros(len(tone) - 240, np.float32)])
    assert speech_level(with_pause) == pytest.approx(0.4 / np.sqrt(2), rel=0.01)
    assert speech_level(np.zeros(10, np.float32)) == 0.0


def test_clipping_is_seen_and_loudness_is_not_taken_for_it():
    assert clipped_share(sine(220, 0.999)) < 1e-3
    assert clipped_share(np.clip(2 * sine(220, 0.999), -1, 1)) > 0.3
    assert (
        clipped_share(np.clip(2 * sine(220, 0.5), -0.5, 0.5)) == 0.0
    )  # a square wave, but not at full scale
    assert clipped_share(np.zeros(0, np.float32)) == 0.0


def test_a_streamed_wav_without_a_length_is_read(tmp_path):
    path = tmp_path / "a.wav"
    write_wav(path, sine(300))
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert len(read_audio(path)[0]) == SAMPLE_RATE


def test_every_cut_of_a_wav_is_noticed(tmp_path):
    path = tmp_path / "a.wav"
    write_wav(path, sine(300, seconds=0.02))
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(WrongData) as error:
            read_audio(path)
        assert str(path) in str(error.value)


def test_a_cut_flac_is_noticed(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, recording(), SAMPLE_RATE)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(WrongData, match="breaks off"):
        read_audio(path)


def test_nan_and_text_are_no_audio(tmp_path):
    soundfile.write(tmp_path / "n.wav", np.array([0.0, np.nan, 0.1]), SAMPLE_RATE, subtype="FLOAT")
    with pytest.raises(WrongData, match="NaN"):
        read_audio(tmp_path / "n.wav")
    (tmp_path / "t.mp3").write_text("not found")
    with pytest.raises(WrongData, match="not readable as audio"):
        read_audio(tmp_path / "t.mp3")
    with pytest.raises(WrongData, match="no such file"):
        read_audio(tmp_path / "none.wav")
