"""Stage 5, embedding: speaker embeddings of all clips, and the style that each speaker starts from."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from moien.align import read_alignments
from moien.audio import read_audio
from moien.corpus.datadir import SPLITS, Utterance, read_datadir
from moien.features.packed import PackedFeatures
from moien.kokoro.base import ensure_base, load_model, load_packs
from moien.kokoro.export import save_pack
from moien.kokoro.forward import fold_weight_norm
from moien.progress import track
from moien.recipe.stages import StageRun, stage
from moien.style.embed import Speaker, SpeakerEncoder, describe_speakers, write_embeddings
from moien.style.fit import choose_evenly, choose_sentences, fit_style, pack_similarities, read_clip
from moien.style.lost import drop_lost_speakers
from moien.threads import use_threads


@stage("embedding")
def main(run: StageRun) -> None:
    """Embed all clips, list those far from their speaker, fit a style for each speaker of the train split."""
    use_threads(run.settings.system.threads)
    encoder = SpeakerEncoder(run.device)
    utterances = {split: {u.id: u for u in read_datadir(run.inputs["data"] / split)} for split in SPLITS}
    utterances["train"] = drop_lost_speakers(run, utterances["train"])
    vectors = {split: embed_split(run, encoder, split, utterances[split]) for split in SPLITS}
    speakers = describe_speakers({u.id: u.speaker for u in utterances["train"].values()}, vectors["train"])
    outliers = [f"{utt} ({o.similarity})" for s in speakers.values() for utt, o in s.outliers.items()]
    if outliers:
        print(f"{len(outliers)} clips are far from their speaker, listen to them: {', '.join(outliers[:10])}")
    run.note("outliers", len(outliers))
    facts = {name: speaker.facts() for name, speaker in speakers.items()}
    for name, found in fit_speakers(run, encoder, speakers, utterances["train"]).items():
        facts[name] |= found
    text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
    (run.out / "speakers.json").write_text(text, encoding="utf-8")


def embed_split(
    run: StageRun, encoder: SpeakerEncoder, split: str, utterances: Mapping[str, Utterance]
) -> dict[str, np.ndarray]:
    """Embed and write a split; utterance → embedding."""
    bar = track(utterances.values(), f"embeddings of {split}", total=len(utterances))
    vectors = {utterance.id: encoder.embed(*read_audio(utterance.audio)) for utterance in bar}
    run.tally.keep(len(vectors))
    write_embeddings(run.out, split, vectors)
    return vectors


def fit_speakers(
    run: StageRun,
    encoder: SpeakerEncoder,
    speakers: Mapping[str, Speaker],
    utterances: Mapping[str, Utterance],
) -> dict[str, dict[str, object]]:
    """Write the packs of every speaker; speaker → nearest pack, similarity to each, losses of the fit."""
    settings, seed = run.settings.embedding, run.settings.seed
    base = ensure_base(run.settings.base)
    model, packs = fold_weight_norm(load_model(base.weights, base.config)).to(run.device), load_packs(base)
    alignments = read_alignments(run.inputs["align"] / "train.jsonl")
    sentences = choose_sentences(alignments.values(), settings)
    centroids = {name: speaker.centroid for name, speaker in speakers.items()}
    similarities = pack_similarities(model, packs, sentences, centroids, encoder, seed)
    features = PackedFeatures(run.inputs["features"], "train")
    (run.out / "styles").mkdir()
    found: dict[str, dict[str, object]] = {}
    for name, similarity in similarities.items():
        nearest = max(similarity, key=lambda pack: similarity[pack])
        own = [a for u, a in alignments.items() if u in features and utterances[u].speaker == name]
        chosen = choose_evenly(own, settings.clips, settings.crop_frames)
        clips = [read_clip(a, features, utterances[a.id].audio) for a in chosen]
        pack, losses = fit_style(model, packs[nearest], clips, settings, seed)
        save_pack(pack, run.out / "styles" / f"{name}.pt")
        save_pack(packs[nearest], run.out / "styles" / f"{name}.base.pt")
        found[name] = {"nearest_pack": nearest, "similarity": similarity, "fit": losses}
        print(f"{name}: nearest {nearest} ({similarity[nearest]}), {losses}", flush=True)
    return found


if __name__ == "__main__":
    main()
