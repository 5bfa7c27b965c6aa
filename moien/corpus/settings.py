"""Settings of stage 1, data: the corpus, the recordings that can be used, and the split."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from moien.section import Section


class CorpusSettings(Section):
    """The program that reads the raw corpus, and the licence of its recordings."""

    program: str = Field(
        "local/ljspeech.py",
        description="The program that writes the data directory; LJSpeech's layout is the most common one.",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="Options of the program, passed as `--key value`."
    )
    licence: str = Field(
        "unknown",
        description="Licence of the recordings; it goes into the card of the voice, which must respect it.",
    )


class DataSettings(Section):
    """Stage 1: the recordings that are kept, how they are cut and levelled, and how the corpus is split."""

    min_rate: int = Field(
        16_000,
        ge=8_000,
        description="Lowest sampling rate of a recording in Hz; below it speech sounds muffled.",
    )
    min_seconds: float = Field(
        0.5,
        ge=0.1,
        description="Shortest utterance after trimming, in seconds; anything shorter is half a word.",
    )
    max_seconds: float = Field(
        20.0,
        le=40.0,
        description="Longest utterance after trimming, in seconds; 20 s are about 300 phonemes of the 510 that "
        "Kokoro reads, and fit into the memory of two cores.",
    )
    max_raw_seconds: float = Field(
        60.0,
        gt=0,
        description="Longest raw recording, in seconds; a longer one is a session with many utterances.",
    )
    max_clipped: float = Field(
        0.001,
        ge=0,
        le=1,
        description="Largest share of clipped samples in a recording; above it crackles are audible.",
    )
    edge_seconds: float = Field(
        0.075,
        ge=0.0,
        le=0.5,
        description="Silence that is kept before and after speech, in seconds; a longer edge changes the style "
        "vector, a shorter one cuts soft onsets.",
    )
    speech_level: float = Field(
        0.086,
        gt=0,
        le=0.5,
        description="Level of each speaker: RMS of the louder half of 10 ms frames, full scale 1. The default is the "
        "level of the base model; training would first have to learn any other as a gain.",
    )
    eval_status: list[str] = Field(
        default_factory=list,
        description="Values of utt2status that may go into dev and test; empty: any, because few corpora have them.",
    )
    test_percent: float = Field(
        5.0,
        ge=0,
        le=50,
        description="Percentage of prompts in test, chosen by hash; of a large corpus 5 % are enough.",
    )
    dev_percent: float = Field(
        3.0,
        ge=0,
        le=50,
        description="Percentage of prompts in dev, chosen by hash; dev needs less than test.",
    )
    test_prompts: tuple[int, int] = Field(
        (4, 200),
        description="Smallest and largest number of prompts in test; 200 bound the time of scoring.",
    )
    dev_prompts: tuple[int, int] = Field(
        (2, 100),
        description="Smallest and largest number of prompts in dev; 100 bound the time of the choice.",
    )
    train_minutes: float = Field(
        0.0,
        ge=0,
        description="Minutes of train to keep, chosen by hash, so that 10 minutes contain the same 2; 0: all. "
        "`make data-curve` measures what more recordings bring.",
    )
