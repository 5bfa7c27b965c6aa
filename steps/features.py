"""Stage 4, features: F0 and energy of every aligned utterance, packed into one file per split."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from moien.align import Alignment, read_alignments
from moien.corpus.datadir import SPLITS, read_datadir
from moien.errors import WrongData
from moien.features.packed import Measured, measure_all, write_packed
from moien.recipe.stages import StageRun, stage


@stage("features")
def main(run: StageRun) -> None:
    """Measure all splits in parallel; an utterance without a voiced frame is dropped."""
    alignments = {split: read_alignments(run.inputs["align"] / f"{split}.jsonl") for split in SPLITS}
    audio = {
        split: {u.id: u.audio for u in read_datadir(run.inputs["data"] / split) if u.id in alignments[split]}
        for split in SPLITS
    }
    files = [item for split in SPLITS for item in audio[split].items()]
    measured = measure_all(files, run.settings.features, run.nj)
    for split in SPLITS:
        own = itertools.islice(measured, len(audio[split]))
        write_packed(run.out, split, _voiced(run, own, alignments[split]))


def _voiced(
    run: StageRun, measured: Iterator[Measured], alignments: dict[str, Alignment]
) -> Iterator[Measured]:
    for utterance in measured:
        frames = alignments[utterance.id].frames
        if len(utterance.f0) != 2 * frames:
            raise WrongData(
                f"the alignment has {frames} frames, the audio {len(utterance.f0) // 2}",
                where=f"utterance {utterance.id}",
                remedy="run stage 3 again: the audio has changed since",
            )
        if utterance.f0.any():
            run.tally.keep()
            yield utterance
        else:
            run.tally.drop(utterance.id, "no voiced frame found")


if __name__ == "__main__":
    main()
