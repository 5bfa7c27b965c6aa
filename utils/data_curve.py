"""What more recordings bring, and what more training: a recipe made with some minutes of its train split and a preset.

    utils/data_curve.py lb 2:cpu-demo 10:cpu-demo 2:cpu-hour 10:cpu-hour 0:cpu-hour      (0: all there is)

Each point is a run of its own in exp/RECIPE/curve/, from stage 1 on: its aligner, its style and its choice know nothing
but these minutes, and the same dev split. A run that is interrupted goes on, one that is done is not made again. All of
them are judged by the phone recogniser and the mean of the speaker of the recipe's own run, on its test split; so that
must be there. Prints a Markdown table of means with 95 % intervals.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from moien.corpus import program
from moien.errors import WrongCall, WrongData

if TYPE_CHECKING:
    from moien.config import Settings

SHOWN = (
    "similarity", "distillmos", "dnsmos_ovrl", "phone_error", "f0_std_semitones", "log_f0_rmse", "voicing_error",
    "duration_ratio", "mcd_db",
)  # fmt: skip


@program
@click.argument("recipe")
@click.argument("points", nargs=-1, required=True, metavar="MINUTES:PRESET…")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A setting of every run, as for run.sh."
)
def main(recipe: str, points: tuple[str, ...], overrides: tuple[str, ...]) -> None:
    """Run what has not been run, and print a row for each point."""
    from moien.config import ROOT, load_settings
    from moien.report.table import cell
    from moien.score import METRICS
    from moien.stages import BY_NAME

    wanted = [parsed(point) for point in points]
    whole = load_settings(recipe, list(overrides))
    judge = BY_NAME["score"].folder(whole) / "recogniser.safetensors"
    if not judge.is_file():
        raise WrongData("there is no recogniser to judge all of them", judge, f"./run.sh --recipe {recipe}")
    metrics = [METRICS[name] for name in SHOWN]
    lines = [f"| minutes | preset | {' | '.join(metric.heading for metric in metrics)} |",
             f"|--:|---|{'--:|' * len(metrics)}"]  # fmt: skip
    for number, (minutes, preset) in enumerate(wanted):
        work = BY_NAME["score"].folder(whole).parent / "curve" / f"{minutes}-{preset}"
        changes = [*overrides, f"data.train_minutes={minutes}", f"preset={preset}", f"system.work_dir={work}"]
        settings = load_settings(recipe, changes)
        click.echo(f"curve: {number + 1}/{len(wanted)}, {minutes} minutes, {preset}, in {work}", err=True)
        sets = [word for change in changes for word in ("--set", change)]
        command = [str(ROOT / "run.sh"), "--recipe", recipe, "--stage", "1", "--stop-stage", "7", *sets]
        if code := subprocess.run(command).returncode:
            raise WrongData(
                f"the run ended with {code}",
                where=f"{minutes}:{preset}",
                remedy="see above; what is done is kept",
            )
        rows = judged(settings, whole, judge)
        shown = [(speech_minutes(settings), preset, rows["trained"])]
        for *names, ours in shown if number else [("", "natural", rows["natural"]), *shown]:
            lines.append(
                f"| {' | '.join([*names, *(cell(metric, ours[metric.name]) for metric in metrics)])} |"
            )
    click.echo("\n".join(lines))


def parsed(point: str) -> tuple[str, str]:
    """Minutes and preset of `MINUTES:PRESET`; WrongCall for anything else."""
    minutes, colon, preset = point.partition(":")
    if not colon or not minutes.replace(".", "", 1).isdigit():
        raise WrongCall(f"{point!r} is not MINUTES:PRESET", remedy="for example 10:cpu-demo")
    return minutes, preset


def judged(settings: Settings, whole: Settings, judge: Path) -> dict[str, Any]:
    """Row → metric → estimate of the sentences that a run has spoken, by the measures of the whole recipe's run."""
    from moien.datadir import read_datadir
    from moien.score import Judges, score_sentences
    from moien.score.sentences import read_sentences
    from moien.score.similarity import speaker_centroids
    from moien.score.summary import plain, summarise
    from moien.stages import BY_NAME

    data = BY_NAME["data"].folder(whole)
    sentences = [s for s in read_sentences(BY_NAME["decode"].folder(settings), data / "test") if s.natural]
    voices = speaker_centroids(read_datadir(data / "train"), whole.score.centroid_clips)
    centroids = {sentence.id: voices[sentence.speaker] for sentence in sentences}
    scored = list(
        score_sentences(sentences, centroids, whole.system.nj, Judges(judge, language=whole.language))
    )
    return {name: plain(ours) for name, ours in summarise(scored, whole.score.resamples, whole.seed).items()}


def speech_minutes(settings: Settings) -> str:
    """The speech that a run had in train, in minutes."""
    from moien.audio import SAMPLE_RATE
    from moien.datadir import read_datadir
    from moien.stages import BY_NAME

    utterances = read_datadir(BY_NAME["data"].folder(settings) / "train")
    return f"{sum(utt.samples or 0 for utt in utterances) / SAMPLE_RATE / 60:.1f}"


if __name__ == "__main__":
    main()
