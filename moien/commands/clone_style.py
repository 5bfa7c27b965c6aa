"""`moien clone-style`: a voice pack from a minute of speech, without training.

It runs stages 1 to 5 on a folder of recordings. The nearest of the base's packs is shifted by one vector, which is
fitted through the frozen model (`moien.style.fit`). No weight changes, so the pack works with the untouched base model.
The similarity to the speaker is measured on recordings that the fit has not seen.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from moien.commands.options import FOLDER, NEW_FILE, Command, recipe_option, settings_option
from moien.errors import WrongData

if TYPE_CHECKING:
    from moien.recipe.settings import Settings

READ, FIT = ("check", "data"), ("g2p", "align", "features", "embedding")  # stages
# A minute is a dozen recordings: one for dev, a few for the measurement. Every dropped recording is still named.
FEW_RECORDINGS = (
    "data.dev_prompts=[1,1]",
    "data.test_prompts=[2,8]",
    "data.test_percent=20",
    "max_dropped=0.5",
)
MEASURED = 8  # sentences


@click.command("clone-style", cls=Command)
@click.argument("recordings", type=FOLDER)
@recipe_option("lb", "The recipe that gives the language and the base model.")
@click.option("-o", "--output", type=NEW_FILE, default="voice.pt", show_default=True, help="The voice pack.")
@settings_option
def main(recordings: Path, recipe: str, output: Path, overrides: tuple[str, ...]) -> None:
    """Make a voice pack from a minute of RECORDINGS (with metadata.csv), without training.

    To make a pack for a trained voice instead of the base: --set base.source=file --set base.path=exp/lb/voice
    """
    from moien.recipe import runner

    runner.leave_at_signals()
    found = clone_style(recordings, recipe, output, overrides)
    words = (f"{name} {value:.3f}" for name, value in found.items())
    click.echo(f"similarity to the speaker: {', '.join(words)}")
    click.echo(f"{output}: a voice pack for the base model")


def clone_style(folder: Path, recipe: str, output: Path, overrides: Sequence[str]) -> dict[str, float]:
    """Write a speaker's pack `[510, 1, 256]` as `output`.

    The output of the stages is kept in a hidden folder beside `output` until the pack is written; after an
    interruption, the same call continues from there.

    Args:
        folder: `metadata.csv` and recordings, as `local/ljspeech.py` reads them.
        recipe: gives the language, its front end and the base model; its own corpus is not used.

    Returns:
        Similarity to the speaker (mean cosine, Resemblyzer) of `recordings`, the `pack` and the `nearest` of the base.

    Raises:
        WrongData: recordings that a stage refuses, or of several speakers.
    """
    from moien.corpus.datadir import read_datadir
    from moien.recipe.clean import clean
    from moien.recipe.runner import run
    from moien.recipe.settings import load_settings
    from moien.recipe.stages import BY_NAME
    from moien.recipe.written import override

    work = output.with_name(f".{output.name}.clone")
    corpus = (
        "corpus.program=local/ljspeech.py",
        "corpus.options={}",  # none of the recipe's own
        override("corpus.options.folder", str(folder.resolve())),
        "data.eval_status=[]",
    )
    sets = [*FEW_RECORDINGS, *corpus, *overrides, override("system.work_dir", str(work.resolve()))]
    settings = load_settings(recipe, sets)
    run([BY_NAME[name] for name in READ], settings, recipe, sets)
    speakers = sorted({u.speaker for u in read_datadir(BY_NAME["data"].folder(settings) / "train")})
    if len(speakers) > 1:
        raise WrongData(
            f"{len(speakers)} speakers: {', '.join(speakers)}",
            where=folder,
            remedy="a pack is for one speaker: keep only the lines of one in metadata.csv, or drop the speaker column",
        )
    run([BY_NAME[name] for name in FIT], settings, recipe, sets)
    found = measure(settings, speakers[0])
    styles = BY_NAME["embedding"].folder(settings) / "styles"
    shutil.copyfile(styles / f"{speakers[0]}.pt", output)
    clean(settings)
    if not any(work.iterdir()):
        work.rmdir()
    return found


def measure(settings: Settings, speaker: str) -> dict[str, float]:
    """Similarity to the speaker: of the test recordings, and of the same sentences with both packs."""
    import numpy as np

    from moien.align import read_alignments
    from moien.audio import SAMPLE_RATE, read_audio
    from moien.corpus.datadir import read_datadir
    from moien.kokoro.base import ensure_base, load_model, load_pack
    from moien.kokoro.speak import speak
    from moien.progress import track
    from moien.recipe.stages import BY_NAME
    from moien.score.clip import Clip
    from moien.score.metrics.similarity import similarity
    from moien.score.pair import Pair
    from moien.score.speakers import RESEMBLYZER, speaker_centroids

    data, align, embedding = (BY_NAME[name].folder(settings) for name in ("data", "align", "embedding"))
    base = ensure_base(settings.base)
    model = load_model(base.weights, base.config)
    packs = {
        "pack": load_pack(embedding / "styles" / f"{speaker}.pt"),
        "nearest": load_pack(embedding / "styles" / f"{speaker}.base.pt"),
    }
    centroids = speaker_centroids(read_datadir(data / "train"), MEASURED, encoders=[RESEMBLYZER])[speaker]
    aligned = read_alignments(align / "test.jsonl")
    found: dict[str, list[float]] = {"recordings": [], **{name: [] for name in packs}}
    tested = [utterance for utterance in read_datadir(data / "test") if utterance.id in aligned]
    for utterance in track(tested[:MEASURED], "similarity to the speaker"):
        clips = {"recordings": Clip(*read_audio(utterance.audio), name=utterance.id)}
        for name, pack in packs.items():
            audio = speak(model, aligned[utterance.id].tokens, pack, settings.seed).audio
            clips[name] = Clip(audio, SAMPLE_RATE, utterance.id)
        for name, clip in clips.items():
            found[name].append(similarity(Pair(clip, clip, centroids)))
    return {name: round(float(np.mean(values)), 3) for name, values in found.items() if values}
