"""Runs that have scores: a recipe, a folder with its scores, or a file that `moien score --json` wrote."""

from __future__ import annotations

import json
from pathlib import Path

from moien.config import load_settings
from moien.errors import MoienError, WrongData
from moien.report.compare import ScoredRun
from moien.report.table import read_scores
from moien.score import ScoredSentence
from moien.score.sentences import Sentence, read_sentences
from moien.stages import BY_NAME


def read_run(name: str) -> ScoredRun:
    """The run that `name` means: a recipe, a folder like `exp/R` or its copy, or a file with scores.

    WrongData or WrongCall where there is none.
    """
    path = Path(name)
    if path.is_file():
        scores = read_scores(path)
        if "sentences" in scores:
            sentences = [ScoredSentence.from_json(sentence) for sentence in scores["sentences"]]
            return ScoredRun(path.stem, scores, sentences)
        path = path.parent  # the file of a stage, whose sentences lie beside it
    folder = _score_folder(path, name)
    scores = read_scores(folder / "scores.json")
    try:
        lines = (folder / "utterances.jsonl").read_text(encoding="utf-8").splitlines()
        sentences = [ScoredSentence.from_json(json.loads(line)) for line in lines]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongData(f"the scores of the sentences cannot be read ({error})", where=folder,
                        remedy="run stage 8 (score) again with --force") from None  # fmt: skip
    return ScoredRun(name.rstrip("/"), scores, sentences)


def read_recordings(name: str) -> list[Sentence]:
    """The sentences of such a run with their wavs; none where they are not beside the scores any more."""
    path = Path(name)
    if path.is_file():
        return []
    decode = _score_folder(path, name).with_name("decode")
    try:
        settings = load_settings(read_run(name).scores["recipe"])
        return read_sentences(decode, BY_NAME["data"].folder(settings) / "test")
    except (MoienError, OSError):  # a page without sounds is better than none
        return []


def _score_folder(path: Path, name: str) -> Path:
    if not path.is_dir():
        return BY_NAME["score"].folder(load_settings(name))
    return path / "score" if (path / "score").is_dir() else path
