"""PLCMOS v2 (Diener et al. 2023, "PLCMOS – a data-driven non-intrusive metric for the evaluation of packet loss
concealment algorithms"; package `speechmos`, MIT, weights inside the wheel).

Unit: predicted mean opinion score, 1..5. Direction: higher is better. Domain: speech at 16 kHz whose lost packets were
concealed, so it was trained on gaps and on what networks fill them with. Depends on level, hence the common loudness of
`Clip`. The model asks for a rater: as in the package, the mean over 15 random ones is taken, here always the same.

A held-out judge: nothing may be chosen, fitted or trained by it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from moien.score.metric import Metric
from moien.score.pair import Pair


@lru_cache(maxsize=1)
def _model() -> Any:
    import onnxruntime
    from speechmos.plcmos import PLCMOS

    model = PLCMOS()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the default takes every core, and sentences are parallel already
    model.session = onnxruntime.InferenceSession(model.model_path, options)
    return model


@lru_cache(maxsize=1)
def raters() -> np.ndarray:
    """Embeddings of raters, float32 `[15, 64]`: what the package draws after `np.random.seed(0)`."""
    return np.random.RandomState(0).normal(size=(15, 64)).astype(np.float32)


def plcmos(pair: Pair) -> float:
    """PLCMOS of the spoken clip."""
    model = _model()
    spectrum = model.stft_transform(pair.spoken.at_16k).astype(np.float32)[None, None]
    inputs = ({"degraded_audio": spectrum, "rater_embed": rater[None]} for rater in raters())
    return float(np.mean([model.session.run(None, each)[0] for each in inputs]))


METRIC = Metric(
    name="plcmos",
    group="opinion",
    label="PLCMOS",
    unit="MOS 1–5",
    best="high",
    digits=2,
    meaning="predicted opinion; sensitive to gaps and to what networks fill them with",
    compute=plcmos,
    held_out=True,
    versa="plcmos",
)
