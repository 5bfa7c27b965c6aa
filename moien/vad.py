"""Where speech begins and ends in a clip: Silero VAD (its ONNX file, without torch), refined by energy."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

import numpy as np

from moien.audio import frame_rms, resample, speech_level

VAD_RATE = 16_000
CHUNK = 512  # samples at 16 kHz: 32 ms for each probability
CONTEXT = 64  # samples of the chunk before, which the network wants in front
SPEECH = 0.5
REACH_S = 0.2  # the VAD answers up to 0.1 s late to a soft fricative, and misses a released final stop
FRAME_S = 0.01


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
    some 0.1 s after the last word. So the span begins (ends) with the first (last) 10 ms frame that stands
    out of the clip's own noise, looked for up to 0.2 s outside the VAD's span.
    """
    spoken = np.flatnonzero(speech_probabilities(resample(samples, rate, VAD_RATE)) >= SPEECH)
    if not len(spoken):
        return None
    rms = frame_rms(samples, rate)
    level = speech_level(samples, rate)
    # 10 dB above the quietest frames, but within 25 to 40 dB below speech: in a clip without a pause the
    # quietest frame is a stop closure, and in a silent studio even a breath stands 20 dB above the noise.
    threshold = np.clip(3.2 * np.quantile(rms, 0.02), 0.01 * level, 0.056 * level)
    chunk_s = CHUNK / VAD_RATE
    first = max(0, int((spoken[0] * chunk_s - REACH_S) / FRAME_S))
    last = int(((spoken[-1] + 1) * chunk_s + REACH_S) / FRAME_S)
    active = np.flatnonzero(rms[first:last] > threshold) + first
    if not len(active):
        return None
    frame = round(rate * FRAME_S)
    return int(active[0]) * frame, min(int(active[-1] + 1) * frame, len(samples))
