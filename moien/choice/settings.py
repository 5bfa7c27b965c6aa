"""Settings of the choice at the end of stage 6."""

from __future__ import annotations

from pydantic import Field

from moien.section import Section


class ChoiceSettings(Section):
    """How far the voice moves away from the base: final = base + α · (trained − base), chosen by scores of speech."""

    predictor: tuple[float, ...] = Field(
        (0.5, 1.0), min_length=1, description="Values of α for the predictor; half of the way, and all of it."
    )
    decoder: tuple[float, ...] = Field(
        (0.0, 0.3, 0.6, 1.0),
        min_length=1,
        description="Values of α for the decoder and the acoustic style; 0 is the base, 1 all that was learned.",
    )
    sentences: int = Field(
        5,
        ge=1,
        description="Sentences of dev that each candidate speaks, at a cost in proportion. 8 give the difference in "
        "DistillMOS of two candidates to 0.15, 24 to 0.1.",
    )
    recogniser: bool = Field(
        True,
        description="Compare phone errors by a recogniser that is trained on the train split: 4 min for an hour of "
        "speech, once. Without it, unclear speech is not noticed.",
    )
    max_phone_loss: float = Field(
        0.04,
        ge=0,
        description="Largest difference in phone error rate from the best candidate; a dozen sentences cannot show a "
        "smaller one.",
    )
    max_mos_loss: float = Field(
        0.3,
        ge=0,
        description="Largest loss of DistillMOS against the best candidate; naive training loses two whole points "
        "while its losses improve.",
    )
    max_tone_db: float = Field(
        3.0,
        ge=0,
        description="Largest level of steady tones above the recordings', in dB; 3 dB is the goal for the recipe lb.",
    )
    min_f0_spread: float = Field(
        0.8,
        ge=0,
        description="Smallest F0 spread as a share of the recordings'; below it speech sounds flat.",
    )
