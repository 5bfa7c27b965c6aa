"""Stage 1, data: the raw corpus to 24 kHz mono audio and the Kaldi data directories train, dev and test."""

from __future__ import annotations

import shutil

from moien.corpus.datadir import RECORDED, SPLITS, read_datadir, read_dropped, write_datadir
from moien.corpus.preparation import (
    SEGMENTS,
    assign_splits,
    beyond_minutes,
    count_splits,
    prepare,
    shift_segments,
)
from moien.corpus.readers import run_program
from moien.recipe.settings import ROOT
from moien.recipe.stages import StageRun, stage


@stage("data")
def main(run: StageRun) -> None:
    """Run the corpus program, which writes a data directory, then cut, level and split."""
    settings = run.settings
    raw = run.out / "raw"  # it names files of this machine, so it is removed
    run_program(ROOT / settings.corpus.program, settings.corpus.options, raw)
    for utt, reason in read_dropped(raw).items():
        run.tally.drop(utt, reason)
    recordings = read_datadir(raw)
    utterances, cuts = prepare(recordings, settings.data, run.out, run.nj, run.tally.drop)
    run.tally.keep(len(utterances))
    if utterances:  # otherwise the tally has the reasons
        splits = assign_splits(utterances, settings.data)
        if minutes := settings.data.train_minutes:  # the user wants this, so it does not count as dropped
            over = beyond_minutes((utt for utt in utterances if splits[utt.id] == "train"), minutes)
            utterances = [utt for utt in utterances if utt.id not in over]
            run.note("left_out", len(over))
            print(f"left out by data.train_minutes = {minutes:g}: {len(over)} utterances")
        for name in SPLITS:
            write_datadir(run.out / name, [utt for utt in utterances if splits[utt.id] == name])
        for utterance in recordings:  # the originals, to score the loss from 24 kHz and cutting
            if splits.get(utterance.id) == "test":
                kept = run.out / RECORDED / f"{utterance.id}{utterance.audio.suffix}"
                kept.parent.mkdir(exist_ok=True)
                shutil.copyfile(utterance.audio, kept)
        for name, row in count_splits(utterances, splits).items():
            run.note(name, row)
            print(f"{name}: {row['utterances']} utterances, {row['minutes']} min, {row['speakers']} speakers")
        run.note("room_tone_added", sum(cut.before + cut.after > 0 for cut in cuts.values()))
        run.note("reference_segments", shift_segments(raw / SEGMENTS, run.out / SEGMENTS, cuts))
    shutil.rmtree(raw)


if __name__ == "__main__":
    main()
