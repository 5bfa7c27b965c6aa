"""Settings of stage 5, embedding."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from moien.section import Section


class EmbeddingSettings(Section):
    """Stage 5."""

    encoder: Literal["resemblyzer", "wavlm"] = Field(
        "resemblyzer",
        description="resemblyzer: weights in its wheel, offline; wavlm: stronger, from the hub.",
    )
    model: str = Field(
        "microsoft/wavlm-base-plus-sv",
        description="With encoder=wavlm: a model of the hub, or a local folder.",
    )
    outlier_z: float = Field(
        4.0, ge=1, description="A clip this many robust standard deviations farther from its speaker's centroid than "
        "the median clip is listed: at 4, short clips are not.")  # fmt: skip
    sentences: int = Field(
        2, ge=1, le=20, description="Sentences that each pack of the base speaks to be compared."
    )
    sentence_phonemes: int = Field(
        40, ge=10, le=200, description="About how long they are: 40 are 3 s of speech."
    )
    clips: int = Field(36, ge=6, description="Recordings of each speaker that the style is fitted on.")
    prosodic_steps: int = Field(
        10, ge=0, description="Steps of Adam for the prosodic half; 0 leaves the pack's."
    )
    prosodic_lr: float = Field(
        0.005, gt=0, le=1, description="Their learning rate. At 0.02 the voice takes the speaker's tempo and pitch at "
        "once, and speaks flat and unclear; the predictor learns both in training.")  # fmt: skip
    acoustic_steps: int = Field(
        16,
        ge=0,
        description="Steps of Adam for the acoustic half, 2 s each on two cores; 0 leaves the pack's.",
    )
    acoustic_lr: float = Field(
        0.02, gt=0, le=1, description="Their learning rate: 30 steps of it raise similarity by 0.09 and the tone at "
        "9.6 kHz by 5 dB.")  # fmt: skip
    prior: float = Field(0.05, ge=0, description="Weight of the squared distance from the base's pack.")
    crop_frames: int = Field(
        40, ge=10, le=400, description="Frames (25 ms) of each crop for the acoustic half."
    )
