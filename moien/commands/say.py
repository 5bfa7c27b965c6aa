"""`moien say`: text to an audio file with a trained voice."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from moien.commands.options import (
    FOLDER,
    NEW_FILE,
    SEED,
    TEXT_FILE,
    Command,
    Number,
    recipe_option,
    settings_option,
)
from moien.errors import WrongCall, WrongData

if TYPE_CHECKING:
    from moien.synth import Synthesiser


@click.command("say", cls=Command)
@click.argument("text", required=False)
@click.option(
    "--file", type=TEXT_FILE, help="Speak this file (UTF-8) instead of TEXT; - is the standard input."
)
@recipe_option("lb")
@click.option("--voice", type=FOLDER, help="A folder that stage 9 wrote, instead of a recipe.")
@click.option(
    "--engine",
    type=click.Choice(["onnx", "torch"]),
    help="onnx does without torch and needs stage 9. The default is onnx where its voice is up to date, else torch.",
)
@click.option("--speaker", help="Speaker of the voice; not needed if it has only one.")
@click.option(
    "-o",
    "--output",
    type=NEW_FILE,
    default="out.wav",
    show_default=True,
    help="The file: .wav, .flac, .mp3, .ogg or .opus.",
)
@click.option("--speed", type=Number(0.5, 2.0), default=1.0, show_default=True, help="2 is twice as fast.")
@click.option(
    "--seed", type=SEED, help="Seed of the vocoder's noise, only with --engine torch; by default 0."
)
@settings_option
def main(
    text: str | None,
    file: BinaryIO | None,
    recipe: str,
    voice: Path | None,
    engine: str | None,
    speaker: str | None,
    output: Path,
    speed: float,
    seed: int | None,
    overrides: tuple[str, ...],
) -> None:
    """Synthesise TEXT with a trained voice into an audio file."""
    from moien.audio import SAMPLE_RATE, check_format, write_audio

    check_format(output)
    if (text is None) == (file is None):
        raise WrongCall("give either TEXT or --file")
    if seed is not None and engine != "torch":
        raise WrongCall("--seed has an effect only with --engine torch")
    words = text if text is not None else _read(file)
    synthesiser = _of_recipe(recipe, engine, overrides) if voice is None else _of_folder(voice, engine, 2)
    if speaker is None and len(synthesiser.speakers) > 1:
        raise WrongCall(
            "the voice has several speakers", remedy=f"--speaker {' or '.join(synthesiser.speakers)}"
        )
    speech = synthesiser.speak(words, speaker or synthesiser.speakers[0], speed, seed or 0)
    write_audio(output, speech.audio)
    click.echo(speech.phonemes)
    click.echo(f"{output}: {len(speech.audio) / SAMPLE_RATE:.2f} s")


def _read(file: BinaryIO | None) -> str:
    name = getattr(file, "name", "--file")
    try:
        return (file or sys.stdin.buffer).read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongData(f"this is not UTF-8: {error.reason} at byte {error.start}", where=name) from None


def _of_recipe(recipe: str, engine: str | None, overrides: tuple[str, ...]) -> Synthesiser:
    """The voice of stage 9 where it is that of stage 6, else that of stage 6 by torch."""
    from moien.recipe.settings import load_settings
    from moien.recipe.stages import BY_NAME, state

    settings = load_settings(recipe, overrides)
    packed, trained = BY_NAME["pack"].folder(settings), BY_NAME["train"].folder(settings)
    if engine != "torch":
        exported = state(BY_NAME["pack"], settings)
        if exported.kind == "done" and (packed / "onnx").is_dir():
            return _of_folder(packed, "onnx", settings.system.threads)
        if engine == "onnx":
            why = f": {exported.why}" if exported.why else ""
            remedy = f"./run.sh --recipe {recipe} --stop-stage {BY_NAME['pack'].number}, or --engine torch"
            raise WrongData(
                f"there is no exported voice that is up to date{why}", where=packed, remedy=remedy
            )
    frontend = BY_NAME["g2p"].folder(settings) / "frontend"
    for folder in (frontend, trained):
        if not folder.is_dir():
            remedy = f"./run.sh --recipe {recipe} --stop-stage {BY_NAME['train'].number}"
            raise WrongData("there is no voice yet", where=folder, remedy=remedy)
    return _by_torch(trained, frontend, settings.system.threads, settings.system.device)


def _of_folder(voice: Path, engine: str | None, threads: int) -> Synthesiser:
    if engine == "torch" or (engine is None and not (voice / "onnx").is_dir()):
        return _by_torch(voice, voice / "frontend", threads, "cpu")
    from moien.synth import open_voice

    return open_voice(voice, threads)


def _by_torch(folder: Path, frontend: Path, threads: int, device: str) -> Synthesiser:
    from moien.synth import load_voice
    from moien.threads import use_threads

    use_threads(threads)
    synthesiser = load_voice(folder, frontend, device)
    if not synthesiser.speakers:
        raise WrongData("there is no voice in it", where=folder, remedy="run stage 6 again with --force")
    return synthesiser
