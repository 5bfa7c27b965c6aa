"""Settings of stage 8, score."""

from __future__ import annotations

from pydantic import Field

from moien.section import Section


class ScoreSettings(Section):
    """Stage 8."""

    recogniser: bool = Field(
        True,
        description="Train a phone recogniser on the train split: 4 min for an hour of speech, then cached. Without it "
        "there is no phone error, which counts mumbled and dropped words.",
    )
    transcriber: str = Field(
        "",
        description="A speech recogniser of the language for the error rates of characters and words: a folder or "
        "OWNER/NAME@COMMIT of the hub, e.g. Whisper or a wav2vec2; empty: none, because it must be downloaded.",
    )
    keep_going: bool = Field(
        False,
        description="Score the other sentences where a recording is missing or broken, and count it on the page; by "
        "default that is an error.",
    )
