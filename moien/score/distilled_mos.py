"""DistillMOS (Stahl and Gamper 2025, distilled from XLS-R; package `distillmos`, weights inside the wheel).

Unit: predicted mean opinion score, 1..5. Direction: higher is better. Domain: 16 kHz speech; of the predictors
that work offline it follows the blur and the tones of a badly trained decoder best. Normalises by the peak itself,
so gain does not count. Zero-pads to 7.7 s.
"""

from __future__ import annotations

import contextlib
import io
from functools import lru_cache
from typing import Any

from moien.score.clip import Pair
from moien.score.metric import Metric


@lru_cache(maxsize=1)
def _model() -> Any:
    import distillmos

    with contextlib.redirect_stdout(io.StringIO()):  # it prints where its weights lie
        return distillmos.ConvTransformerSQAModel().eval()


def distillmos(pair: Pair) -> float:
    """DistillMOS of the spoken clip."""
    import torch

    with torch.inference_mode():
        return float(_model()(torch.from_numpy(pair.spoken.at_16k)[None]))


METRIC = Metric("distillmos", "opinion", "DistillMOS", "MOS 1–5", "high", 2,
                "predicted opinion; hears blur and tones", distillmos)  # fmt: skip
