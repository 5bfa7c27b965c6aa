"""A voice pack from a minute of speech, without training: stages 1 to 5 on a folder of recordings.

The nearest of the base's packs is moved by one vector, fitted through the frozen model (`moien.style.fit`); no weight
changes, so the pack speaks whatever the base speaks, as the base does. How much it is like the speaker is measured on
recordings that the fit has not seen.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from moien.corpus.datadir import read_datadir
from moien.errors import WrongData
from moien.recipe.runner import run
from moien.recipe.settings import Settings, load_settings
from moien.recipe.stages import BY_NAME

READ, FIT = ("check", "data"), ("g2p", "align", "features", "embedding")  # stages
# A minute is a dozen recordings: one for dev, a few to measure with; each that is dropped is named all the same.
# Their timing is not searched for: every corpus so far has the same (2 frames), and so few tell it badly.
OF_SO_FEW = (
    *("data.dev_prompts=[1,1]", "data.test_prompts=[2,8]", "data.test_percent=20"),
    *("max_dropped=0.5", "align.shift_frames=2"),
)
MEASURED = 8  # sentences


def clone_style(folder: Path, recipe: str, output: Path, overrides: Sequence[str]) -> dict[str, float]:
    """Write a speaker's pack `[510, 1, 256]` as `output`.

    What the stages write lies beside it until it is there; interrupted, the same call goes on.

    Args:
        folder: `metadata.csv` and recordings, as `local/ljspeech.py` reads them.
        recipe: says the language, its front end and the base model; its own corpus plays no part.

    Returns:
        Similarity to the speaker (mean cosine, Resemblyzer) of `recordings`, the `pack` and the `nearest` of the base.

    Raises:
        WrongData: recordings that a stage refuses, or of several speakers.
    """
    work = output.with_name(f".{output.name}.clone")
    corpus = ("corpus.program=local/ljspeech.py", f"corpus.options={{folder: {str(folder.resolve())!r}}}")
    sets = [*OF_SO_FEW, *corpus, "data.eval_status=[]", *overrides, f"system.work_dir={work.resolve()}"]
    settings = load_settings(recipe, sets)
    run([BY_NAME[name] for name in READ], settings, recipe, sets)
    speakers = sorted({u.speaker for u in read_datadir(BY_NAME["data"].folder(settings) / "train")})
    if len(speakers) > 1:
        raise WrongData(
            f"{len(speakers)} speakers: {', '.join(speakers)}",
            where=folder,
            remedy="a pack is of one: leave the column of speakers out, or name the others' lines elsewhere",
        )
    run([BY_NAME[name] for name in FIT], settings, recipe, sets)
    found = measure(settings, speakers[0])
    styles = BY_NAME["embedding"].folder(settings) / "styles"
    shutil.copyfile(styles / f"{speakers[0]}.pt", output)
    shutil.rmtree(work)
    return found


def measure(settings: Settings, speaker: str) -> dict[str, float]:
    """Similarity to the speaker of the recordings of test, and of the same sentences by both packs."""
    import numpy as np

    from moien.align import read_alignments
    from moien.audio import SAMPLE_RATE, read_audio
    from moien.kokoro.base import ensure_base, load_model, load_pack
    from moien.kokoro.speak import speak
    from moien.progress import track
    from moien.score.clip import Clip
    from moien.score.similarity import embed, speaker_centroids

    data, align, embedding = (BY_NAME[name].folder(settings) for name in ("data", "align", "embedding"))
    base = ensure_base(settings.base)
    model = load_model(base.weights, base.config)
    packs = {
        "pack": load_pack(embedding / "styles" / f"{speaker}.pt"),
        "nearest": load_pack(embedding / "styles" / f"{speaker}.base.pt"),
    }
    centroid = speaker_centroids(read_datadir(data / "train"), MEASURED)[speaker]
    aligned = read_alignments(align / "test.jsonl")
    found: dict[str, list[float]] = {"recordings": [], **{name: [] for name in packs}}
    tested = [utterance for utterance in read_datadir(data / "test") if utterance.id in aligned]
    for utterance in track(tested[:MEASURED], "how like the speaker it is"):
        clips = {"recordings": Clip(*read_audio(utterance.audio), name=utterance.id)}
        for name, pack in packs.items():
            audio = speak(model, aligned[utterance.id].tokens, pack, settings.seed).audio
            clips[name] = Clip(audio, SAMPLE_RATE, utterance.id)
        for name, clip in clips.items():
            found[name].append(float(embed(clip) @ centroid))
    return {name: round(float(np.mean(values)), 3) for name, values in found.items() if values}
