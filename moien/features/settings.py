"""Settings of stage 4, features."""

from __future__ import annotations

from pydantic import Field

from moien.section import Section


class FeatureSettings(Section):
    """Stage 4."""

    f0_floor_hz: float = Field(
        60, ge=30, le=200, description="Lowest F0 in Hz; below the creak of most male voices."
    )
    f0_ceiling_hz: float = Field(
        500, ge=200, le=1200, description="Highest F0 in Hz; above most female read speech."
    )
    gate_db: float = Field(
        22,
        ge=6,
        le=80,
        description="Frames more than this many dB below the speech level are unvoiced; they are room noise and "
        "decaying ends of words.",
    )
