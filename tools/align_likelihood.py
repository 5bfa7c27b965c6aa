"""Log-likelihood per frame of the audio, given the phones: it compares the transcriptions of front ends.

    tools/align_likelihood.py data/lb before/textgrid dump/lb/align/textgrid

Each folder holds TextGrids of stage 3. A Gaussian for each phone, with one covariance for all, is fitted to mel cepstra
of every other utterance and scored on the rest, so more phones are no advantage for a transcription. Only
utterances that are in all folders count.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from moien.align.confidence import cepstra, frame_classes
from moien.align.hmm import PhoneTime
from moien.align.lda import splice
from moien.align.textgrid import read_phones
from moien.audio import read_audio
from moien.corpus.readers import program
from moien.errors import WrongData

Frames = dict[str, np.ndarray]


def likelihood(phones: dict[str, list[PhoneTime]], frames: Frames) -> tuple[float, int]:
    """Mean log-likelihood of a held-out frame in nats, and the number of different phones."""
    labels = sorted({phone.label for sequence in phones.values() for phone in sequence})
    numbers = {label: number for number, label in enumerate(labels)}
    classes = {u: frame_classes(phones[u], numbers, len(frames[u])) for u in frames}
    names = sorted(frames)
    seen, unseen = names[::2], names[1::2]
    x, c = np.concatenate([frames[u] for u in seen]), np.concatenate([classes[u] for u in seen])
    count = np.bincount(c, minlength=len(labels) + 1)
    sums = np.zeros((len(count), x.shape[1]))
    np.add.at(sums, c, x)
    # a phone that is only in the other half has the mean of all sounds
    means = np.where(count[:, None] > 0, sums / np.maximum(count, 1)[:, None], x.mean(axis=0))
    rest = x - means[c]
    covariance = rest.T @ rest / len(x)
    lower = np.linalg.cholesky(covariance)
    constant = -0.5 * x.shape[1] * np.log(2 * np.pi) - np.log(np.diag(lower)).sum()
    y = np.concatenate([frames[u] - means[classes[u]] for u in unseen])
    return float(constant - 0.5 * (np.linalg.solve(lower, y.T) ** 2).sum(axis=0).mean()), len(labels)


@program
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument(
    "folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
def main(data: Path, folders: tuple[Path, ...]) -> None:
    """Print a line per folder."""
    found = [{path.stem: path for path in folder.glob("*.TextGrid")} for folder in folders]
    common = sorted(set.intersection(*(set(grids) for grids in found)))
    if len(common) < 2:
        raise WrongData(f"{len(common)} utterances are in all folders", where=", ".join(map(str, folders)))
    frames = {u: splice(cepstra(read_audio(data / "wav" / f"{u}.wav")[0])).astype(np.float64) for u in common}
    for folder, grids in zip(folders, found, strict=True):
        value, count = likelihood({u: read_phones(grids[u]) for u in common}, frames)
        print(f"{folder}: {value:.3f} nats per frame, {count} phones, {len(common)} utterances")


if __name__ == "__main__":
    main()
