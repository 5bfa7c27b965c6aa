"""Stage 3, align: a GMM-HMM trained on the corpus finds the phones; these give the frames of every token."""

from __future__ import annotations

import json

from moien.align import Alignment, hmm, write_alignments
from moien.align.belong import refuse_lengths, refuse_sounds
from moien.align.compare import compare, read_segments
from moien.align.confidence import Fit, fits, outliers
from moien.align.item import Item, read_items
from moien.align.plot import PLOTS, plot_alignment
from moien.align.shift import AverageVoice, choose_clips, find_shift
from moien.align.textgrid import write_textgrid
from moien.align.timing import align_tokens, token_boundaries
from moien.align.true_pauses import keep_true_pauses
from moien.corpus.datadir import SPLITS
from moien.errors import WrongData
from moien.kokoro.base import ensure_base
from moien.progress import track
from moien.recipe.stages import StageRun, stage
from moien.threads import use_threads


@stage("align")
def main(run: StageRun) -> None:
    """Find phones, outliers, and the model's own timing; write alignments, and pictures to look at."""
    use_threads(run.settings.system.threads)
    settings, items = run.settings.align, read_items(run.inputs["data"], run.inputs["g2p"])
    phones, fit = _acoustic(run, items)
    voice = AverageVoice(ensure_base(run.settings.base), run.device)
    boundaries = {
        u: token_boundaries(items[u].units, phones[u], voice.durations(items[u].tokens), items[u].frames)
        for u in track(phones, "the base's own durations")
    }
    shift = settings.shift_frames
    if shift == "auto":
        clips = choose_clips(items, boundaries, fit)
        shift, found = find_shift(voice, clips, run.settings.seed)
        print(f"the base sounds {found['delay_ms']} ms before its frames: {shift} frames", flush=True)
        (run.out / "shift.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    run.note("shift_frames", shift)
    kept: dict[str, Alignment] = {}
    for u, times in boundaries.items():
        try:
            kept[u] = align_tokens(u, items[u].tokens, times, shift, fit[u].confidence)
            run.tally.keep()
        except WrongData as error:
            run.tally.drop(u, error.message)
    _write(run, items, phones, kept)


def _acoustic(run: StageRun, items: dict[str, Item]) -> tuple[hmm.Phones, dict[str, Fit]]:
    """Align, compare with reference segments where the corpus has them, drop what does not fit its text."""
    if run.settings.max_dropped < 1:
        refuse_lengths(items)
    found = hmm.align(items, run.out / "viter", run.settings.seed)
    for u in items.keys() - found:
        run.tally.drop(u, "the text cannot be found in the audio")
    phones = {u: keep_true_pauses(times, items[u].read()) for u, times in found.items()}
    if run.settings.max_dropped < 1:
        refuse_sounds(items, phones)
    reference = run.inputs["data"] / "reference_segments.jsonl"
    if reference.is_file():
        agreement = compare(phones, read_segments(reference), {u: item.seconds for u, item in items.items()})
        run.note("reference_segments", str(agreement))
        print(agreement, flush=True)
    fit = fits({u: items[u].utterance.audio for u in found}, found)
    for u, reason in outliers(fit, run.settings.align.outlier_sigmas).items():
        run.tally.drop(u, reason)
        del phones[u], fit[u]
    return phones, fit


def _write(run: StageRun, items: dict[str, Item], phones: hmm.Phones, kept: dict[str, Alignment]) -> None:
    """Alignments, TextGrids of all, pictures of the worst, and the list of what was dropped."""
    for split in SPLITS:
        write_alignments(run.out / f"{split}.jsonl", [a for u, a in kept.items() if items[u].split == split])
    (run.out / "textgrid").mkdir()
    (run.out / "plots").mkdir()
    for u, times in phones.items():
        write_textgrid(run.out / "textgrid" / f"{u}.TextGrid", items[u], times)
    for u in sorted(kept, key=lambda u: kept[u].confidence)[:PLOTS]:
        plot_alignment(run.out / "plots" / f"{u}.png", items[u], kept[u], phones[u])
    lines = [f"{u}\t{reason}\t{items[u].phonemes.text}\n" for u, reason in sorted(run.tally.dropped.items())]
    (run.out / "dropped.tsv").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
