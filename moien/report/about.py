"""What the page of a run shows beside scores and sounds, gathered from the outputs of the stages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from moien.recipe import manifest
from moien.recipe.settings import Settings
from moien.report.cards import Annotations
from moien.report.datasheet import datasheet
from moien.report.durations import read_timings
from moien.report.learning import read_learning
from moien.report.page import Run
from moien.report.spans import read_spans
from moien.text import read_phonemes


def about(settings: Settings, outputs: Mapping[str, Path]) -> Run:
    """Of `outputs` (stage → folder) it reads data, g2p, align, features, train and decode."""
    train = outputs["train"]
    manifests = {name: manifest.read(folder) or {} for name, folder in outputs.items()}
    lines = (train / "history.jsonl").read_text(encoding="utf-8").splitlines()
    history = [json.loads(line) for line in lines]
    versions = sorted(manifests["train"]["versions"].items())
    resolved = settings.model_dump(mode="json", exclude={"system"})
    return Run(
        language=settings.language,
        licence=settings.corpus.licence,
        settings=yaml.safe_dump(resolved, allow_unicode=True, sort_keys=False),
        versions="\n".join(f"{name} {version}" for name, version in versions),
        stages=manifests,
        history=history,
        choice=json.loads((train / "choice.json").read_text(encoding="utf-8")),
        learning=read_learning(train, outputs["data"] / "dev", history),
        corpus=datasheet(*(outputs[name] for name in ("data", "g2p", "align", "features"))),
        annotations=Annotations(
            read_spans(outputs["decode"], outputs["align"], manifests["align"]["notes"]["shift_frames"]),
            read_phonemes(outputs["g2p"] / "test.jsonl"),
        ),
        timings=read_timings(outputs["decode"], outputs["align"]),
    )
