from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_up import recording

from moien.audio import (
    EXTENSIONS,
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

needs_sox = pytest.mark.skipif(shutil.which("sox") is None, reason="the program sox is not installed")


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


FORMATS = [  # name, libsndfile's format and subtype, largest error of a sample (None: a lossy codec)
    ("a.wav", "WAV", "PCM_16", 2**-15),
    ("a.wav", "WAV", "PCM_24", 2**-23),
    ("a.wav", "WAV", "FLOAT", 0),
    ("a.wav", "WAV", "DOUBLE", 0),
    ("a.wav", "WAV", "ALAW", 2**-6),
    ("a.wav", "WAV", "ULAW", 2**-6),
    ("a.flac", "FLAC", "PCM_16", 2**-15),
    ("a.aif", "AIFF", "PCM_16", 2**-15),
    ("a.aiff", "AIFF", "PCM_24", 2**-23),
    ("a.aifc", "AIFF", "FLOAT", 0),
    ("a.au", "AU", "ULAW", 2**-6),
    ("a.sph", "NIST", "PCM_16", 2**-15),
    ("a.nist", "NIST", "ULAW", 2**-6),
    ("a.wv1", "NIST", "PCM_16", 2**-15),
    ("a.mp3", "MP3", None, None),
    ("a.ogg", "OGG", "VORBIS", None),
    ("a.oga", "OGG", "VORBIS", None),
    ("a.opus", "OGG", "OPUS", None),
]
SOX_FORMATS = [  # name, options of sox, rate of the codec, largest error of a sample
    ("a.sph", "-b 24", SAMPLE_RATE, 2**-23),
    ("a.sph", "-b 32 -L", SAMPLE_RATE, 2**-23),
    ("a.wv", "-b 24", SAMPLE_RATE, 2**-23),
    ("a.amr", "-t amr-nb", 8000, None),
    ("a.gsm", "-t gsm", 8000, None),
]


@pytest.mark.parametrize(("name", "kind", "subtype", "error"), FORMATS)
def test_formats(tmp_path, name, kind, subtype, error):
    samples = recording()
    soundfile.write(tmp_path / name, samples, SAMPLE_RATE, format=kind, subtype=subtype)
    back, rate = read_audio(tmp_path / name)
    assert rate == SAMPLE_RATE and read_header(tmp_path / name).samples == len(back)
    assert speech_level(back, rate) == pytest.approx(speech_level(samples), rel=0.1)
    if error is not None:
        assert len(back) == len(samples) and np.abs(back - samples).max() <= error


@needs_sox
@pytest.mark.parametrize(("name", "options", "rate", "error"), SOX_FORMATS)
def test_what_libsndfile_cannot_read_is_converted_by_sox(tmp_path, name, options, rate, error):
    samples, path = recording(), tmp_path / name
    soundfile.write(tmp_path / "source.wav", samples, SAMPLE_RATE, subtype="FLOAT")
    call = ["sox", "-D", tmp_path / "source.wav", "-r", str(rate), *options.split(), path]
    subprocess.run(call, check=True, capture_output=True)
    back, found = read_audio(path)
    assert found == rate and read_header(path).samples == len(back)
    assert speech_level(back, rate) == pytest.approx(speech_level(samples), rel=0.2)
    assert len(back) / rate == pytest.approx(len(samples) / SAMPLE_RATE, abs=0.02)
    if error is not None:
        assert np.abs(back - samples).max() <= error


def test_every_format_that_a_corpus_may_have_is_tested():
    assert {Path(row[0]).suffix for row in (*FORMATS, *SOX_FORMATS)} == set(EXTENSIONS)


def sphere(path: Path, fields: str, audio: bytes) -> Path:
    """A SPHERE file with these fields, one for each comma."""
    header = "\n".join(["NIST_1A", "   1024", *fields.split(", "), "end_head", ""])
    path.write_bytes(header.encode().ljust(1024) + audio)
    return path


@needs_sox
@pytest.mark.parametrize(
    "fields",
    [
        "sample_count -i 24000, sample_n_bytes -i 2, channel_count -i 1, sample_byte_format -s2 01, "
        "sample_rate -r 24000.0, sample_coding -s3 pcm",
        "sample_count -i 24000, sample_n_bytes -i 2, channel_count -i 1, sample_byte_format -s2 01, "
        "sample_rate -i 24000, sample_coding -s3 PCM",
        "sample_count -i 24000, sample_n_bytes -i 2, sample_byte_format -s2 01, sample_rate -i 24000",
    ],
)
def test_odd_sphere_headers_are_read(tmp_path, fields):
    samples = sine(440)
    path = sphere(tmp_path / "a.sph", fields, np.round(samples * 32768).astype("<i2").tobytes())
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.info(str(path))
    back, rate = read_audio(path)
    assert rate == SAMPLE_RATE and np.abs(back - samples).max() <= 2**-16


@needs_sox
def test_compressed_sphere_names_the_program_that_reads_it(tmp_path):
    fields = (
        "sample_count -i 24000, sample_n_bytes -i 2, channel_count -i 1, sample_byte_format -s2 01, "
        "sample_rate -i 24000, sample_coding -s26 pcm,embedded-shorten-v2.00"
    )
    path = sphere(tmp_path / "a.wv1", fields, b"ajkg" + bytes(999))
    with pytest.raises(
        WrongData, match=r"a\.wv1: not readable as audio: (.|\n)*shorten(.|\n)*sph2pipe -f wav"
    ):
        read_audio(path)


@needs_sox
@pytest.mark.parametrize("extension", [*EXTENSIONS, ".raw", ".vox", ".unknown"])
def test_a_web_page_is_no_audio_whatever_its_name(tmp_path, extension):
    path = tmp_path / f"a{extension}"
    path.write_text("<html><body>404 not found</body></html>\n" * 30)
    for read in (read_audio, read_header):
        with pytest.raises(WrongData) as error:
            read(path)
        assert str(error.value).startswith(f"{path}: ") and "moien-sox" not in str(error.value)


@needs_sox
def test_no_name_is_a_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("| touch stolen.sph")
    sphere(
        path,
        "sample_count -i 24000, sample_n_bytes -i 3, channel_count -i 1, sample_rate -i 24000",
        bytes(72_000),
    )
    assert len(read_audio(path)[0]) == 24_000
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_without_sox_the_error_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "a.amr"
    path.write_bytes(b"#!AMR\n" + bytes(320))
    with pytest.raises(WrongData, match=r"a\.amr: (.|\n)*sox(.|\n)*apt-get install sox libsox-fmt-all"):
        read_audio(path)


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


@pytest.mark.parametrize("riff", [0, 0x7FFFF024, 0xFFFFFFFF])
@pytest.mark.parametrize("length", [pytest.param(0, marks=needs_sox), 0x7FFFF000, 0x80000000, 0xFFFFFFFF])
def test_a_wav_from_a_pipe_has_no_length_and_is_read(tmp_path, riff, length):
    path = tmp_path / "a.wav"
    write_wav(path, sine(300))
    whole, _ = read_audio(path)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 4, riff)
    struct.pack_into("<I", data, data.index(b"data") + 4, length)
    path.write_bytes(data)
    assert np.array_equal(read_audio(path)[0], whole)
    assert read_header(path).samples == SAMPLE_RATE


def test_an_empty_wav_with_notes_behind_it_holds_no_samples(tmp_path):
    path = tmp_path / "a.wav"
    write_wav(path, np.zeros(0, np.float32))
    data = bytearray(path.read_bytes() + b"LIST" + struct.pack("<I", 400) + bytes(400))
    struct.pack_into("<I", data, 4, len(data) - 8)
    path.write_bytes(data)
    with pytest.raises(WrongData, match="no samples"):
        read_audio(path)


def test_every_cut_of_a_wav_is_noticed(tmp_path):
    path = tmp_path / "a.wav"
    write_wav(path, sine(300, seconds=0.02))
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(WrongData) as error:
            read_audio(path)
        assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("name", "kind", "subtype"),
    [
        ("a.flac", "FLAC", "PCM_16"),
        ("a.aiff", "AIFF", "PCM_24"),
        ("a.aifc", "AIFF", "FLOAT"),
        ("a.au", "AU", "PCM_16"),
        ("a.sph", "NIST", "PCM_16"),
    ],
)
def test_a_cut_file_is_noticed(tmp_path, name, kind, subtype):
    path = tmp_path / name
    soundfile.write(path, recording(), SAMPLE_RATE, format=kind, subtype=subtype)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(WrongData, match="breaks off"):
        read_audio(path)


@needs_sox
@pytest.mark.parametrize("name", ["a.sph", "a.wv", "a.amr"])
def test_a_cut_file_is_noticed_when_sox_reads_it(tmp_path, name):
    path = tmp_path / name
    write_wav(tmp_path / "source.wav", recording())
    options = ["-t", "amr-nb", "-r", "8000"] if name == "a.amr" else ["-b", "24"]
    subprocess.run(["sox", tmp_path / "source.wav", *options, path], check=True)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(WrongData, match=rf"{name}: the audio breaks off"):
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
