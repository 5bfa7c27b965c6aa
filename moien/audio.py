"""Audio in and out, and the few measurements that data preparation rests on.

Samples are float32 NumPy arrays `[T]`, mono, full scale ±1. Every reader is loud: what is not whole, finite
audio is an error that names the file.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from moien.errors import WrongData

SAMPLE_RATE = 24_000  # Hz, the rate Kokoro speaks at
HOP_SAMPLES = 300  # mel, F0 and energy: 80 Hz
FRAME_SAMPLES = 600  # a duration frame: 25 ms, 40 Hz
LEVEL_FRAME_S = 0.01
STREAMED = 0xFFFFFFFF  # "length unknown": programs that write a wav into a pipe leave this in the header
LOSSY = {".mp3", ".ogg", ".opus", ".oga"}
EXTENSIONS = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".oga")


@dataclass(frozen=True)
class Header:
    """What a file says of itself: rate in Hz, channels, samples per channel."""

    rate: int
    channels: int
    samples: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.samples / self.rate


def frames_in(samples: int) -> int:
    """Duration frames of 600 samples that `samples` fill, the last one perhaps in part."""
    return -(-samples // FRAME_SAMPLES)


def pad_to_frames(samples: np.ndarray) -> np.ndarray:
    """`samples` with zeros at the end up to a whole number of duration frames."""
    return np.pad(samples, (0, frames_in(len(samples)) * FRAME_SAMPLES - len(samples)))


def read_header(path: Path) -> Header:
    """The header of an audio file; WrongData if there is none, it is empty or the file ends too early."""
    if not path.is_file():
        raise WrongData("there is no such file", where=path)
    if path.stat().st_size == 0:
        raise WrongData("the file is empty (0 bytes)", where=path)
    _refuse_cut_wav(path)
    try:
        info = soundfile.info(str(path))
    except soundfile.LibsndfileError as error:
        raise WrongData(f"not readable as audio: {error.error_string}", where=path) from None
    if info.frames == 0:
        raise WrongData("the file holds no samples", where=path)
    return Header(info.samplerate, info.channels, info.frames)


def read_audio(path: str | Path) -> tuple[np.ndarray, int]:
    """Samples (float32 `[T]`, channels averaged) and rate in Hz of a wav, flac, mp3, ogg or opus file.

    WrongData for a missing, empty, cut or unreadable file and for NaN or infinite samples. A cut mp3 or ogg
    cannot be told from a short one.
    """
    path = Path(path)
    header = read_header(path)
    try:
        samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise WrongData(f"the audio breaks off or is damaged: {error.error_string}", where=path) from None
    # An mp3 header estimates its length; flac and wav know it, and a decoder that gives less hit the end.
    if len(samples) < header.samples and path.suffix.lower() not in LOSSY:
        raise WrongData(f"the audio breaks off after {len(samples)} of {header.samples} samples", where=path)
    if not np.isfinite(samples).all():
        raise WrongData("there are NaN or infinite samples", where=path)
    return samples.mean(axis=1, dtype=np.float32), rate


def write_wav(path: str | Path, samples: np.ndarray, rate: int = SAMPLE_RATE) -> None:
    """Write mono 16-bit PCM; WrongData rather than wrap or cut samples that are outside ±1 or not finite."""
    if not np.isfinite(samples).all() or np.abs(samples).max(initial=0.0) > 1.0:
        raise WrongData("samples outside ±1 cannot be written as PCM", where=path)
    pcm = np.round(np.asarray(samples, np.float64) * 32767).astype(np.int16)
    wav = io.BytesIO()
    soundfile.write(wav, pcm, rate, subtype="PCM_16", format="WAV")
    Path(path).write_bytes(wav.getvalue())  # a full disk is then an OSError that says so


def resample(samples: np.ndarray, rate: int, to: int = SAMPLE_RATE) -> np.ndarray:
    """`samples` at `to` Hz (soxr, very high quality, linear phase)."""
    return samples if rate == to else soxr.resample(samples, rate, to, quality="VHQ").astype(np.float32)


def frame_rms(samples: np.ndarray, rate: int) -> np.ndarray:
    """RMS of each whole 10 ms frame, float64 `[T // (rate / 100)]`."""
    size = round(rate * LEVEL_FRAME_S)
    whole = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    return np.sqrt((whole**2).mean(axis=1))


def speech_level(samples: np.ndarray, rate: int = SAMPLE_RATE) -> float:
    """RMS of the louder half of the 10 ms frames: the level of speech, whatever pauses surround it."""
    rms = np.sort(frame_rms(samples, rate))
    return float(np.sqrt((rms[len(rms) // 2 :] ** 2).mean())) if len(rms) else 0.0


def clipped_share(samples: np.ndarray) -> float:
    """Share of samples in runs of three or more that stand still at the file's own peak, if that is near ±1.

    Three, because a sine just below full scale can touch its maximum twice in a row.
    """
    size = np.abs(samples)
    peak = size.max(initial=0.0)
    if peak < 0.98:
        return 0.0
    at_peak = size >= peak - 1.5 / 32768
    runs = at_peak[:-2] & at_peak[1:-1] & at_peak[2:]
    inside = np.zeros(len(samples), bool)
    for shift in range(3):
        inside[shift : shift + len(runs)] |= runs
    return float(inside.mean())


def _refuse_cut_wav(path: Path) -> None:
    """libsndfile reads a cut wav without a word, so compare the header's length with the file's."""
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] != b"RIFF" or start[8:] != b"WAVE":
            return
        end = path.stat().st_size
        while len(chunk := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", chunk)
            if name == b"data":
                if size != STREAMED and file.tell() + size > end:
                    raise WrongData(f"the audio breaks off: {end - file.tell()} of {size} bytes", where=path)
                return
            file.seek(size + size % 2, 1)
    raise WrongData("the wav file has no data chunk", where=path)
