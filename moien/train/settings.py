"""Settings of stage 6, train: the phases and their losses."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from moien.choice.settings import ChoiceSettings
from moien.section import Section

Share = Annotated[float, Field(gt=0, le=10)]


LEARN = "Glob of tensors → their share of `lr`; all other tensors are frozen. No two globs may match the same tensor."


class ProsodyPhase(Section):
    """Phase `prosody`: durations, F0 and energy of the predictor; BERT stays frozen."""

    smaller: ClassVar[str] = "batch_frames"  # what to lower where a batch does not fit into memory
    steps: int = Field(
        240, ge=0, description="Optimiser steps; 240 are about three passes over 40 min of speech."
    )
    learn: dict[str, Share] = Field({"predictor.*": 1.0}, min_length=1, description=LEARN)
    lr: float = Field(1e-4, gt=0, le=0.01, description="Peak learning rate; StyleTTS2's.")
    style_lr: float = Field(
        1e-3,
        ge=0,
        le=0.1,
        description="Peak learning rate of the speakers' prosodic styles; higher, because they are few numbers.",
    )
    batch_frames: int = Field(
        800, ge=50, description="Frames of 25 ms in a batch; 800 are 20 s, a step of 1 s on two cores."
    )
    f0_spread: float = Field(
        3.0,
        ge=0,
        description="Weight of the loss of F0 spread, |ln| of predicted over natural; at 0 and at 1 speech gets flat.",
    )


class AcousticPhase(Section):
    """Phase `acoustic`: the timbre of the speaker.

    The generator's convolutions stay frozen, because they grow tones. The projections of the styles (AdaIN's `fc`)
    learn slowly, because at the full rate they smear the spectrum: `docs/training.md`.
    """

    smaller: ClassVar[str] = "crops or crop_frames"
    steps: int = Field(300, ge=0, description="Optimiser steps; 300 are a quarter of an hour on two cores.")
    learn: dict[str, Share] = Field(
        {"decoder.encode.conv*": 1.0, "decoder.decode.*.conv*": 1.0, "decoder.*.fc.*": 0.3},
        min_length=1,
        description=LEARN,
    )
    lr: float = Field(1e-4, gt=0, le=0.01, description="Peak learning rate; a higher one smears sooner.")
    style_lr: float = Field(
        2e-3,
        ge=0,
        le=0.1,
        description="Peak learning rate of the speakers' acoustic styles; high, because they make most of the "
        "similarity.",
    )
    crop_frames: int = Field(60, ge=10, le=400, description="Frames of 25 ms in a crop; 60 are 1.5 s.")
    crops: int = Field(
        1,
        ge=1,
        le=64,
        description="Crops in a batch, each of another utterance; two cores have time for one.",
    )
    contrast: float = Field(
        2.0,
        ge=0,
        description="Weight of the loss of spectral contrast, |ln| of predicted over natural; without it the spectrum "
        "is blurred.",
    )
    critic: float = Field(
        0.1,
        ge=0,
        le=10,
        description="Norm of the critic's gradient at the audio as a share of the spectral losses'; 0: no critic. See "
        "`moien/train/critic.py`.",
    )
    critic_warmup_steps: int = Field(
        80,
        ge=0,
        description="Steps in which only the critic learns and its gradient is not used; after 80 it detects a blur of "
        "40 ms.",
    )
    critic_ramp_steps: int = Field(
        40,
        ge=1,
        description="Steps in which the share of the critic's gradient rises to `critic`; 1: at once.",
    )


class TrainSettings(Section):
    """Stage 6. Lengths are in steps, not minutes: a limit of time would give another voice on another day."""

    phases: tuple[Literal["prosody", "acoustic"], ...] = Field(
        ("prosody", "acoustic"), min_length=1, description="The phases, in order; one can be left out."
    )
    prosody: ProsodyPhase = ProsodyPhase()  # type: ignore[call-arg]
    acoustic: AcousticPhase = AcousticPhase()  # type: ignore[call-arg]
    choice: ChoiceSettings = ChoiceSettings()  # type: ignore[call-arg]
    accumulate: int = Field(
        1,
        ge=1,
        description="Shares in which the batch of a step goes through the model, one after the other: the same "
        "gradient in less memory. The critic counts the shares alike, whatever their size.",
    )
    bf16: bool = Field(
        False,
        description="Compute the convolutions of the decoder's blocks in bfloat16 and all the rest in float32, on a "
        "card that has it (Ampere and later). It costs no DistillMOS; bfloat16 throughout costs 0.12.",
    )
    replay: int = Field(
        0,
        ge=0,
        description="Sentences of the base's own languages, spoken by the untouched base and mixed into the train "
        "split (`moien/train/replay.py`). 0: all steps are for the new language, and others are partly forgotten.",
    )
    warmup_steps: int = Field(
        20,
        ge=0,
        description="Steps of rising learning rate, while AdamW's averages settle; after them it falls to 0.",
    )
    min_seconds: float = Field(
        60.0,
        ge=0,
        description="Smallest amount of speech to train on, in seconds; less is overfitted before it is a voice.",
    )
    check_labels: bool = Field(
        True,
        description="Compare durations and F0 with the base's predictions before the first step, in 10 s: wrong labels "
        "would be found hours later.",
    )
    interval_steps: int = Field(
        60,
        ge=1,
        description="Steps between two checkpoints, each with a validation and a spoken sentence of dev; after an "
        "interruption at most so many are computed again.",
    )
    validation_utterances: int = Field(
        8, ge=1, description="Utterances of dev in each validation; 8 are enough for a curve."
    )
