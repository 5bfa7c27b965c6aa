"""Settings of stage 1, data: which corpus, what a recording must be, how the corpus is split."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from moien.section import Section


class CorpusSettings(Section):
    """Which program reads the raw corpus, and what its data may be used for."""

    program: str = Field(
        "local/ljspeech.py", description="The program in local/ that writes the data directory."
    )
    options: dict[str, Any] = Field(default_factory=dict, description="Its options, as `--key value`.")
    licence: str = Field(
        "unknown", description="Licence of the recordings: a voice trained on them carries it."
    )


class DataSettings(Section):
    """Stage 1: what a recording must be, how it is cut and levelled, and how the corpus is split."""

    min_rate: int = Field(
        16_000,
        ge=8_000,
        description="Recordings below this rate in Hz are dropped: they sound muffled.",
    )
    min_seconds: float = Field(
        0.5,
        ge=0.1,
        description="Shortest utterance after trimming, in seconds: less is half a word.",
    )
    max_seconds: float = Field(
        20.0,
        le=40.0,
        description="Longest utterance after trimming, in seconds: about 300 phonemes of the "
        "510 that fit, and what two cores can hold in memory.",
    )
    max_raw_seconds: float = Field(
        60.0,
        gt=0,
        description="Longest raw recording that is looked at, in seconds: above, a session.",
    )
    max_clipped: float = Field(
        0.001,
        ge=0,
        le=1,
        description="Share of samples that may stand in clipped runs: more crackles.",
    )
    edge_seconds: float = Field(
        0.075,
        ge=0.0,
        le=0.5,
        description="Silence kept before and after speech, in seconds: longer edges end "
        "up in the style vector, shorter ones cut soft onsets.",
    )
    min_edge_seconds: float = Field(
        0.05,
        ge=0.0,
        le=0.5,
        description="Silence that every utterance has at both ends, in seconds; what a "
        "tight cut lacks is filled with the clip's own room tone, so that BOS and EOS always mean silence.",
    )
    speech_level: float = Field(
        0.086,
        gt=0,
        le=0.5,
        description="RMS of the louder half of 10 ms frames (full scale 1) that speakers "
        "are brought to: what the base model speaks; louder targets must first be learnt as a gain.",
    )
    level_range_db: float = Field(
        3.0,
        ge=0,
        le=20,
        description="How far an utterance may stay from that level, in dB: natural dynamics "
        "are about 1-2 dB, a moved microphone is more.",
    )
    eval_status: list[str] = Field(
        default_factory=list, description="Statuses (utt2status) of which dev and test may be; empty: any."
    )
    test_percent: float = Field(5.0, ge=0, le=50, description="Percentage of prompts in test, by hash.")
    dev_percent: float = Field(3.0, ge=0, le=50, description="Percentage of prompts in dev, by hash.")
    test_prompts: tuple[int, int] = Field(
        (4, 200), description="Least and most prompts in test: scores need some, and scoring takes its time."
    )
    dev_prompts: tuple[int, int] = Field((2, 100), description="Least and most prompts in dev.")
    train_minutes: float = Field(
        0.0,
        ge=0,
        description="Minutes of train that are kept, 0: all; by hash, so that ten contain the two. See what more "
        "recordings would bring: `make data-curve`.",
    )
