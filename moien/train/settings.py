"""Settings of stage 6, train: the phases and their losses."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from moien.choice.settings import ChoiceSettings
from moien.section import Section

Share = Annotated[float, Field(gt=0, le=10)]


LEARN = "Globs of the tensors that learn, each with its share of `lr`; all others are frozen. No two may name the same."


class ProsodyPhase(Section):
    """Phase `prosody`: durations, F0 and energy of the predictor; BERT stays frozen."""

    smaller: ClassVar[str] = "batch_frames"  # what to lower where a batch does not fit into memory
    steps: int = Field(240, ge=0, description="Optimiser steps: about three passes over 40 min of speech.")
    learn: dict[str, Share] = Field({"predictor.*": 1.0}, min_length=1, description=LEARN)
    lr: float = Field(1e-4, gt=0, le=0.01, description="Peak learning rate; StyleTTS2's.")
    style_lr: float = Field(
        1e-3,
        ge=0,
        le=0.1,
        description="Peak rate of the speakers' prosodic styles: so few numbers may move faster.",
    )
    batch_frames: int = Field(
        800, ge=50, description="Frames (25 ms) a batch: 800 are 20 s, a step of 1 s on two cores."
    )
    f0_spread: float = Field(
        3.0,
        ge=0,
        description="Weight of |ln| of the ratio of the spreads of F0: at 0 speech gets flat, and so it does at 1.",
    )


class AcousticPhase(Section):
    """Phase `acoustic`: how the speaker sounds.

    The generator's convolutions stay frozen, because they grow tones, and the projections of the styles (AdaIN's
    `fc`) learn slowly, because at the full rate they smear: `docs/training.md`.
    """

    smaller: ClassVar[str] = "crops or crop_frames"
    steps: int = Field(300, ge=0, description="Optimiser steps; 300 are a quarter of an hour on two cores.")
    learn: dict[str, Share] = Field(
        {"decoder.encode.conv*": 1.0, "decoder.decode.*.conv*": 1.0, "decoder.*.fc.*": 0.3},
        min_length=1,
        description=LEARN,
    )
    lr: float = Field(1e-4, gt=0, le=0.01, description="Peak learning rate; higher ones smear sooner.")
    style_lr: float = Field(
        2e-3,
        ge=0,
        le=0.1,
        description="Peak rate of each speaker's acoustic style, which carries most of likeness.",
    )
    crop_frames: int = Field(60, ge=10, le=400, description="Frames (25 ms) of a crop: 60 are 1.5 s.")
    crops: int = Field(1, ge=1, le=64, description="Crops a batch, each of another utterance.")
    contrast: float = Field(
        2.0,
        ge=0,
        description="Weight of |ln| of the ratio of spectral contrasts: without it speech is a blurred mean.",
    )
    critic: float = Field(
        0.1,
        ge=0,
        le=10,
        description="Norm of the critic's gradient at the audio as a share of the spectral losses'; 0: no critic. See "
        "`moien/train/discriminators.py`.",
    )
    critic_warmup_steps: int = Field(
        80, ge=0, description="Steps in which it learns and has no say: then it hears a blur of 40 ms."
    )
    critic_ramp_steps: int = Field(40, ge=1, description="Steps in which its say rises to all of it.")


class TrainSettings(Section):
    """Stage 6. Lengths are in steps, not minutes: a budget of time gives another voice on another day."""

    phases: tuple[Literal["prosody", "acoustic"], ...] = Field(
        ("prosody", "acoustic"), min_length=1, description="The phases, in order; one can be left out."
    )
    prosody: ProsodyPhase = ProsodyPhase()  # type: ignore[call-arg]
    acoustic: AcousticPhase = AcousticPhase()  # type: ignore[call-arg]
    choice: ChoiceSettings = ChoiceSettings()  # type: ignore[call-arg]
    accumulate: int = Field(
        1,
        ge=1,
        description="In how many shares a step's batch goes through the model, one after the other: the same gradient "
        "in less memory. Only the critic learns from each share by itself.",
    )
    bf16: bool = Field(
        False,
        description="Convolutions of the decoder's blocks in bfloat16, all between them, the source, the iSTFT and the "
        "losses in float32: for a card that has it (Ampere and later). Costs speech no DistillMOS; bfloat16 "
        "throughout costs 0.12 (docs/training.md).",
    )
    replay: int = Field(
        0,
        ge=0,
        description="Sentences that the untouched base speaks in its own languages, mixed in with the train split: "
        "`moien/train/replay.py`. 0 spends all steps on yours; `tools/score_forgetting.py` says what is forgotten.",
    )
    warmup_steps: int = Field(
        20, ge=0, description="Steps of rising learning rate; after them it falls to 0."
    )
    min_seconds: float = Field(
        60.0,
        ge=0,
        description="Least speech to train on, in seconds: less is learnt by heart before it is a voice.",
    )
    check_labels: bool = Field(
        True,
        description="Compare durations and F0 with what the untouched base says, before the first step; 10 s.",
    )
    max_retreats: int = Field(
        3,
        ge=0,
        description="How often a phase that diverges goes back to its last checkpoint, each time at half the rate, "
        "before training stops: at an eighth of the rate it is no longer the rate.",
    )
    interval_steps: int = Field(
        60, ge=1, description="Steps between two checkpoints, each with validation and a spoken dev sentence."
    )
    validation_utterances: int = Field(8, ge=1, description="Utterances of dev in each validation.")
