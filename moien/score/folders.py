"""Any system's speech against recordings: two folders of wavs, paired by file name, scored as a recipe's voice is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from moien.score.bootstrap import RESAMPLES
from moien.score.judges import Judges
from moien.score.run import score_sentences
from moien.score.scored import ScoredSentence
from moien.score.sentences import find_problems, pair_folders, usable
from moien.score.speakers import leave_one_out
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
    judges = Judges(recogniser)
    scored = list(score_sentences(sentences, leave_one_out(sentences, judges), jobs, judges))
    name = f"{natural.resolve().parent.name}: {synthetic.name} against {natural.name}"
    return scores_json(name, command, scored, problems, resamples=RESAMPLES, seed=SEED), scored
