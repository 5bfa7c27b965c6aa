"""Runs that have scores: a recipe, a folder with its scores, or a file that `moien score --json` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moien.corpus.datadir import read_datadir
from moien.errors import MoienError, WrongData
from moien.recipe.settings import load_settings
from moien.recipe.stages import BY_NAME
from moien.report.table import read_scores
from moien.score.scored import ScoredSentence


@dataclass(frozen=True)
class ScoredRun:
    """A run by name: the content of its `scores.json`, its sentences, and the folder of its sounds, if it has one.

    `sounds` holds a folder of wavs for each row, as stage 7 writes them.
    """

    name: str
    scores: Mapping[str, Any]
    sentences: Sequence[ScoredSentence]
    sounds: Path | None


def read_natural(runs: Sequence[ScoredRun]) -> dict[str, Path]:
    """Sentence → recording, for the runs whose recipes are in this checkout; the page can do without them."""
    found: dict[str, Path] = {}
    for recipe in dict.fromkeys(run.scores["recipe"] for run in runs):
        try:
            test = BY_NAME["data"].folder(load_settings(recipe)) / "test"
            found |= {utterance.id: utterance.audio for utterance in read_datadir(test)}
        except MoienError:
            continue
    return found


def read_run(name: str) -> ScoredRun:
    """The run that `name` means; WrongData or WrongCall where there is none."""
    path = Path(name)
    if path.is_file():
        scores = read_scores(path)
        if "sentences" not in scores:  # the file of a stage, whose sentences lie beside it
            return read_run(str(path.parent))
        return ScoredRun(path.stem, scores, _sentences(scores["sentences"], path), None)
    if not path.is_dir():
        path = BY_NAME["score"].folder(load_settings(name))
    folder = path / "score" if (path / "score").is_dir() else path
    scores = read_scores(folder / "scores.json")
    file = folder / "utterances.jsonl"
    sentences = _sentences((json.loads(line) for line in file.open(encoding="utf-8")), file)
    sounds = folder.with_name("decode")
    return ScoredRun(name.strip("/"), scores, sentences, sounds if sounds.is_dir() else None)


def _sentences(rows: Iterable[Any], file: Path) -> list[ScoredSentence]:
    try:
        return [ScoredSentence.from_json(row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WrongData(
            f"the scores of the sentences cannot be read ({error!r})",
            where=file,
            remedy="run stage 8 (score) again with --force",
        ) from None
