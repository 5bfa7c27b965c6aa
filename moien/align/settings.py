"""Settings of stage 3, align."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from moien.section import Section


class AlignSettings(Section):
    """Stage 3."""

    shift_frames: Literal["auto"] | Annotated[int, Field(ge=0, le=8)] = Field(
        "auto",
        description="Frames of 25 ms by which the boundaries of tokens are later than the acoustic ones; auto: "
        "measured by copy synthesis with the base model, because it depends on the aligner and on the corpus.",
    )
    outlier_sigmas: float = Field(
        4.0,
        ge=2,
        le=20,
        description="Robust standard deviations below the median fit at which an utterance is dropped; about one text "
        "in fifty differs from what was spoken.",
    )
