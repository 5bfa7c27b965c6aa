from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_up import recording, speech

from moien.audio import (
    EXTENSIONS,
    FRAME_SAMPLES,
    HOP_SAMPLES,
    SAMPLE_RATE,
    Header,
    clipped_share,
    frames_in,
    pad_to_frames,
    read_audio,
    read_header,
    resample,
    speech_level,
    without_offset,
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


VOICE = recording()
ROOM = 5e-4 * np.random.default_rng(9).standard_normal(len(VOICE)).astype(np.float32)
CHANNELS = {  # name: channels, what is read
    "alike": ([VOICE, VOICE], VOICE),
    "two microphones": ([VOICE, 0.9 * VOICE + ROOM], (1.9 * VOICE + ROOM) / 2),
    "one with an offset": ([VOICE, VOICE + 0.2], VOICE + 0.1),
    "inverted": ([VOICE, -VOICE], VOICE),
    "inverted and soft": ([-0.3 * VOICE, VOICE], VOICE),
    "inverted, with an offset": ([0.8 * VOICE + 0.3, -VOICE], -VOICE),
    "5 ms late": ([VOICE, 0.99 * np.roll(VOICE, 120)], VOICE),
    "silent": ([np.zeros_like(VOICE), VOICE], VOICE),
    "silent but for an offset": ([np.full_like(VOICE, 0.4), VOICE], VOICE),
    "nothing but room": ([ROOM, VOICE], VOICE),
    "one of six": ([ROOM, ROOM, VOICE, ROOM, -ROOM, ROOM], VOICE),
    "all silent": ([np.zeros_like(VOICE)] * 2, np.zeros_like(VOICE)),
}


@pytest.mark.parametrize("kind", CHANNELS)
def test_channels_are_averaged_unless_they_cancel_each_other(tmp_path, kind):
    channels, expected = CHANNELS[kind]
    soundfile.write(tmp_path / "s.wav", np.stack(channels, 1), SAMPLE_RATE, subtype="FLOAT")
    assert read_header(tmp_path / "s.wav") == Header(SAMPLE_RATE, len(channels), len(VOICE))
    assert np.abs(read_audio(tmp_path / "s.wav")[0] - expected).max() <= 1e-6


TIME = np.arange(len(VOICE)) / SAMPLE_RATE
OFFSETS = {
    "constant": 0.3 + 0 * TIME,
    "drift": 0.1 * TIME,
    "settles": 0.1 * np.exp(-TIME / 0.1),
    "sways": 0.05 * np.sin(2 * np.pi * 0.7 * TIME),
    "rumble": 0.01 * np.sin(2 * np.pi * 8 * TIME),
}


@pytest.mark.parametrize("kind", OFFSETS)
def test_an_offset_is_removed_however_it_moves(kind):
    clean = without_offset(VOICE, SAMPLE_RATE)
    found = without_offset((VOICE + OFFSETS[kind]).astype(np.float32), SAMPLE_RATE)
    assert found.dtype == np.float32
    assert np.abs(found - clean)[2400:-2400].max() < 1e-3  # the speech has 0.1
    assert np.abs(found - clean).max() < 0.01


def test_speech_stays_as_it_is_without_its_offset():
    low = sine(60)
    change = without_offset(low, SAMPLE_RATE) - low
    assert np.abs(change)[2400:-2400].max() < 0.01  # 0.1 dB, and nothing moved in time
    assert speech_level(without_offset(VOICE, SAMPLE_RATE)) == pytest.approx(speech_level(VOICE), rel=0.01)


@pytest.mark.parametrize("length", [0, 1, 1200, 1300, 24_000])
def test_digital_zeros_at_the_ends_stay_zeros(length):
    zeros, sound = np.zeros(500, np.float32), np.full(length, 0.2, np.float32)
    found = without_offset(np.concatenate([zeros, sound, zeros]), SAMPLE_RATE)
    assert not found[:500].any() and not found[500 + length :].any()
    assert length <= 1200 or np.abs(found).max() < 1e-6  # less than a period of 20 Hz has no offset


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


def with_lengths(path: Path, riff: int, data: int, order: str = "<") -> None:
    """Write other lengths into the header of a wav."""
    content = bytearray(path.read_bytes())
    struct.pack_into(f"{order}I", content, 4, riff)
    struct.pack_into(f"{order}I", content, content.index(b"data") + 4, data)
    path.write_bytes(content)


SUBTYPES = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]


@pytest.mark.parametrize(
    ("riff", "length"),
    [
        (0, 0),
        (36, 0),
        (0x7FFFF024, 0x7FFFF000),
        (0x7FFFF047, 0x7FFFEFFF),
        (0x7FFFFFFF, 0x7FFFFFFF),
        (0x80000024, 0x80000000),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0xFFFFFFFF, 0xFFFFFFD3),
        (0, 0xFFFFF000),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_a_wav_from_a_pipe_has_no_length_and_is_read(tmp_path, capfd, subtype, channels, riff, length):
    path, samples = tmp_path / "a.wav", np.stack([sine(300)[:2001]] * channels, 1)
    for order, endian in (("<", "LITTLE"), (">", "BIG")):
        soundfile.write(path, samples, SAMPLE_RATE, subtype=subtype, endian=endian)
        whole, _ = read_audio(path)
        with_lengths(path, riff, length, order)
        assert np.array_equal(read_audio(path)[0], whole)
        assert read_header(path) == Header(SAMPLE_RATE, channels, 2001)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("length", [0, 2**64 - 1])
def test_an_rf64_from_a_pipe_has_no_length_and_is_read(tmp_path, length):
    path = tmp_path / "a.wav"
    soundfile.write(path, sine(300), SAMPLE_RATE, format="RF64", subtype="PCM_16")
    whole, content = read_audio(path)[0], bytearray(path.read_bytes())
    struct.pack_into("<QQQ", content, 20, length, length, length)  # in the chunk ds64
    path.write_bytes(content)
    with_lengths(path, 0xFFFFFFFF, 0xFFFFFFFF)
    assert np.array_equal(read_audio(path)[0], whole)
    assert read_header(path).samples == SAMPLE_RATE


@pytest.mark.parametrize("length", [0, 0x7F000008, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
@pytest.mark.parametrize(("name", "at", "total_at"), [("a.au", 8, 8), ("a.aiff", b"SSND", 4)])
def test_au_and_aiff_from_a_pipe_have_no_length_and_are_read(tmp_path, name, at, total_at, length):
    path = tmp_path / name
    soundfile.write(path, sine(300), SAMPLE_RATE, subtype="PCM_16")
    whole, content = read_audio(path)[0], bytearray(path.read_bytes())
    for place in (total_at, content.index(at) + 4 if isinstance(at, bytes) else at):
        struct.pack_into(">I", content, place, length)
    path.write_bytes(content)
    assert np.array_equal(read_audio(path)[0], whole)
    assert read_header(path).samples == SAMPLE_RATE


def streamed_flac(path: Path, samples: np.ndarray) -> None:
    """A FLAC whose header does not have the number of samples, as from a pipe."""
    soundfile.write(path, samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)


@pytest.mark.parametrize("seconds", [0.1, 7.3])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_flac_from_a_pipe_has_no_length_and_is_read(tmp_path, channels, seconds):
    samples = np.stack([speech(seconds)] * channels, 1)
    streamed_flac(tmp_path / "a.flac", samples)
    assert np.abs(read_audio(tmp_path / "a.flac")[0] - samples[:, 0]).max() <= 2**-15
    assert read_header(tmp_path / "a.flac") == Header(SAMPLE_RATE, channels, len(samples))
    (tmp_path / "a.flac").write_bytes((tmp_path / "a.flac").read_bytes()[:-500])
    with pytest.raises(WrongData, match="breaks off"):
        read_audio(tmp_path / "a.flac")


def without_tag(path: Path) -> None:
    """Remove the first frame of an mp3, which has its length, as in one from a pipe."""
    content = path.read_bytes()
    assert b"Xing" in content[:100] or b"Info" in content[:100]
    path.write_bytes(content[content.index(content[:2], 100) :])


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_an_mp3_from_a_pipe_is_read_or_refused_but_never_in_part(tmp_path, mode):
    noise = 0.2 * np.random.default_rng(0).standard_normal(SAMPLE_RATE)
    for name, samples in (
        ("falling", np.concatenate([noise, VOICE, np.zeros(5 * SAMPLE_RATE)])),  # guessed too short
        ("rising", np.concatenate([np.zeros(5 * SAMPLE_RATE), VOICE, noise])),  # guessed too long
    ):
        path = tmp_path / f"{name}.mp3"
        soundfile.write(path, samples, SAMPLE_RATE, format="MP3", bitrate_mode=mode, compression_level=0.5)
        assert len(read_audio(path)[0]) == pytest.approx(len(samples), abs=3000)
        without_tag(path)
        if (mode, name) == ("VARIABLE", "falling"):
            with pytest.raises(WrongData, match=r"does not end where it should(.|\n)*convert it to wav"):
                read_audio(path)
        else:
            assert len(read_audio(path)[0]) == pytest.approx(len(samples), abs=3000)
            assert read_header(path).samples == len(read_audio(path)[0])


@needs_sox
@pytest.mark.parametrize(
    "options", ["-b 8", "-b 16", "-b 24", "-e float -b 32", "-e mu-law", "-c 2", "-c 2 -b 24"]
)
@pytest.mark.parametrize("kind", ["wav", "au", "aiff", "sph", "flac", "wv"])
def test_what_sox_writes_into_a_pipe_is_read(tmp_path, kind, options):
    write_wav(tmp_path / "source.wav", VOICE)
    source = ["sox", "-D", "-t", "wav", "--ignore-length", "-"]
    options = options.replace("-b 8", "-b 8 -e unsigned" if kind == "wav" else "-b 8")
    made = subprocess.run(
        [*source, *options.split(), "-t", kind, "-"],
        input=(tmp_path / "source.wav").read_bytes(),
        capture_output=True,
    )
    if not made.stdout:
        pytest.skip(f"sox does not write {kind} with {options}")
    (tmp_path / f"a.{kind}").write_bytes(made.stdout)
    back, rate = read_audio(tmp_path / f"a.{kind}")
    assert (len(back), rate) == (len(VOICE), SAMPLE_RATE)
    assert np.abs(back - VOICE).max() < (0.02 if "-b 8" in options or "law" in options else 1e-4)
    assert read_header(tmp_path / f"a.{kind}").samples == len(back)


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
        ("a.wav", "WAV", "PCM_24"),
        ("a.wav", "RF64", "PCM_16"),
        ("a.wav", "WAV", "FLOAT"),
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
    whole = path.read_bytes()
    for missing in (1, 2000):
        path.write_bytes(whole[:-missing])
        with pytest.raises(WrongData, match="breaks off"):
            read_audio(path)


def test_a_cut_big_endian_wav_is_noticed(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, recording(), SAMPLE_RATE, subtype="PCM_16", endian="BIG")
    path.write_bytes(path.read_bytes()[:-1])
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
