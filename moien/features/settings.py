"""Settings of stage 4, features."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from moien.section import Section


class FeatureSettings(Section):
    """Stage 4."""

    f0_method: Literal["harvest", "dio"] = Field(
        "harvest", description="harvest: smooth, 0.13 s per second of audio; dio: 12 times faster, rougher."
    )
    f0_floor_hz: float = Field(
        60, ge=30, le=200, description="Lowest F0 in Hz: below most male voices' creak."
    )
    f0_ceiling_hz: float = Field(
        500, ge=200, le=1200, description="Highest F0 in Hz: above most read female speech."
    )
    voicing_threshold: float = Field(
        0.95, ge=0, le=1, description="D4C love train: the share of power below 4 kHz that a voiced frame needs. At "
        "0.95 voicing agrees best with Marylux's reference segments.")  # fmt: skip
    gate_db: float = Field(
        22,
        ge=6,
        le=80,
        description="Frames this many dB below the speech level are unvoiced: room noise, tails.",
    )
