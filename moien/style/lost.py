"""Speakers of the train split whose utterances were all dropped, so that there is nothing to fit a style to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from moien.align import read_alignments
from moien.corpus.datadir import Utterance, read_datadir
from moien.errors import WrongData
from moien.features.packed import PackedFeatures
from moien.recipe.sentences import read_sentences
from moien.recipe.stages import StageRun


def drop_lost_speakers(run: StageRun, train: Mapping[str, Utterance]) -> dict[str, Utterance]:
    """`train` without the speakers that have no aligned utterance with features; their utterances count as dropped.

    Raises:
        WrongData: no speaker is left, or so few that stage 7 would fail, after hours of training.
    """
    aligned = read_alignments(run.inputs["align"] / "train.jsonl")
    features = PackedFeatures(run.inputs["features"], "train")
    left = {train[utterance].speaker for utterance in aligned if utterance in features}
    reasons = run.dropped_before()
    lost: dict[str, list[str]] = {}
    for utterance in train.values():
        if utterance.speaker not in left:
            reason = reasons.get(utterance.id, "see stages 2 to 4")
            lost.setdefault(utterance.speaker, []).append(reason)
            run.tally.drop(utterance.id, f"its speaker has no utterance left: {utterance.speaker}; {reason}")
    for speaker, why in lost.items():
        counts = ", ".join(f"{count} {reason}" for reason, count in Counter(why).most_common())
        print(f"{speaker}: all {len(why)} utterances of train were dropped, so there is no style: {counts}")
    remedy = "mend the corpus by the reasons above, and run from stage 1"
    if not left:
        raise WrongData("no speaker of train has an utterance left", where="stage embedding", remedy=remedy)
    test = [utterance.speaker in left for utterance in read_datadir(run.inputs["data"] / "test")]
    if voiceless := test.count(False):
        spoken = min(sum(test), run.settings.decode.test_sentences) + len(read_sentences(run.recipe_dir))
        if not any(test) or voiceless > run.settings.max_dropped * (spoken + voiceless):
            what = f"{voiceless} of {len(test)} utterances of test are of speakers who have no utterance left in train"
            raise WrongData(what, where="stage embedding", remedy=remedy)
    return {id: utterance for id, utterance in train.items() if utterance.speaker in left}
