"""Where speech begins and ends in a clip: Silero VAD (its ONNX file, without torch), refined by energy."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

import numpy as np

from moien.audio import LEVEL_FRAME_S, frame_rms, resample, speech_level

VAD_RATE = 16_000
CHUNK = 512  # samples at 16 kHz: 32 ms for each probability
CONTEXT = 64  # samples of the chunk before, which the network wants in front
SPEECH = 0.5
VAD_LEVEL = 0.1  # speech level that the VAD hears: at a fifth of it, it takes speech for noise
JOINED_S = 0.2  # the VAD answers 0.1 s late to a soft fricative, and misses a final stop after its closure


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

    The VAD says which sound is speech; it does not say it to the hundredth of a second, and it stays on for
    some 0.1 s after the last word. So sounds (10 ms frames that stand out of the clip's own noise) less than
    `JOINED_S` apart are taken as one, and speech reaches from the first to the last of these that the VAD
    touches: no sound is ever cut through.
    """
    level = speech_level(samples, rate)
    if not level:
        return None
    heard = resample(samples * np.float32(VAD_LEVEL / level), rate, VAD_RATE)
    spoken = np.flatnonzero(speech_probabilities(heard) >= SPEECH)
    rms = frame_rms(samples, rate)
    # 10 dB above the quietest frames, but within 25 to 40 dB below speech: in a clip without a pause the
    # quietest frame is a stop closure, and in a silent studio even a breath stands 20 dB above the noise.
    sounding = np.flatnonzero(rms > np.clip(3.2 * np.quantile(rms, 0.02), 0.01 * level, 0.056 * level))
    if not len(spoken) or not len(sounding):
        return None
    chunk_frames = CHUNK / VAD_RATE / LEVEL_FRAME_S
    first, last = spoken[0] * chunk_frames, (spoken[-1] + 1) * chunk_frames
    sounds = np.split(sounding, np.flatnonzero(np.diff(sounding) > JOINED_S / LEVEL_FRAME_S) + 1)
    touched = [sound for sound in sounds if sound[-1] >= first and sound[0] <= last]
    if not touched:
        return None
    frame = round(rate * LEVEL_FRAME_S)
    return int(touched[0][0]) * frame, int(touched[-1][-1] + 1) * frame
