"""Any system's speech against recordings: two folders of wavs, paired by file name, scored as a recipe's voice is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from moien.progress import track
from moien.score import Judges, ScoredSentence, score_sentences
from moien.score.sentences import Sentence, find_problems, open_clip, pair_folders, usable
from moien.score.settings import ScoreSettings
from moien.score.similarity import embed
from moien.score.summary import scores_json
from moien.text import Frontend

SEED = 0  # of the bootstrap


def score_folders(
    natural: Path,
    synthetic: Path,
    texts: dict[str, str],
    frontend: Frontend | None,
    recogniser: Path | None,
    *,
    jobs: int,
    keep_going: bool,
    command: str,
) -> tuple[dict[str, Any], list[ScoredSentence]]:
    """The content of `scores.json` with the rows natural and synthetic, and the sentences behind it.

    Args:
        texts: name of a recording without its ending → its text; may be empty.
        frontend: turns texts into phonemes; None without texts.
        recogniser: file of a phone recogniser that stage 8 trained; without one there is no phone error.
        keep_going: leave out what is broken or does not pair, and list it under `missing`.

    Raises:
        WrongData: what is broken or does not pair, by name.
    """
    sentences, problems = pair_folders(natural, synthetic, texts)
    problems += find_problems(sentences)
    sentences = usable(sentences, problems, keep_going)
    if frontend is not None:
        sentences = [replace(sentence, phonemes=frontend(sentence.text).phonemes) for sentence in sentences]
    scored = list(score_sentences(sentences, leave_one_out(sentences), jobs, Judges(recogniser)))
    folder = natural.resolve().parent.name
    scores = scores_json(f"{folder}: {synthetic.name} against {natural.name}", command, scored, problems,
                         resamples=ScoreSettings().resamples, seed=SEED)  # fmt: skip
    return scores, scored


def leave_one_out(sentences: Sequence[Sentence]) -> dict[str, np.ndarray]:
    """Sentence → mean voice of the other recordings, unit vector `[D]`: no recording is compared with itself.

    The recordings are taken for one speaker's. A lone one can only be compared with itself.
    """
    vectors = {}
    for sentence in track(sentences, "speaker of the recordings"):
        assert sentence.natural
        vectors[sentence.id] = embed(open_clip(sentence.natural, sentence.id))
    total = sum(vectors.values())
    rest = {name: total - vector if len(vectors) > 1 else vector for name, vector in vectors.items()}
    return {name: vector / np.linalg.norm(vector) for name, vector in rest.items()}
