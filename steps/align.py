"""Stage 3, align: a GMM-HMM trained on the corpus finds the phones; from them frames for every token.

All splits are aligned together: this judges no voice, and more speech makes better boundaries.
"""

from __future__ import annotations

import json
import shutil

import numpy as np

from moien.align import Alignment, hmm, write_alignments
from moien.align.compare import compare, read_segments
from moien.align.confidence import Fit, fits, outliers
from moien.align.hmm import PhoneTime
from moien.align.item import Item, read_items
from moien.align.plot import plot_alignment
from moien.align.shift import Clip, Speaker, best_shift, shift_scores
from moien.align.textgrid import write_textgrid
from moien.align.timing import MAX_FRAMES, token_boundaries, whole_frames
from moien.datadir import SPLITS
from moien.features.packed import measure
from moien.kokoro.base import ensure_base
from moien.progress import track
from moien.stages import StageRun, stage

Phones = dict[str, list[PhoneTime]]
REFERENCE = "reference_segments.jsonl"


@stage("align")
def main(run: StageRun) -> None:
    """Phones in seconds; who fits the text; the model's own timing; and what people look at."""
    items = read_items(run.inputs["data"], run.inputs["g2p"])
    phones, fit = _acoustic(run, items)
    speaker = Speaker(ensure_base(run.settings.base), run.device)
    boundaries = {
        u: token_boundaries(items[u].units, phones[u], speaker.durations(items[u].tokens), items[u].frames)
        for u in track(phones, "the base's own durations")
    }
    shift = run.settings.align.shift_frames
    if shift == "auto":
        shift = _find_shift(
            run, speaker, [(items[u], boundaries[u]) for u in sorted(fit, key=lambda u: -fit[u].confidence)]
        )
    run.note("shift_frames", shift)
    kept: dict[str, Alignment] = {}
    for u in boundaries:
        durations = [int(d) for d in whole_frames(boundaries[u], shift)]
        if max(durations) > MAX_FRAMES:
            run.tally.drop(u, f"a token over {MAX_FRAMES} frames: {max(durations)}")
        else:
            run.tally.keep()
            tokens, confidence = tuple(items[u].tokens), round(fit[u].confidence, 4)
            kept[u] = Alignment(u, tokens, tuple(durations), sum(durations), confidence, shift)
    for split in SPLITS:
        write_alignments(run.out / f"{split}.jsonl", [a for u, a in kept.items() if items[u].split == split])
    _show(run, items, phones, kept)


def _acoustic(run: StageRun, items: dict[str, Item]) -> tuple[Phones, dict[str, Fit]]:
    """Align, compare with reference segments where the corpus has them, drop what does not fit its text."""
    work = run.out / "viter"
    phones = hmm.align(items, work, run.settings.seed, run.nj)
    shutil.rmtree(work)
    reference = run.inputs["data"] / REFERENCE
    if reference.is_file():
        agreement = compare(phones, read_segments(reference), {u: item.seconds for u, item in items.items()})
        print(f"reference segments: {agreement}", flush=True)
        run.note("within_20_ms", round(agreement.within, 4))
        run.note("median_ms", round(agreement.median_ms, 2))
    for u in items.keys() - phones:
        run.tally.drop(u, "the text cannot be found in the audio")
    fit = fits({u: items[u].utterance.audio for u in phones}, phones)
    for u, why in outliers(fit, run.settings.align.outlier_sigmas).items():
        run.tally.drop(u, why)
        del phones[u], fit[u]
    return phones, fit


def _find_shift(run: StageRun, speaker: Speaker, ranked: list[tuple[Item, np.ndarray]]) -> int:
    """Ask the base with the training utterances that fit best, and record what it said."""
    best = [pair for pair in ranked if pair[0].split == "train"][: run.settings.align.shift_clips]
    clips = [Clip(i.tokens, bounds, *measure(i.read(), run.settings.features)) for i, bounds in best]
    scores = shift_scores(speaker, clips, run.settings.seed)
    shift = best_shift(scores)
    curve = [
        {"shift_frames": k, "distillmos": round(float(np.mean(v)), 4), "clips": v} for k, v in scores.items()
    ]
    found = {"shift_frames": shift, "curve": curve, "utterances": [item.id for item, _ in best]}
    (run.out / "shift.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(
        "shift:", ", ".join(f"{row['shift_frames']}: {row['distillmos']:.2f}" for row in curve), f"→ {shift}"
    )
    return shift


def _show(run: StageRun, items: dict[str, Item], phones: Phones, kept: dict[str, Alignment]) -> None:
    """TextGrids of all, pictures of the worst, and the list of what was dropped."""
    for folder in ("textgrid", "plots"):
        (run.out / folder).mkdir()
    for u, found in phones.items():
        write_textgrid(
            run.out / "textgrid" / f"{u}.TextGrid", items[u].said, items[u].units, found, items[u].seconds
        )
    for u in sorted(kept, key=lambda u: kept[u].confidence)[: run.settings.align.plots]:
        symbols = ["^", *items[u].said.phonemes, "$"]
        plot_alignment(run.out / "plots" / f"{u}.png", items[u].read(), kept[u], symbols, phones[u])
    lines = [f"{u}\t{why}\t{items[u].said.text}\n" for u, why in sorted(run.tally.dropped.items())]
    (run.out / "dropped.tsv").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
