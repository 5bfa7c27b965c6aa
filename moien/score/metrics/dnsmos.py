"""DNSMOS P.835, overall quality (Reddy, Gopal and Cutler 2022; package `speechmos`, weights inside the wheel).

Unit: predicted mean opinion score, 1..5. Direction: higher is better. Domain: trained on noisy and denoised
recordings at 16 kHz, so it detects noise and hiss well and the blur of an over-smoothed voice badly: synthetic
speech can score above the recording. Depends on level, hence the common loudness of `Clip`. A clip under 9 s is
repeated until it is as long.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from moien.score.metric import Metric
from moien.score.pair import Pair


@lru_cache(maxsize=1)
def _model() -> Any:
    import onnxruntime
    import speechmos
    from speechmos.dnsmos import DNSMOS

    folder = Path(speechmos.__file__).parent / "dnsmos_models"
    paths = [str(folder / name) for name in ("sig_bak_ovr.onnx", "model_v8.onnx")]
    model = DNSMOS(*paths)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the default takes every core, and sentences are parallel already
    model.onnx_sess, model.p808_onnx_sess = (onnxruntime.InferenceSession(path, options) for path in paths)
    return model


def dnsmos_ovrl(pair: Pair) -> float:
    """OVRL of the spoken clip."""
    return float(_model()(pair.spoken.at_16k, 16000, False)["ovrl_mos"])


METRIC = Metric(
    name="dnsmos_ovrl",
    group="opinion",
    label="DNSMOS overall",
    unit="MOS 1–5",
    best="high",
    digits=2,
    meaning="predicted opinion; sensitive to noise, hardly to blur",
    compute=dnsmos_ovrl,
    versa="dnsmos_overall",
)
