"""Settings of the choice at the end of stage 6."""

from __future__ import annotations

from pydantic import Field

from moien.section import Section


class ChoiceSettings(Section):
    """How far to go from the base: final = base + α · (trained − base), chosen by scores of speech."""

    predictor: tuple[float, ...] = Field((0.5, 1.0), min_length=1, description="The predictor's α to try.")
    decoder: tuple[float, ...] = Field(
        (0.0, 0.3, 0.6, 1.0), min_length=1, description="The α of decoder and acoustic style to try."
    )
    sentences: int = Field(5, ge=1, description="Sentences of dev that each candidate speaks.")
    recogniser: bool = Field(
        True,
        description="Let a phone recogniser of the train split count what is not understood: 4 min for an hour of "
        "speech, once; stage 8 uses the same.",
    )
    max_phone_loss: float = Field(
        0.04,
        ge=0,
        description="How far a candidate's phone error may be above the best one's: a dozen sentences tell no less.",
    )
    max_mos_loss: float = Field(
        0.3,
        ge=0,
        description="How far a candidate may fall below the base at the same tempo in DistillMOS: naive training falls "
        "by two whole points while its losses improve.",
    )
    max_tone_db: float = Field(3.0, ge=0, description="Steady tones above the recordings', in dB.")
    min_f0_spread: float = Field(
        0.8, ge=0, description="F0 spread as a share of the recordings': below it speech sounds flat."
    )
