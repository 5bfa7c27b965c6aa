"""UTMOS: a second predicted opinion, trained on synthetic speech (`moien.score.judges.mos_predictor`).

Unit: predicted mean opinion score, 1..5. Direction: higher is better. Domain: English voices of challenges up to 2020;
saturates for good ones. NaN unless `score.utmos` names where it comes from.
"""

from __future__ import annotations

from moien.score.metric import Metric
from moien.score.pair import Pair


def utmos(pair: Pair) -> float:
    """UTMOS of the spoken clip."""
    predictor = pair.judges.open_utmos()
    if predictor is None:
        return float("nan")
    import torch

    with torch.inference_mode():
        samples = torch.from_numpy(pair.spoken.at_16k)[None].to(pair.judges.device)
        return float(predictor(samples, 16_000))


METRIC = Metric(
    name="utmos",
    group="opinion",
    label="UTMOS",
    unit="MOS 1–5",
    best="high",
    digits=2,
    meaning="predicted opinion; trained on synthetic voices",
    compute=utmos,
    judged=True,
)
