"""DNSMOS P.835, overall quality (Reddy, Gopal and Cutler 2022; package `speechmos`, weights inside the wheel).

Unit: predicted mean opinion score, 1..5. Direction: higher is better. Domain: trained on noisy and denoised
recordings at 16 kHz, so it hears noise and hiss well and the smear of an over-smoothed voice badly: synthetic
speech can score above the recording. Depends on level, hence the common loudness of `Clip`. A clip under 9 s is
repeated until it is as long.
"""

from __future__ import annotations

from moien.score.clip import Pair
from moien.score.metric import Metric


def dnsmos_ovrl(pair: Pair) -> float:
    """OVRL of the spoken clip."""
    from speechmos import dnsmos

    return float(dnsmos.run(pair.spoken.at_16k, sr=16000)["ovrl_mos"])


METRIC = Metric("dnsmos_ovrl", "DNSMOS overall", "MOS 1–5", "high", 2,
                "predicted opinion; hears noise well, blur badly", dnsmos_ovrl)  # fmt: skip
