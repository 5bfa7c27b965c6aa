"""The effect of a part, an amount of data or a preset: run a recipe with several settings, and score all results alike.

    tools/variants.py lb 'no critic: train.acoustic.critic=0' '2 minutes: data.train_minutes=2 preset=cpu-demo'

Each variant is a run of its own in exp/RECIPE/variants/NAME, which begins at the first stage with other settings: with
fewer minutes its aligner, its style and its choice use only these. An interrupted run continues, a finished one is not
repeated. All are scored on the recipe's test split by the recogniser and the speakers' centroids of the recipe's own
run, which must exist. Prints a Markdown table: means with 95 % intervals; ▲ is better and ▼ worse where the paired
interval of the difference from the recipe's own voice (or `--against`) does not contain zero.

With two cores, `--jobs 2 --set system.threads=1 --set system.nj=1` runs two variants at once, with a thread each.

`--spread` shows how far trainings of the same recipe lie apart: every variant trains, also where its settings give the
same voice up to rounding, and the table ends with mean and standard deviation over the trainings, the recipe's own
among them. A KEY in capitals is an environment variable of the run, e.g. `ATEN_CPU_CAPABILITY=default`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from moien.corpus.readers import program
from moien.errors import WrongCall, WrongData

if TYPE_CHECKING:
    from moien.recipe.settings import Settings
    from moien.score.scored import ScoredSentence
    from moien.score.sentences import Sentence

SHOWN = (
    "similarity",
    "dvector_similarity",
    "distillmos",
    "plcmos",
    "dnsmos_ovrl",
    "phone_error",
    "f0_std_semitones",
    "log_f0_rmse",
    "f0_correlation",
    "voicing_error",
    "duration_ratio",
    "tone_excess_db",
    "mcd_db",
)
MARKS = {"better": " ▲", "worse": " ▼", "unclear": ""}


@dataclass(frozen=True)
class Variant:
    """A name, the settings in which it differs from the recipe, and environment variables of its run."""

    name: str
    changes: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Variant:
        """Parse `NAME: KEY=VALUE KEY=VALUE`; WrongCall for anything else."""
        name, _, changes = text.partition(": ")
        words = tuple(changes.split())
        if not name or not words or any("=" not in word for word in words):
            raise WrongCall(
                f"{text!r} is not NAME: KEY=VALUE …", remedy="'no critic: train.acoustic.critic=0'"
            )
        variables = tuple(word for word in words if word.partition("=")[0].isupper())
        pairs = tuple((key, value) for key, _, value in (word.partition("=") for word in variables))
        return cls(name, tuple(word for word in words if word not in variables), pairs)

    @property
    def folder(self) -> str:
        """The name as a folder."""
        return re.sub(r"\W+", "-", self.name).strip("-")


@program
@click.argument("recipe")
@click.argument("variants", nargs=-1, required=True, metavar="'NAME: KEY=VALUE …'…")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A setting of all, as for run.sh."
)
@click.option(
    "--each", multiple=True, metavar="KEY=VALUE", help="A setting of all variants, not of the recipe's own."
)
@click.option("--jobs", default=1, show_default=True, help="Number of variants to run at once.")
@click.option(
    "--against", metavar="NAME", help="The row that all others are compared with, if not the recipe's own."
)
@click.option("--spread", is_flag=True, help="Mean and standard deviation over trainings, on all of test.")
def main(
    recipe: str,
    variants: tuple[str, ...],
    overrides: tuple[str, ...],
    each: tuple[str, ...],
    jobs: int,
    against: str | None,
    spread: bool,
) -> None:
    """Run what is not finished; print a row for the recordings, the recipe's own voice, stock and each variant."""
    from moien.recipe.settings import load_settings
    from moien.recipe.stages import BY_NAME
    from moien.recipe.written import override

    own = load_settings(recipe, list(overrides))
    score = BY_NAME["score"].folder(own)
    judge = score / "recogniser.safetensors"
    wanted, changes = [Variant.parse(text) for text in variants], {}
    for variant in wanted:
        work = override("system.work_dir", str(score.parent / "variants" / variant.folder))
        changes[variant.name] = [*overrides, *each, *variant.changes, work]
    folders = [variant.folder for variant in wanted]
    if len({*folders, own.recipe, "natural", "stock"}) < len(folders) + 3:
        raise WrongCall(
            f"the names of variants must be different: {', '.join(changes)}",
            remedy="natural, stock and the recipe's own are taken",
        )
    made = {own.recipe: own} | {name: load_settings(recipe, ours) for name, ours in changes.items()}
    if (first := against or own.recipe) not in made:
        raise WrongCall(f"--against {first!r} is not one of the rows", remedy=f"they are {', '.join(made)}")
    if not judge.is_file():
        raise WrongData("there is no recogniser to score the variants", judge, f"./run.sh --recipe {recipe}")
    for variant in wanted:
        take_over(own, made[variant.name], training=not (spread or variant.environment))
    pool = ThreadPoolExecutor(jobs)
    try:
        runs = [
            pool.submit(make, recipe, variant, changes[variant.name], quiet=jobs > 1) for variant in wanted
        ]
        for number, (name, run) in enumerate(zip(changes, runs, strict=True), start=1):
            click.echo(
                f"variants: {number}/{len(changes)}, {name}, in {made[name].system.work_dir}", err=True
            )
            run.result()
    finally:  # after a failure or Ctrl-C no other variant starts
        pool.shutdown(cancel_futures=True)
    sentences = scored(made, judge, every=spread)
    if spread:
        click.echo(spread_table(sentences, list(made)))
        click.echo("\n" + choices_table({name: BY_NAME["train"].folder(ours) for name, ours in made.items()}))
    else:
        click.echo(table(sentences, first, own.seed))


def take_over(own: Settings, variant: Settings, training: bool = True) -> None:
    """Give a variant the outputs of the recipe's first stages by hard links, and, if wanted, a copy of its training.

    The originals do not change: a stage with other settings runs again and replaces the whole folder of the variant.
    """
    from moien.recipe.stages import BY_NAME, state, work_folder

    folders = [
        [BY_NAME[name].folder(settings) for settings in (own, variant)]
        for name in ("data", "g2p", "align", "features", "embedding")
    ]
    for ours, theirs in folders:
        if not theirs.exists() and ours.exists():
            shutil.copytree(ours, theirs, copy_function=os.link)
    ours, theirs = (work_folder(BY_NAME["train"], settings) for settings in (own, variant))
    only_choice_differs = ours.name == theirs.name and state(BY_NAME["embedding"], variant).kind == "done"
    if training and only_choice_differs and ours.exists() and not theirs.exists():
        shutil.copytree(ours, theirs)


def make(recipe: str, variant: Variant, changes: Sequence[str], quiet: bool) -> None:
    """Run stages 1 to 6; `quiet` if others run at the same time: the logs have their output."""
    from moien.recipe.settings import ROOT

    sets = [word for change in changes for word in ("--set", change)]
    command = [str(ROOT / "run.sh"), "--recipe", recipe, "--stage", "1", "--stop-stage", "6", *sets]
    output, environment = subprocess.DEVNULL if quiet else None, os.environ | dict(variant.environment)
    if code := subprocess.run(command, stdout=output, env=environment).returncode:
        raise WrongData(f"the run ended with {code}", variant.name, "see above; what is done is kept")


def speak(settings: Settings, sentences: Sequence[Sentence], own: Settings) -> dict[str, Path]:
    """Speak sentences like stage 7, from text alone with the voice of a variant, if not done before: id → wav."""
    from moien.audio import SAMPLE_RATE, write_wav
    from moien.progress import track
    from moien.recipe import manifest
    from moien.recipe.stages import BY_NAME
    from moien.synth import load_voice

    train, frontend = (BY_NAME[name].folder(settings) for name in ("train", "g2p"))
    made_of = [manifest.read(train), [sentence.text for sentence in sentences], own.seed]
    folder = train.with_name("spoken") / manifest.sha256_json(made_of)[:16]
    wavs = {sentence.id: folder / f"{sentence.id}.wav" for sentence in sentences}
    missing = [sentence for sentence in sentences if not wavs[sentence.id].exists()]
    if not missing:
        return wavs
    folder.mkdir(parents=True, exist_ok=True)
    voice = load_voice(train, frontend / "frontend", settings.system.device)
    for sentence in track(missing, f"{settings.system.work_dir.name}: speaking"):
        speech = voice.speak(sentence.text, sentence.speaker, seed=own.seed)
        part = folder / f".{sentence.id}.wav"
        write_wav(part, speech.audio, SAMPLE_RATE)
        part.replace(wavs[sentence.id])  # renamed when complete, because an existing file is not spoken again
    return wavs


def scored(made: dict[str, Settings], judge: Path, every: bool = False) -> list[ScoredSentence]:
    """Test sentences, with a row for the trained voice of each run and for stock, all scored with the speakers and the
    recogniser of the first run.

    They are those that stage 7 has spoken, or with `every` all of the test split, without stock."""
    from moien.corpus.datadir import read_datadir
    from moien.recipe.stages import BY_NAME
    from moien.score.judges import Judges
    from moien.score.run import score_sentences
    from moien.score.sentences import Sentence, read_sentences
    from moien.score.speakers import speaker_centroids
    from moien.text import read_phonemes

    (name, own), *variants = made.items()
    data = BY_NAME["data"].folder(own)
    if every:
        read = read_phonemes(BY_NAME["g2p"].folder(own) / "test.jsonl")
        tested = [
            Sentence(u.id, u.speaker, u.text, {}, u.audio, read[u.id].phonemes)
            for u in read_datadir(data / "test")
            if u.id in read
        ]
        rows = {row: speak(settings, tested, own) for row, settings in made.items()}
    else:
        tested = [s for s in read_sentences(BY_NAME["decode"].folder(own), data / "test") if s.natural]
        rows = {
            row: {sentence.id: sentence.spoken[spoken] for sentence in tested}
            for row, spoken in ((name, "trained"), ("stock", "stock"))
        }
        rows |= {name: speak(settings, tested, own) for name, settings in variants}
    sentences = [
        replace(sentence, spoken={name: wavs[sentence.id] for name, wavs in rows.items()})
        for sentence in tested
    ]
    voices = speaker_centroids(read_datadir(data / "train"))
    centroids = {sentence.id: voices[sentence.speaker] for sentence in sentences}
    judges = Judges(judge, language=own.language, device=own.system.device)
    return list(score_sentences(sentences, centroids, own.system.nj, judges))


def table(sentences: Sequence[ScoredSentence], first: str, seed: int) -> str:
    """The rows in Markdown; marks are differences from the row `first`."""
    from moien.report.table import cell, judgement
    from moien.score.bootstrap import RESAMPLES
    from moien.score.metrics import METRICS
    from moien.score.summary import gains, plain, summarise

    metrics = [METRICS[name] for name in SHOWN]
    rows = {name: plain(estimates) for name, estimates in summarise(sentences, RESAMPLES, seed).items()}
    lines = [f"| | {' | '.join(metric.heading for metric in metrics)} |", f"|---|{'--:|' * len(metrics)}"]
    for name, estimates in rows.items():
        cells = [cell(metric, estimates[metric.name]) for metric in metrics]
        if name not in ("natural", first):
            differences = plain(gains(sentences, name, first, RESAMPLES, seed))
            cells = [
                text + MARKS[judgement(differences[metric.name])]
                for text, metric in zip(cells, metrics, strict=True)
            ]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join(lines)


def spread_table(sentences: Sequence[ScoredSentence], trainings: Sequence[str]) -> str:
    """Means over sentences of each training in Markdown, then mean and standard deviation over the trainings."""
    import numpy as np

    from moien.score.metrics import METRICS

    metrics = [METRICS[name] for name in SHOWN]
    means = {
        row: [np.nanmean([sentence.rows[row][metric.name] for sentence in sentences]) for metric in metrics]
        for row in ("natural", *trainings)
    }
    ours = np.array([means[row] for row in trainings])
    means |= {"**mean**": ours.mean(0), "**standard deviation**": ours.std(0, ddof=1)}
    lines = [f"| | {' | '.join(metric.heading for metric in metrics)} |", f"|---|{'--:|' * len(metrics)}"]
    for row, values in means.items():
        digits = 1 if row == "**standard deviation**" else 0  # one more: it is much smaller
        cells = (f"{value:.{metric.digits + digits}f}" for value, metric in zip(values, metrics, strict=True))
        lines.append(f"| {' | '.join([row, *cells])} |")
    return "\n".join([f"{len(trainings)} trainings, {len(sentences)} test sentences.", "", *lines])


def choices_table(trained: Mapping[str, Path]) -> str:
    """The candidates that all trainings tried, in Markdown: mean and standard deviation of each score over trainings.

    Before it, what each training chose, and which gates no candidate passed.
    """
    import numpy as np

    from moien.report.choice import in_words
    from moien.score.metrics import METRICS

    choices = {name: json.loads((folder / "choice.json").read_text()) for name, folder in trained.items()}
    lines, tried = [], []
    for name, choice in choices.items():
        rows = {(row["predictor"], row["decoder"]): row.get("scores", {}) for row in choice["candidates"]}
        lines.append(f"- {name}: {in_words(choice)}")
        tried.append(rows)
    metrics = [METRICS[name] for name in choices[name]["recorded"] if name in METRICS]
    lines += [
        "",
        f"| candidate | {' | '.join(m.heading for m in metrics)} |",
        f"|---|{'--:|' * len(metrics)}",
    ]
    for alpha in tried[0]:
        if not all(alpha in rows for rows in tried):
            continue
        cells = []
        for metric in metrics:
            values = np.array([rows[alpha].get(metric.name, np.nan) for rows in tried])
            cells.append(f"{values.mean():.{metric.digits}f} ± {values.std(ddof=1):.{metric.digits + 1}f}")
        lines.append(f"| predictor {alpha[0]:g}, decoder {alpha[1]:g} | {' | '.join(cells)} |")
    sentences = len(choices[name]["sentences"])
    title = f"Candidates of the choice, {sentences} dev sentences, mean ± standard deviation over trainings."
    return "\n".join([title, "", *lines])


if __name__ == "__main__":
    main()
