"""Settings of stage 3, align."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from moien.section import Section


class AlignSettings(Section):
    """Stage 3."""

    shift_frames: Literal["auto"] | Annotated[int, Field(ge=0, le=8)] = Field(
        "auto",
        description="How many frames of 25 ms later than the acoustic boundaries the tokens' are. auto asks the base "
        "model by copy synthesis (a minute on two cores): the aligner, and so the right number, may change.",
    )
    shift_clips: int = Field(
        8, ge=4, le=100, description="Clips of 2.5 s that auto listens to; 8 take a minute on two cores."
    )
    outlier_sigmas: float = Field(
        4.0, ge=2, le=20, description="Utterances whose fit to their text is this many robust standard deviations "
        "worse than the corpus' median are dropped: about one text in fifty does not say what was spoken.",
    )  # fmt: skip
    plots: int = Field(
        4, ge=0, le=1000, description="Pictures of alignments to draw, the worst kept ones first."
    )
