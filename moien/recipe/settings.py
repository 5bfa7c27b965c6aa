"""The settings of a recipe: every field has one sentence with its unit and the reason for its default, and bounds.

`load_settings` merges, weakest first: the defaults here, the preset, `recipes/R/params.yaml`, `--set KEY=VALUE`.
An unknown key is an error that names the nearest known one.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError

from moien.align.settings import AlignSettings
from moien.checkout import ROOT
from moien.corpus.settings import CorpusSettings, DataSettings
from moien.errors import WrongCall
from moien.export.settings import PackSettings
from moien.features.settings import FeatureSettings
from moien.kokoro.settings import BaseSettings
from moien.recipe.written import Source, parse, read_settings
from moien.score.settings import ScoreSettings
from moien.section import Section
from moien.style.settings import EmbeddingSettings
from moien.text.codes import OTHER_CODES
from moien.text.settings import G2PSettings
from moien.train.settings import TrainSettings

PRESETS = ROOT / "recipes" / "presets"
MOST_CORES = 256  # the upper bound of threads and processes
MAX_SEED = 2**32 - 1  # what every library takes


def _or_cores(value: object) -> object:
    """The number of cores that this process may use for `auto`; other values as they are."""
    return min(len(os.sched_getaffinity(0)), MOST_CORES) if value == "auto" else value


def _or_folder(path: Path) -> Path:
    """A folder, or a path where one can be made."""
    if path.exists() and not path.is_dir():
        raise ValueError("this is a file, not a folder")
    return path


Cores = Annotated[int, BeforeValidator(_or_cores), Field(ge=1, le=MOST_CORES)]


class SystemSettings(Section):
    """Properties of the machine. No hash contains them: another number of jobs makes no stage run again."""

    work_dir: Annotated[Path, AfterValidator(_or_folder)] = Field(
        default_factory=lambda: Path(os.environ.get("MOIEN_WORK") or ROOT),
        description="Folder of data/, dump/ and exp/; the default is $MOIEN_WORK, or else the checkout.",
    )
    nj: Cores = Field(
        2,
        description="Processes of the data stages and of scoring; auto: one for each core. The default fits a small "
        "machine.",
    )
    ngpu: int = Field(
        0,
        ge=0,
        le=16,
        description="GPUs of this machine; training uses all of them, other stages the first. 0: the CPU, which every "
        "machine has.",
    )
    threads: Cores = Field(
        2,
        description="Threads of torch on the CPU, shared by the processes of a training; auto: one for each "
        "core. The default is a fixed number, because results on a CPU depend on it in the last bits.",
    )
    workers: int = Field(
        1,
        ge=0,
        le=64,
        description="Threads that read training data ahead; 0: none. One reads 500 utterances in a second.",
    )
    download_lexica: bool = Field(
        True,
        description="Download lexica that are neither in a mirror nor in the cache, because they are better than the "
        "rules; false: use those that are there.",
    )

    @property
    def device(self) -> str:
        """The torch device that stages compute on."""
        return "cuda" if self.ngpu else "cpu"


class DecodeSettings(Section):
    """Stage 7: the sentences that are spoken, always from text alone."""

    test_sentences: int = Field(
        30,
        ge=1,
        description="Largest number of test utterances to speak, evenly chosen; 30 distinguish voices and are scored "
        "in 5 min.",
    )


class Settings(Section):
    """All settings of one recipe."""

    recipe: str = Field(description="Name of the recipe: its folder in recipes/.")
    folder: Path = Field(exclude=True, description="The folder of the recipe; set by `load_settings`.")
    preset: str = Field(
        "",
        description="Length of the training and the machine for it: a file of recipes/presets/ without its ending; "
        "empty: the defaults.",
    )
    language: str = Field(min_length=2, description="The language as an espeak-ng voice, e.g. `lb`.")
    seed: int = Field(20, ge=0, le=MAX_SEED, description="Seed of every random choice; any number will do.")
    max_dropped: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of utterances that a stage may drop before it fails; more than one in ten is a fault.",
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
    pack: PackSettings = PackSettings()


def recipe_dir(recipe: str | Path) -> Path:
    """The folder of a recipe, given by name or as a path; an unknown one is a wrong call."""
    name = str(recipe)
    folder = Path(name) if "/" in name or name in (".", "..") else ROOT / "recipes" / name
    try:
        complete, there = (folder / "params.yaml").is_file(), bool(name) and folder.is_dir()
    except OSError:  # the name is too long
        complete = there = False
    if not complete or not there:
        known = sorted(p.parent.name for p in (ROOT / "recipes").glob("*/params.yaml"))
        what, where = (
            ("there is no file params.yaml in it", folder)
            if there
            else (f"there is no recipe {name!r}", None)
        )
        raise WrongCall(what, where, remedy=f"the recipes are {', '.join(known)}")
    return folder.resolve()


def load_settings(recipe: str | Path, overrides: Sequence[str] = ()) -> Settings:
    """Settings of `recipe`, with `KEY=VALUE` overrides (values in YAML).

    Raises:
        WrongCall: what is wrong, with `file:line` or the override.
    """
    folder = recipe_dir(recipe)
    file = folder / "params.yaml"
    values, sources = _read(file)
    for override in overrides:
        sources |= _apply(values, override)
    if name := values.get("preset"):
        preset, places = _preset(str(name), sources["preset"].place)
        values, sources = _merge(preset, values), places | sources
    if values.setdefault("recipe", folder.name) != folder.name or "folder" in values:
        place = sources["folder" if "folder" in values else "recipe"].place
        raise WrongCall("the folder of a recipe gives its name: it is no setting", where=place)
    try:
        return Settings.model_validate(values | {"folder": folder})
    except ValidationError as error:
        raise WrongCall("\n  ".join(_complaints(error, file, sources))) from None


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Source]]:
    """The settings in a file, and where each is written; a key without a value is as if it were not there."""
    found = read_settings(file)
    return {key: value for key, value in found.value.items() if value is not None}, found.sources


def _preset(name: str, place: str) -> tuple[dict[str, Any], dict[str, Source]]:
    """The settings of a preset; only those of training and of the machine are allowed."""
    known = {file.stem: file for file in sorted(PRESETS.glob("*.yaml"))}
    if name not in known:
        raise WrongCall(
            f"there is no preset {name!r}", where=place, remedy=f"the presets are {', '.join(known)}"
        )
    values, sources = _read(known[name])
    if extra := set(values) - {"train", "system"}:
        raise WrongCall(f"a preset sets train and system, not {', '.join(sorted(extra))}", where=known[name])
    return values, sources


def _merge(weaker: Mapping[str, Any], stronger: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(weaker)
    for key, value in stronger.items():
        below = weaker.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _apply(values: dict[str, Any], override: str) -> dict[str, Source]:
    """Put `KEY=VALUE` into `values`; return where its keys are written."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise WrongCall(
            f"--set takes KEY=VALUE, not {override!r}", remedy="for example --set base.source=pypi"
        )
    found = parse(text, f"--set {override}", key)
    *parents, last = key.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise WrongCall(f"--set {override}: {parent!r} has no parts")
    values[last] = found.value if text.strip() else ""
    return found.sources


def _complaints(error: ValidationError, file: Path, sources: Mapping[str, Source]) -> Iterator[str]:
    """A line for each wrong setting: where it is written, what is wrong, and what to do."""
    for item in error.errors():
        parts = [str(part) for part in item["loc"]]
        key, message = ".".join(parts), item["msg"].removeprefix("Value error, ")
        message = message[0].lower() + message[1:]
        nearest = next((k for n in range(len(parts), 0, -1) if (k := ".".join(parts[:n])) in sources), "")
        place, text = sources.get(nearest, Source(str(file), ""))
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, known_keys(), n=1, cutoff=0.5)
            yield f"{place}: there is no setting {key!r}" + (f"; the nearest is {near[0]!r}" if near else "")
        elif item["type"] == "missing":
            yield f"{place}: {key} is missing"
        elif item["type"] == "string_type" and text:
            hint = f'YAML reads it as {item["input"]!r}; quote it: {parts[-1]}: "{text}"'
            code = OTHER_CODES.get(text) if key == "language" else None
            yield f"{place}: {key} = {text}: {hint}" + (f" (in espeak-ng its code is {code})" if code else "")
        else:
            yield f"{place}: {key} = {item['input']!r}: {message}"


def known_keys(model: type[BaseModel] = Settings, prefix: str = "") -> list[str]:
    """Every key that can be set, dotted: sections as `train` and settings as `train.phases`."""
    keys = []
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += known_keys(field.annotation, f"{prefix}{name}.")
    return keys
