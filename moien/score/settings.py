"""Settings of stage 8, score."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from moien.section import Section


class ScoreSettings(Section):
    """Stage 8: how the numbers are made."""

    centroid_clips: int = Field(
        60,
        ge=1,
        description="Train clips that make a speaker's centroid: its direction no longer moves after 60.",
    )
    resamples: int = Field(
        2000,
        ge=100,
        le=100_000,
        description="Draws of the bootstrap: at 2000 the bounds are steady to two digits.",
    )
    recogniser: bool = Field(
        True,
        description="Train a phone recogniser on the train split (4 min for an hour of speech, then cached): without "
        "it nobody counts the words that a voice mumbles or drops.",
    )
    transcriber: str = Field(
        "",
        description="A speech recogniser of the language, as a folder or OWNER/NAME@COMMIT of the hub: Whisper, a "
        "wav2vec2. It adds the error rates of characters and words.",
    )
    utmos: str = Field(
        "",
        description="Where UTMOS comes from: tarepan/SpeechMOS@COMMIT or a folder with a hubconf.py; its code is run.",
    )
    wavlm: str = Field(
        "",
        description="WavLM for speaker verification, microsoft/wavlm-base-plus-sv or a folder: a second similarity.",
    )
    previous: Path | None = Field(
        None,
        description="Folder of an earlier voice's speech (a kept copy of exp/R/decode/trained): one more row.",
    )
    keep_going: bool = Field(
        False, description="Score the rest where a recording is missing or broken; the page says how many."
    )
