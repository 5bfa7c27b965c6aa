"""What is scored: sentences, each with its recording and its speech by every voice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import soundfile

from moien.audio import EXTENSIONS, read_audio
from moien.corpus.datadir import RECORDED, read_datadir
from moien.corpus.recordings import find_audio
from moien.errors import WrongData
from moien.score.clip import Clip

NATURAL = "natural"
# The order of a run's table; each row is compared with the one above. `recorded` is the file before stage 1 made
# 24 kHz of it and cut its edges: what that costs.
ROWS = (NATURAL, RECORDED, "espeak", "stock", "trained")


@dataclass(frozen=True)
class Sentence:
    """A sentence, its speech by each voice (row → wav), and its recording `natural`, where there is one."""

    id: str
    speaker: str
    text: str
    spoken: Mapping[str, Path]
    natural: Path | None = None
    phonemes: str = ""

    @property
    def recordings(self) -> dict[str, Path]:
        """Row → wav, the natural one first where there is one."""
        return ({NATURAL: self.natural} if self.natural else {}) | dict(self.spoken)


@dataclass(frozen=True)
class Problem:
    """A sentence that cannot be scored, and why."""

    id: str
    reason: str


def open_clip(path: Path, utterance: str) -> Clip:
    """The clip of a wav; errors name the utterance."""
    return Clip(*read_audio(path), name=f"{utterance} ({path})")


def find_problems(sentences: Iterable[Sentence]) -> list[Problem]:
    """Sentences with a recording that is missing, broken, silent or no speech: found before minutes of scoring."""
    problems = []
    for sentence in sentences:
        try:
            for path in sentence.recordings.values():
                open_clip(path, sentence.id)
        except WrongData as error:
            where = f"{error.where}: " if error.where else ""
            problems.append(Problem(sentence.id, f"{where}{error.message}"))
    return problems


def usable(sentences: list[Sentence], problems: list[Problem], keep_going: bool) -> list[Sentence]:
    """The sentences that none of `problems` names; unless `keep_going`, a problem is WrongData with all of them."""
    broken = {problem.id for problem in problems}
    rest = [sentence for sentence in sentences if sentence.id not in broken]
    reasons = "; ".join(f"{problem.id}: {problem.reason}" for problem in problems)
    if problems and not keep_going:
        raise WrongData(
            f"{len(problems)} of {len(problems) + len(rest)} sentences cannot be scored: {reasons}",
            remedy="repair them, or score the rest: --keep-going (stage 8: score.keep_going)",
        )
    if not rest:
        raise WrongData(
            f"there is no sentence to score{': ' if reasons else ''}{reasons}",
            remedy="in a recipe, raise data.test_percent or data.test_prompts",
        )
    return rest


def read_sentences(decode: Path, test: Path) -> list[Sentence]:
    """The sentences of stage 7 (folder `decode`), with the recordings of the data directory `test`.

    WrongData for a test sentence without its recording.
    """
    natural = {utterance.id: utterance.audio for utterance in read_datadir(test)}
    as_found = find_audio(test.with_name(RECORDED))
    sentences = []
    for number, line in enumerate((decode / "index.jsonl").read_text(encoding="utf-8").splitlines(), start=1):
        fact = json.loads(line)
        recorded = fact["kind"] == "test"
        if recorded and fact["id"] not in natural:
            raise WrongData(
                f"{fact['id']} is not in {test}",
                where=f"{decode / 'index.jsonl'}:{number}",
                remedy="run stage 7 again: the test split has changed",
            )
        files = {row: decode / row / f"{fact['id']}.wav" for row in ROWS if (decode / row).is_dir()}
        if recorded and fact["id"] in as_found:
            files[RECORDED] = as_found[fact["id"]]
        spoken = {row: files[row] for row in ROWS if row in files}
        recording = natural[fact["id"]] if recorded else None
        sentences.append(
            Sentence(fact["id"], fact["speaker"], fact["text"], spoken, recording, fact["phonemes"])
        )
    return sentences


def pair_folders(
    natural: Path, synthetic: Path, texts: Mapping[str, str]
) -> tuple[list[Sentence], list[Problem]]:
    """Two folders of wavs, paired by file name without its ending, and what does not pair.

    A file of another sampling rate than most of its folder is a problem: it was made in another way. The two
    folders may differ. With `texts` (id → text) every sentence must have one.
    """
    ours, theirs = find_audio(natural), find_audio(synthetic)
    for folder, files in ((natural, ours), (synthetic, theirs)):
        if not files:
            raise WrongData(f"there is no audio ({' '.join(EXTENSIONS)})", where=folder)
    names = sorted(ours.keys() | theirs.keys())
    problems = [Problem(name, f"no {name} in {natural}") for name in names if name not in ours]
    problems += [Problem(name, f"no {name} in {synthetic}") for name in names if name not in theirs]
    if texts:
        problems += [Problem(name, "no text for it") for name in names if name not in texts]
    problems += [*_other_rates(ours), *_other_rates(theirs)]
    pairs = [name for name in names if name in ours and name in theirs]
    sentences = [
        Sentence(name, "speaker", texts.get(name, ""), {"synthetic": theirs[name]}, ours[name])
        for name in pairs
    ]
    if not sentences:
        raise WrongData(
            f"no file name of {synthetic} is in {natural}",
            where=synthetic,
            remedy="give the two recordings of a sentence the same name: a.wav and a.wav",
        )
    return sentences, problems


def _other_rates(files: Mapping[str, Path]) -> list[Problem]:
    rates = {}
    for name, path in files.items():
        try:
            rates[name] = soundfile.info(path).samplerate
        except soundfile.LibsndfileError:
            continue  # `find_problems` finds what is wrong with it
    usual = Counter(rates.values()).most_common(1)[0][0] if rates else 0
    return [
        Problem(name, f"{files[name]}: sampled at {rate} Hz, the others of the folder at {usual} Hz")
        for name, rate in rates.items()
        if rate != usual
    ]
