"""The metrics, one module each, and the table of them in the order of the page."""

from __future__ import annotations

from moien.score.metric import Metric
from moien.score.metrics import (
    alignment_fit,
    buzz,
    cer,
    clicks,
    clipping,
    dc,
    distilled_mos,
    dnsmos,
    duration,
    dvector_similarity,
    f0_correlation,
    f0_rmse,
    f0_spread,
    gap_noise,
    hum,
    lines,
    mcd,
    mel_distance,
    pause_share,
    phone_deletions,
    phone_error,
    phone_insertions,
    plcmos,
    similarity,
    speaking_rate,
    tones,
    voicing,
    wer,
)

METRICS: dict[str, Metric] = {
    module.METRIC.name: module.METRIC
    for module in (
        mcd,
        mel_distance,
        similarity,
        dvector_similarity,
        f0_rmse,
        f0_correlation,
        f0_spread,
        voicing,
        duration,
        speaking_rate,
        pause_share,
        phone_error,
        phone_deletions,
        phone_insertions,
        alignment_fit,
        cer,
        wer,
        dnsmos,
        distilled_mos,
        plcmos,
        tones,
        lines,
        hum,
        gap_noise,
        clicks,
        buzz,
        clipping,
        dc,
    )
}
