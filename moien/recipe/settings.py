"""Settings: every field with a sentence, a unit, bounds and the reason for its default.

`load_settings` merges, weakest first: the defaults here, the preset, `recipes/R/params.yaml`, `--set KEY=VALUE`.
An unknown key is an error that names the nearest known one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, ValidationError

from moien.align.settings import AlignSettings
from moien.corpus.settings import CorpusSettings, DataSettings
from moien.errors import WrongCall
from moien.features.settings import FeatureSettings
from moien.kokoro.settings import BaseSettings
from moien.score.settings import ScoreSettings
from moien.section import Section
from moien.style.settings import EmbeddingSettings
from moien.text.settings import G2PSettings
from moien.train.settings import TrainSettings

ROOT = (
    Path(__file__).resolve().parent.parent.parent
)  # the checkout: recipes/, steps/ and local/ live beside moien/


PRESETS = ROOT / "recipes" / "presets"


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
