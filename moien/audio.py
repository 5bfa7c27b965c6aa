"""Audio files in and out, and the measurements that data preparation needs.

Samples are float32 NumPy arrays `[T]`, mono, full scale ±1. libsndfile reads what it can; the program sox converts the
rest (SPHERE of 24 bits or with an odd header, WavPack, AMR, GSM, wavs whose header has no length). A file whose audio
is cut or not finite is an error that names it.
"""

from __future__ import annotations

import io
import math
import re
import shutil
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr

from moien.errors import WrongData

SAMPLE_RATE = 24_000  # Hz, Kokoro's rate
HOP_SAMPLES = 300  # mel, F0 and energy: 80 Hz
FRAME_SAMPLES = 600  # a duration frame: 25 ms, 40 Hz
LEVEL_FRAME_S = 0.01
UNKNOWN_BYTES = 0x7F000000  # programs that write into a pipe put this length or more into the header
NO_HEADER, NO_LENGTH = "it has no header", "its header has no length"
LOSSY = {".mp3", ".ogg", ".opus", ".oga"}
EXTENSIONS = tuple(
    f".{name}" for name in "wav flac mp3 ogg opus oga aif aiff aifc au sph nist wv1 wv amr gsm".split()
)
SOX_REMEDY = "apt-get install sox libsox-fmt-all"


@dataclass(frozen=True)
class Header:
    """Format of an audio file: rate in Hz, channels, samples per channel."""

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
    """The header of an audio file; WrongData if there is none, if the file is empty or if it ends too early."""
    found = _read_with_libsndfile(path)
    if isinstance(found, str):
        samples, rate = _convert_with_sox(path, found)
        found = Header(rate, samples.shape[1], len(samples))
    if found.samples == 0:
        raise WrongData("the file holds no samples", where=path)
    return found


def read_audio(path: str | Path) -> tuple[np.ndarray, int]:
    """Samples (float32 `[T]`, channels averaged) and rate in Hz of a file in one of the formats of `EXTENSIONS`.

    WrongData for a missing, empty, cut or unreadable file and for NaN or infinite samples. A cut mp3, ogg, AMR or GSM
    file cannot be distinguished from a short one.
    """
    path = Path(path)
    header = _read_with_libsndfile(path)
    if isinstance(header, str):
        samples, rate = _convert_with_sox(path, header)
    else:
        try:
            samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise WrongData(f"the audio breaks off or is damaged: {error.error_string}", where=path) from None
        # An mp3 header estimates its length; flac and wav know it, and a decoder that gives less hit the end.
        if len(samples) < header.samples and path.suffix.lower() not in LOSSY:
            raise WrongData(
                f"the audio breaks off after {len(samples)} of {header.samples} samples", where=path
            )
    if len(samples) == 0:
        raise WrongData("the file holds no samples", where=path)
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
    Path(path).write_bytes(wav.getvalue())  # so a full disk gives an OSError with the reason


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
    """Share of samples in runs of three or more that stay at the file's own peak, if that is near ±1.

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


def _read_with_libsndfile(path: Path) -> Header | str:
    """The header, or the reason why libsndfile cannot read the file; WrongData if the file is missing, empty or cut."""
    if not path.is_file():
        raise WrongData("there is no such file", where=path)
    size = path.stat().st_size
    if size == 0:
        raise WrongData("the file is empty (0 bytes)", where=path)
    with path.open("rb") as file:
        start = file.read(8)
        file.seek(0)
        _refuse_cut(file, path)
    try:
        info = soundfile.info(str(path))
    except soundfile.LibsndfileError as error:
        return str(error.error_string).rstrip(".")
    except TypeError:  # soundfile does not open .raw without a format
        return NO_HEADER
    if info.format == "RAW":  # guessed from the name's ending: an HTML page named .gsm would be audio
        return NO_HEADER
    if info.frames == 0 and start[:4] == b"RIFF" and int.from_bytes(start[4:], "little") + 8 != size:
        return NO_LENGTH
    return Header(info.samplerate, info.channels, info.frames)


def _refuse_cut(file: BinaryIO, path: Path) -> None:
    """WrongData if a file is shorter than its header promises: libsndfile reads such a file without an error."""
    start = file.read(16)
    promised = 0  # not known
    if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
        promised = _find_chunk(file, "<4sI", b"data", path)
    elif start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"):
        promised = _find_chunk(file, ">4sI", b"SSND", path)
    elif start[:4] == b".snd":
        file.seek(int.from_bytes(start[4:8], "big"))
        promised = int.from_bytes(start[8:12], "big")
    elif found := re.match(rb"NIST_1A\n *(\d+)\n", start):
        promised = _sphere_bytes(file.read(int(found[1]) - len(start)))
    present = path.stat().st_size - file.tell()
    if present < promised < UNKNOWN_BYTES:
        raise WrongData(f"the audio breaks off: {present} of {promised} bytes", where=path)


def _find_chunk(file: BinaryIO, header: str, wanted: bytes, path: Path) -> int:
    """Size in bytes of a chunk of a wav or AIFF file; `file` is then at its first byte."""
    file.seek(12)
    while len(chunk := file.read(8)) == 8:
        name, size = struct.unpack(header, chunk)
        if name == wanted:
            return int(size)
        file.seek(size + size % 2, io.SEEK_CUR)
    raise WrongData(f"the file has no {wanted.decode()} chunk", where=path)


def _sphere_bytes(header: bytes) -> int:
    """Bytes of audio that a SPHERE header promises; 0 if it does not contain the number or the audio is compressed."""
    if b",embedded-" in header:
        return 0
    fields = dict(re.findall(rb"^(\w+) -i (\d+)", header, re.MULTILINE))
    return math.prod(
        int(fields.get(name, 0)) for name in (b"sample_count", b"sample_n_bytes", b"channel_count")
    )


def _convert_with_sox(path: Path, reason: str) -> tuple[np.ndarray, int]:
    """Samples (float32 `[T, C]`) and rate of a file that libsndfile cannot read for this `reason`.

    WrongData if sox is not installed, cannot read the file either, or has a warning for it (cut files, guessed rates).
    """
    if shutil.which("sox") is None:
        message = f"not readable as audio: {reason}; sox, which reads more formats, is not installed"
        raise WrongData(message, where=path, remedy=f"make setup, or {SOX_REMEDY}")
    from sox.core import sox  # late: the package starts the program when it is imported

    with tempfile.TemporaryDirectory(prefix="moien-sox-") as folder:
        # A link, because sox runs a name that begins with | as a command.
        link, wav = Path(folder) / f"audio{path.suffix.lower()}", Path(folder) / "converted.wav"
        link.symlink_to(path.absolute())
        length = ["--ignore-length"] if reason == NO_LENGTH else []
        wanted = ["-t", "wav", "-e", "floating-point", "-b", "32"]
        status, _, log = sox(["-D", *length, str(link), *wanted, str(wav)])  # -D: no dither
        log = str(log).replace(str(link), path.name)
        lines = re.findall("(?:FAIL|WARN) [^:]*: (.+)", log)
        problem = lines[-1] if lines else "no reason given"
        if status:
            message = f"not readable as audio: {reason}; sox: {problem}"
            converter = "sph2pipe -f wav" if "shorten" in problem else "the program that made it"
            raise WrongData(message, where=path, remedy=f"convert it to wav or flac with {converter}")
        if lines:
            raise WrongData(f"the audio breaks off or is damaged: sox: {problem}", where=path)
        samples, rate = soundfile.read(str(wav), dtype="float32", always_2d=True)
        _, promised, _ = sox(["--i", "-s", str(link)])
        if len(samples) < int(str(promised)) and not length:
            raise WrongData(
                f"the audio breaks off after {len(samples)} of {int(str(promised))} samples", where=path
            )
    return samples, rate
