"""Sounds and pictures as `data:` URIs, so that the page is one file."""

from __future__ import annotations

import base64
import io

import numpy as np
import soundfile

from moien.audio import SAMPLE_RATE

WINDOW_SAMPLES = 1024  # 43 ms: harmonics of a low voice stand apart
HOP_SAMPLES = 240  # 10 ms a column
HEIGHT = 171  # pixel rows of 70 Hz each, 0 to 12 kHz
RANGE_DB = 75.0  # below the loudest point of the clip lies black


def audio_uri(samples: np.ndarray, compression: float) -> str:
    """Samples at 24 kHz as an mp3, which every browser plays (Safari plays Opus in Ogg only in recent versions).

    Args:
        samples: float `[N]` within ±1.
        compression: of the variable bit rate: 0.4 is about 60 kbit/s, 0.8 about 36, 0.99 about 26.
    """
    buffer = io.BytesIO()
    rate = {"bitrate_mode": "VARIABLE", "compression_level": compression}
    soundfile.write(buffer, samples, SAMPLE_RATE, format="MP3", subtype="MPEG_LAYER_III", **rate)
    return "data:audio/mpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def spectrogram(samples: np.ndarray) -> np.ndarray:
    """Log-power spectrogram in dB, `[171, columns]`, high frequencies on top, 0 dB a full-scale sine."""
    padded = np.pad(samples, (WINDOW_SAMPLES // 2, WINDOW_SAMPLES // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
    window = np.hanning(WINDOW_SAMPLES).astype(np.float32)
    power = (np.abs(np.fft.rfft(frames * window)) * 2 / window.sum()) ** 2
    bands = power[:, : HEIGHT * 3].reshape(len(power), HEIGHT, 3)
    rows = bands.max(axis=2)  # not the mean: a steady tone stays visible
    return 10 * np.log10(rows.T[::-1] + 1e-12)


def spectrogram_uri(samples: np.ndarray) -> str:
    """The spectrogram as a WebP picture, 10 ms a pixel, black to white over 75 dB in matplotlib's magma."""
    import matplotlib
    from PIL import Image

    loudness = spectrogram(samples)
    scaled = np.clip((loudness - loudness.max() + RANGE_DB) / RANGE_DB, 0, 1)
    pixels = matplotlib.colormaps["magma"](scaled, bytes=True)[..., :3]
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=60, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
