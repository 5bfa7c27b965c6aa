"""Start and end of speech in a recording: Silero VAD (its ONNX file, without torch), refined by energy."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

import numpy as np

from moien.audio import LEVEL_FRAME_S, frame_rms, resample, speech_level

VAD_RATE = 16_000
CHUNK = 512  # samples at 16 kHz: 32 ms for each probability
CONTEXT = 64  # samples of the previous chunk, which the network needs before each chunk
SPEECH = 0.5
VAD_LEVEL = (
    0.1  # level to which speech is scaled for the VAD: at a fifth of it, the VAD takes speech for noise
)
JOINED_S = 0.2  # the VAD is 0.1 s late at a soft fricative and misses a final stop after its closure


@functools.cache
def _session():  # type: ignore[no-untyped-def]
    import onnxruntime

    # find_spec, because importing the package would import torch: seconds in every worker process.
    spec = importlib.util.find_spec("silero_vad")
    assert spec is not None and spec.submodule_search_locations
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = Path(spec.submodule_search_locations[0]) / "data" / "silero_vad_16k_sequence.onnx"
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def speech_probabilities(samples: np.ndarray) -> np.ndarray:
    """Probability of speech for each 32 ms of 16 kHz audio, float32 `[ceil(T / 512)]`."""
    chunks = -(-len(samples) // CHUNK)
    padded = np.pad(samples, (CONTEXT, chunks * CHUNK - len(samples)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, CONTEXT + CHUNK)[::CHUNK]
    zeros = np.zeros((1, 1, 128), np.float32)
    inputs = {"input": np.ascontiguousarray(windows), "h": zeros, "c": zeros}
    return _session().run(None, inputs)[0].reshape(-1)


def speech_span(samples: np.ndarray, rate: int) -> tuple[int, int] | None:
    """First and last sample of speech (end exclusive), or None where there is none.

    The VAD knows which sound is speech, but not to the hundredth of a second, and it stays on for about 0.1 s after
    the last word. So 10 ms frames above the noise of the recording are sounds, sounds less than `JOINED_S` apart are
    joined, and speech reaches from the first to the last joined sound that overlaps with the VAD's speech. No sound is
    cut in two.
    """
    level = speech_level(samples, rate)
    if not level:
        return None
    scaled = resample(samples * np.float32(VAD_LEVEL / level), rate, VAD_RATE)
    speech = np.flatnonzero(speech_probabilities(scaled) >= SPEECH)
    rms = frame_rms(samples, rate)
    # 10 dB above the quietest frames, but 25 to 40 dB below speech: in a recording without a pause the quietest frame
    # is a stop closure, and in a silent studio even a breath is 20 dB above the noise.
    sounding = np.flatnonzero(rms > np.clip(3.2 * np.quantile(rms, 0.02), 0.01 * level, 0.056 * level))
    if not len(speech) or not len(sounding):
        return None
    chunk_frames = CHUNK / VAD_RATE / LEVEL_FRAME_S
    first, last = speech[0] * chunk_frames, (speech[-1] + 1) * chunk_frames
    sounds = np.split(sounding, np.flatnonzero(np.diff(sounding) > JOINED_S / LEVEL_FRAME_S) + 1)
    overlapping = [sound for sound in sounds if sound[-1] >= first and sound[0] <= last]
    if not overlapping:
        return None
    frame = round(rate * LEVEL_FRAME_S)
    return int(overlapping[0][0]) * frame, int(overlapping[-1][-1] + 1) * frame
