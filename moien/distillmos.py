"""DistillMOS (Stahl and Gamper 2025, distilled from XLS-R; package `distillmos`, weights inside the wheel)."""

from __future__ import annotations

import contextlib
import io
from functools import lru_cache
from typing import Any

import numpy as np

RATE = 16_000  # Hz


@lru_cache(maxsize=1)
def _model(device: str) -> Any:
    import distillmos

    with contextlib.redirect_stdout(io.StringIO()):  # it prints where its weights lie
        return distillmos.ConvTransformerSQAModel().eval().to(device)


def distillmos_of(samples: np.ndarray, device: str = "cpu") -> float:
    """Predicted mean opinion score, 1..5, of samples `[N]` at 16 kHz."""
    import torch

    with torch.inference_mode():
        return float(_model(device)(torch.from_numpy(samples)[None].to(device)))
