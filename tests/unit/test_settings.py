"""The settings: few, each described, and each needed by a recipe, a preset, a document or a tool, or for a reason."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from moien.errors import WrongCall
from moien.recipe.settings import ROOT, Settings, load_settings

MOST = 80
NEEDED = {  # named in no recipe, preset, document or tool
    "recipe": "the name of the recipe, which `load_settings` sets",
    "max_dropped": "a corpus of mixed quality loses more",
    "system.download_lexica": "a machine without a network",
    "base.path": "the folder of base.source=file",
    "data.min_rate": "a corpus of telephone speech",
    "data.min_seconds": "a corpus of single words",
    "data.max_seconds": "a machine with little memory",
    "data.max_raw_seconds": "a corpus of long recordings",
    "data.max_clipped": "an old or loud corpus",
    "data.edge_seconds": "a language with soft onsets, or a reverberant room",
    "data.speech_level": "another base model",
    "data.test_prompts": "a corpus of a few or of many sentences",
    "data.dev_prompts": "a corpus of a few or of many sentences",
    "g2p.front_end": "the front end for lb against espeak-ng",
    "features.f0_floor_hz": "a very low voice",
    "features.f0_ceiling_hz": "a child's or an expressive voice",
    "features.gate_db": "a noisy or a reverberant room",
    "embedding.sentence_phonemes": "the time of stage 5 on a slow machine; the tests' recipe",
    "embedding.crop_frames": "the memory of stage 5 on a small machine; the tests' recipe",
    "train.prosody.learn": "what learns is an experiment for each corpus, as in train.acoustic.learn",
    "train.prosody.lr": "the remedy where training diverges",
    "train.acoustic.lr": "the remedy where training diverges",
    "train.check_labels": "the remedy where the check is wrong about a correct corpus",
    "score.recogniser": "a corpus too small to train a recogniser",
    "score.transcriber": "error rates of words, where there is a recogniser of the language",
    "score.keep_going": "scores in spite of a broken recording",
}


def leaves(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting that has no parts: its key and its field."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from leaves(field.annotation, f"{prefix}{name}.")
        elif not field.exclude:
            yield prefix + name, field


LEAVES = dict(leaves())


def written(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted keys of a file of settings, of every depth."""
    for key, value in values.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from written(value, f"{prefix}{key}.")


def used() -> set[str]:
    """The settings that a recipe or a preset sets, or that a document or a tool names."""
    files = [*ROOT.glob("recipes/*/params.yaml"), *ROOT.glob("recipes/presets/*.yaml")]
    keys = {key for file in files for key in written(yaml.safe_load(file.read_text("utf-8")))}
    pages = [ROOT / "Makefile", *ROOT.glob("*.md"), *ROOT.glob("tools/*.py")]
    pages += [*ROOT.glob("docs/**/*.md"), *ROOT.glob("recipes/*/*.md")]
    text = "\n".join(page.read_text("utf-8") for page in pages)
    return keys | {key for key in LEAVES if "." in key and re.search(rf"(?<![\w.]){re.escape(key)}\b", text)}


def test_there_are_few_settings() -> None:
    assert len(LEAVES) <= MOST, (
        "an algorithm's dial that nobody sets is a constant of its module, with its reason"
    )


def test_every_setting_is_used_or_has_a_reason() -> None:
    assert sorted(LEAVES.keys() - used() - NEEDED.keys()) == []
    assert sorted(NEEDED.keys() - LEAVES.keys()) == []


@pytest.mark.parametrize("key", LEAVES)
def test_every_setting_has_a_sentence_and_numbers_have_bounds(key: str) -> None:
    field = LEAVES[key]
    assert re.fullmatch(r"[A-Za-z].+\.", field.description or "")
    if field.annotation in (int, float):
        assert any(hasattr(bound, name) for bound in field.metadata for name in ("ge", "gt", "le"))


@pytest.mark.parametrize("key", ["system.threads", "system.nj"])
def test_auto_is_the_number_of_cores(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = key.removeprefix("system.")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)))
    assert getattr(load_settings("mini").system, name) == 2  # results of a CPU depend on the threads
    assert getattr(load_settings("mini", [f"{key}=auto"]).system, name) == 6
    for preset in ("gpu", "multi-gpu"):
        assert getattr(load_settings("mini", [f"preset={preset}"]).system, name) == 6
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(1000)))
    assert getattr(load_settings("mini", [f"{key}=auto"]).system, name) == 256
    with pytest.raises(WrongCall, match=re.escape(key)):
        load_settings("mini", [f"{key}=many"])


def test_a_setting_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(WrongCall, match=r"no setting 'train.acoustic.contrst'.*'train.acoustic.contrast'"):
        load_settings("mini", ["train.acoustic.contrst=1"])
