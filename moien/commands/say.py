"""`moien say`: text to a wav file with a trained voice."""

from __future__ import annotations

from pathlib import Path

import click

from moien.commands.options import NEW_FILE, SEED, Command, Number, recipe_option, settings_option
from moien.errors import WrongCall, WrongData


@click.command("say", cls=Command)
@click.argument("text")
@recipe_option("lb")
@click.option("--speaker", help="Speaker of the voice; not needed if the recipe has only one.")
@click.option("-o", "--output", type=NEW_FILE, default="out.wav", show_default=True, help="The wav file.")
@click.option("--speed", type=Number(0.5, 2.0), default=1.0, show_default=True, help="2 is twice as fast.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the vocoder's noise source.")
@settings_option
def main(
    text: str,
    recipe: str,
    speaker: str | None,
    output: Path,
    speed: float,
    seed: int,
    overrides: tuple[str, ...],
) -> None:
    """Synthesise TEXT with the voice that a recipe trained, into a wav file."""
    from moien.recipe.settings import load_settings
    from moien.recipe.stages import BY_NAME

    settings = load_settings(recipe, overrides)
    trained, frontend = BY_NAME["train"].folder(settings), BY_NAME["g2p"].folder(settings) / "frontend"
    for folder in (frontend, trained):
        if not folder.is_dir():
            remedy = f"./run.sh --recipe {recipe} --stop-stage {BY_NAME['train'].number}"
            raise WrongData("there is no voice yet", where=folder, remedy=remedy)
    from moien.audio import SAMPLE_RATE, write_wav
    from moien.kokoro.base import Base
    from moien.synth import load_voice
    from moien.threads import use_threads

    speakers = sorted(Base(trained).voices)
    if not speakers:
        raise WrongData("there is no voice in it", where=trained, remedy="run stage 6 again with --force")
    if speaker is None and len(speakers) > 1:
        raise WrongCall("the voice has several speakers", remedy=f"--speaker {' or '.join(speakers)}")
    use_threads(settings.system.threads)
    voice = load_voice(trained, frontend, settings.system.device)
    speech = voice.speak(text, speaker or speakers[0], speed, seed)
    write_wav(output, speech.audio)
    click.echo(speech.phonemes)
    click.echo(f"{output}: {len(speech.audio) / SAMPLE_RATE:.2f} s")
