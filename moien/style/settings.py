"""Settings of stage 5, embedding."""

from __future__ import annotations

from pydantic import Field

from moien.section import Section


class EmbeddingSettings(Section):
    """Stage 5."""

    sentences: int = Field(
        2,
        ge=1,
        le=20,
        description="Sentences that the base model speaks with each of its packs, to compare it with the speakers; "
        "two, so that no pack wins by one odd sentence.",
    )
    sentence_phonemes: int = Field(
        40, ge=10, le=200, description="Length of these sentences in phonemes; 40 are about 3 s of speech."
    )
    clips: int = Field(
        36,
        ge=6,
        description="Recordings of each speaker for the fit of the style; every sixth is held out to measure it.",
    )
    prosodic_steps: int = Field(
        10,
        ge=0,
        description="Steps of Adam for the prosodic half of the style; 0: the base's pack stays. Few, because training "
        "learns tempo and pitch better.",
    )
    acoustic_steps: int = Field(
        16,
        ge=0,
        description="Steps of Adam for the acoustic half, 2 s each on two cores; 0: the base's pack stays. Few, "
        "because steady tones grow with their number.",
    )
    crop_frames: int = Field(
        40, ge=10, le=400, description="Frames of 25 ms in a crop for the acoustic half; 40 are 1 s."
    )
