"""Audio files in and out, and the measurements that data preparation needs.

Samples are float32 NumPy arrays `[T]`, mono, full scale ±1. libsndfile reads what it can; the program sox converts the
rest (SPHERE of 24 bits or with an odd header, WavPack, AMR, GSM). A file whose header has no length, because a program
wrote it into a pipe, is read to its end. A file whose audio is cut or not finite is an error that names it.
"""

from __future__ import annotations

import io
import math
import mmap
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import soundfile
import soxr

from moien.errors import WrongCall, WrongData

SAMPLE_RATE = 24_000  # Hz, Kokoro's rate
HOP_SAMPLES = 300  # mel, F0 and energy: 80 Hz
FRAME_SAMPLES = 600  # a duration frame: 25 ms, 40 Hz
LEVEL_FRAME_S = 0.01
LOWEST_HZ = 20  # what is slower is no sound: DC offset, its drift, rumble
KEPT = 0.8  # of the loudest channel's power: an average with less (-1 dB) has cancelled some of it
HALF_STEP = 0.6 / 32768  # below it, a 16-bit sample is zero
BLOCK = 1 << 16  # samples of each channel in memory while a file is read
UNKNOWN_BYTES = 0x7E000000  # programs that write into a pipe give 0 bytes, or this or more, as the length
UNKNOWN_SAMPLES = 2**63 - 1  # libsndfile's count for a FLAC without a length
UNREAD_BYTES = 4096  # at the end of an mp3: more than libsndfile leaves, or a tag has
NO_HEADER = "it has no header"
LOSSY = {"MP3", "OGG"}  # libsndfile's names
FORMATS = {  # ending → container and coding, libsndfile's names
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
}
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
    """The header of an audio file; audio is decoded only where the header does not know its length.

    WrongData if there is no header, if the file is empty, or if it is shorter than its header says.
    """
    opened = _open(path)
    found = _header_by_sox(path, opened) if isinstance(opened, str) else None
    if found is None:
        with _decoded(path, opened) as file:
            guessed = file.format == "MP3" or file.frames == UNKNOWN_SAMPLES
            samples = sum(len(block) for block in _blocks(file, path)) if guessed else file.frames
            found = Header(file.samplerate, file.channels, samples)
    if found.samples == 0:
        raise WrongData("the file holds no samples", where=path)
    return found


def read_audio(path: str | Path) -> tuple[np.ndarray, int]:
    """Samples (float32 `[T]`) and rate in Hz of a file in one of the formats of `EXTENSIONS`.

    Channels are averaged. Where they cancel each other, because one is inverted, late or silent, the loudest one is
    read alone.

    WrongData for a missing, empty, cut or unreadable file and for NaN or infinite samples. A cut mp3, ogg, AMR or GSM
    file and one without a length cannot be distinguished from a short one.
    """
    path = Path(path)
    with _decoded(path, _open(path)) as file:
        rate, channel = file.samplerate, _loudest_channel(file, path)
        mono = [
            block.mean(axis=1, dtype=np.float32) if channel is None else block[:, channel].copy()
            for block in _blocks(file, path)
        ]
        samples = np.concatenate([*mono, np.zeros(0, np.float32)])
        # An mp3 header estimates its length; flac and wav know it, and a decoder that gives less hit the end.
        if len(samples) < file.frames < UNKNOWN_SAMPLES and file.format not in LOSSY:
            raise WrongData(f"the audio breaks off after {len(samples)} of {file.frames} samples", where=path)
    if len(samples) == 0:
        raise WrongData("the file holds no samples", where=path)
    return samples, rate


def write_wav(path: str | Path, samples: np.ndarray, rate: int = SAMPLE_RATE) -> None:
    """Write mono 16-bit PCM; WrongData rather than wrap or cut samples that are outside ±1 or not finite."""
    if not np.isfinite(samples).all() or np.abs(samples).max(initial=0.0) > 1.0:
        raise WrongData("samples outside ±1 cannot be written as PCM", where=path)
    pcm = np.round(np.asarray(samples, np.float64) * 32767).astype(np.int16)
    wav = io.BytesIO()
    soundfile.write(wav, pcm, rate, subtype="PCM_16", format="WAV")
    Path(path).write_bytes(wav.getvalue())  # so a full disk gives an OSError with the reason


def check_format(path: Path) -> None:
    """WrongCall unless `write_audio` can write a file with this ending."""
    if path.suffix.lower() not in FORMATS:
        raise WrongCall(
            f"no audio format {path.suffix!r}", path, remedy=f"the formats are {' '.join(FORMATS)}"
        )


def write_audio(path: Path, samples: np.ndarray) -> None:
    """Write mono samples at 24 kHz in the format of the ending; WrongCall for another one."""
    check_format(path)
    if path.suffix.lower() == ".wav":
        write_wav(path, samples)
        return
    container, subtype = FORMATS[path.suffix.lower()]
    encoded = io.BytesIO()
    soundfile.write(encoded, np.clip(samples, -1, 1), SAMPLE_RATE, format=container, subtype=subtype)
    path.write_bytes(encoded.getvalue())


def resample(samples: np.ndarray, rate: int, to: int = SAMPLE_RATE) -> np.ndarray:
    """`samples` at `to` Hz (soxr, very high quality, linear phase)."""
    return samples if rate == to else soxr.resample(samples, rate, to, quality="VHQ").astype(np.float32)


def without_offset(samples: np.ndarray, rate: int) -> np.ndarray:
    """`samples` (float32 `[T]`) without DC offset, its drift and rumble; digital zeros at the ends stay zeros.

    A Butterworth high-pass of 20 Hz, run forwards and backwards so that nothing moves in time: -0.1 dB at 60 Hz.
    """
    from scipy.signal import butter, sosfiltfilt  # late: half a second

    period = rate // LOWEST_HZ
    sounding = np.flatnonzero(np.abs(samples) > HALF_STEP)
    if len(sounding) == 0 or sounding[-1] - sounding[0] <= period:  # too short to have an offset
        return samples
    part = slice(sounding[0], sounding[-1] + 1)
    found = np.zeros_like(samples)
    high_pass = butter(2, LOWEST_HZ, "highpass", fs=rate, output="sos")
    found[part] = sosfiltfilt(high_pass, samples[part], padtype="even", padlen=period)
    return found


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


class _Stream(soundfile.SoundFile):  # type: ignore[misc]
    """An audio file that is read from its start to its end.

    soundfile seeks after each block of a seekable file, which fails at the end of a FLAC without a length.
    """

    def seekable(self) -> bool:
        """False: no seeking."""
        return False


def _open(path: Path) -> _Stream | str:
    """The file, or the reason why libsndfile cannot read it; WrongData if the file is missing, empty or cut."""
    if not path.is_file():
        raise WrongData("there is no such file", where=path)
    size = path.stat().st_size
    if size == 0:
        raise WrongData("the file is empty (0 bytes)", where=path)
    with path.open("rb") as file:
        promised = _promised_bytes(file, path)
        present = size - file.tell()
        if promised and present < promised:
            raise WrongData(f"the audio breaks off: {present} of {promised} bytes", where=path)
        try:
            opened = _Stream(_with_length(file) if promised is None else str(path))
            if opened.format == "MP3":  # mapped, so that it is known how much has been read
                opened = _Stream(_Mapped(file.fileno(), 0, access=mmap.ACCESS_READ))
        except soundfile.LibsndfileError as error:
            return str(error.error_string).rstrip(".")
        except TypeError:  # soundfile does not open .raw without a format
            return NO_HEADER
    # RAW is guessed from the name's ending: an HTML page named .gsm would be audio.
    return NO_HEADER if opened.format == "RAW" else opened


def _promised_bytes(file: BinaryIO, path: Path) -> int | None:
    """Bytes of audio that a header promises; libsndfile reads a shorter file without an error.

    0 for a format where libsndfile knows better; None for a header without a length. `file` is then where the audio
    starts.
    """
    start, size = file.read(16), path.stat().st_size
    if start[:4] in (b"RIFF", b"RIFX", b"RF64") and start[8:12] == b"WAVE":
        order: Literal["big", "little"] = "big" if start[:4] == b"RIFX" else "little"
        promised = _find_chunk(file, order, b"data", path)
        if start[:4] == b"RF64" and promised == 0xFFFFFFFF:  # the length of 64 bits is in the first chunk
            audio_at = file.tell()
            file.seek(28)
            promised = int.from_bytes(file.read(8), order)
            file.seek(audio_at)
            return promised if 0 < promised < 2**63 else None
        if promised == 0 and int.from_bytes(start[4:8], order) + 8 == size:
            return 0  # empty, with other chunks behind
    elif start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"):
        promised = _find_chunk(file, "big", b"SSND", path)
        return promised if promised < UNKNOWN_BYTES else 0
    elif start[:4] == b".snd":
        file.seek(int.from_bytes(start[4:8], "big"))
        promised = int.from_bytes(start[8:12], "big")
    elif found := re.match(rb"NIST_1A\n *(\d+)\n", start):
        return _sphere_bytes(file.read(int(found[1]) - len(start)))
    else:
        return 0
    return promised if 0 < promised < UNKNOWN_BYTES else None


class _Mapped(mmap.mmap):
    """A file whose bytes can be changed for its readers only; what is not read takes no memory."""

    def seek(self, position: int, whence: int = io.SEEK_SET) -> None:
        """As in a file, beyond the end is no error."""
        start = (0, self.tell(), len(self))[whence]
        super().seek(min(start + position, len(self)))


def _with_length(file: BinaryIO) -> _Mapped:
    """A wav or au file whose header gets the length that it lacks; `file` is where the audio starts."""
    audio_at = file.tell()
    mended = _Mapped(file.fileno(), 0, access=mmap.ACCESS_COPY)
    length = min(len(mended) - audio_at, 0xFFFFFFFF)
    if mended[:4] == b".snd":
        mended[8:12] = length.to_bytes(4, "big")
        return mended
    frame_at = mended.find(b"fmt ") + 20
    if mended[frame_at : frame_at + 2] in (b"\0\1", b"\1\0") and length and not mended[-1]:
        length -= 1  # an odd number of 8-bit samples is filled up with a zero, which would be a click
    order: Literal["big", "little"] = "big" if mended[:4] == b"RIFX" else "little"
    mended[:4] = b"RIFX" if order == "big" else b"RIFF"  # not RF64, whose length is elsewhere
    mended[audio_at - 4 : audio_at] = length.to_bytes(4, order)
    return mended


def _find_chunk(file: BinaryIO, order: Literal["big", "little"], wanted: bytes, path: Path) -> int:
    """Size in bytes of a chunk of a wav or AIFF file; `file` is then at its first byte."""
    file.seek(12)
    while len(chunk := file.read(8)) == 8:
        size = int.from_bytes(chunk[4:], order)
        if chunk[:4] == wanted:
            return size
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


def _blocks(file: _Stream, path: Path) -> Iterator[np.ndarray]:
    """The audio in blocks, float32 `[at most BLOCK, C]`; WrongData for damaged audio and values that are not finite."""
    try:
        while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
            if not np.isfinite(block).all():
                raise WrongData("there are NaN or infinite samples", where=path)
            yield block
        if file.format == "MP3" and len(rest := file.name.read()) > UNREAD_BYTES and rest[0] == 0xFF:
            # A variable bit rate and no length in the header: libsndfile estimates the length and stops there.
            raise WrongData(
                f"the mp3 does not end where it should: {len(rest)} bytes are left",
                where=path,
                remedy="convert it to wav or flac with the program that made it",
            )
    except soundfile.LibsndfileError as error:
        raise WrongData(f"the audio breaks off or is damaged: {error.error_string}", where=path) from None


def _loudest_channel(file: _Stream, path: Path) -> int | None:
    """The channel to read alone; None where the average of all channels is as loud. `file` is then at its start."""
    if file.channels == 1:
        return None
    size = file.samplerate // LOWEST_HZ
    power = np.zeros((file.channels, file.channels))
    for block in _blocks(file, path):
        frames = block[: len(block) // size * size].reshape(-1, size, file.channels).astype(np.float64)
        frames -= frames.mean(axis=1, keepdims=True)  # offset is not loudness
        power += np.einsum("fsc,fsd->cd", frames, frames)
    file.seek(0)
    loudest = int(power.diagonal().argmax())
    return None if power.mean() >= KEPT * power[loudest, loudest] else loudest


@contextmanager
def _decoded(path: Path, opened: _Stream | str) -> Iterator[_Stream]:
    """The open file; where there is the reason why libsndfile cannot read it, what sox makes of it.

    WrongData if sox is not installed, cannot read the file either, or has a warning for it (cut files, guessed rates).
    """
    if isinstance(opened, _Stream):
        with opened:
            yield opened
        return
    header = _header_by_sox(path, opened)
    with _link(path) as link:
        from sox.core import sox  # late: the package starts the program when it is imported

        wav = link.with_name("converted.wav")
        wanted = ["-t", "wav", "-e", "floating-point", "-b", "32"]
        status, _, log = sox(["-D", str(link), *wanted, str(wav)])  # -D: no dither
        log = str(log).replace(str(link), path.name)
        lines = re.findall("(?:FAIL|WARN) [^:]*: (.+)", log)
        problem = lines[-1] if lines else "no reason given"
        if status:
            message = f"not readable as audio: {opened}; sox: {problem}"
            converter = "sph2pipe -f wav" if "shorten" in problem else "the program that made it"
            raise WrongData(message, where=path, remedy=f"convert it to wav or flac with {converter}")
        if lines:
            raise WrongData(f"the audio breaks off or is damaged: sox: {problem}", where=path)
        with _Stream(str(wav)) as file:
            if header and file.frames < header.samples:
                raise WrongData(
                    f"the audio breaks off after {file.frames} of {header.samples} samples", where=path
                )
            yield file


def _header_by_sox(path: Path, reason: str) -> Header | None:
    """The header of a file that libsndfile cannot read for this `reason`; None if sox finds no length either.

    WrongData if sox is not installed.
    """
    if shutil.which("sox") is None:
        message = f"not readable as audio: {reason}; sox, which reads more formats, is not installed"
        raise WrongData(message, where=path, remedy=f"make setup, or {SOX_REMEDY}")
    from sox.core import sox

    with _link(path) as link:
        _, facts, log = sox(["--i", str(link)])
    found = [
        re.search(f"{name}.*[:=] (\\d+)", str(facts)) for name in ("Sample Rate", "Channels", "Duration")
    ]
    return None if log or None in found else Header(*(int(number[1]) for number in found if number))


@contextmanager
def _link(path: Path) -> Iterator[Path]:
    """A link to a file in a folder of its own, because sox runs a name that begins with | as a command."""
    with tempfile.TemporaryDirectory(prefix="moien-sox-") as folder:
        link = Path(folder) / f"audio{path.suffix.lower()}"
        link.symlink_to(path.absolute())
        yield link
